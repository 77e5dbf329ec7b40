"""Checks of tables and values: what each refuses, and in which words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stook import checks
from stook.errors import InputError

TABLE = pa.table(
    {"id": [1, 2, 2, None, None], "amount": [0.0, -5.0, 100.0, None, float("nan")], "who": list("abcde")}
)


def said(check: checks.Check, data: object) -> str:
    """Return the words of the only failure; empty where all is well."""
    failures = checks.apply([check], data)
    return failures[0].message if failures else ""


def rejected(check: checks.Check, data: object) -> list[int]:
    """Return the numbers of the rows that a check refuses."""
    failures = checks.apply([check], data)
    return failures[0].offending["row"].to_pylist() if failures else []


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (checks.columns("id", "who"), ""),
        (checks.columns("id", "amuont"), "there is no column amuont; there is amount"),
        (checks.columns("id", "who", exact=True), "there should be no column amount"),
        (checks.types(id="int64", amount="double", who="text"), ""),
        (checks.types({"id": "string"}, who="str"), "id is int64, not string"),
        (checks.no_nulls("who"), ""),
        (checks.no_nulls(), "amount, id are missing in 2 of 5 rows, such as row 3"),
        (checks.between("amount", -5), "amount is below -5 in 1 of 5 rows, such as row 4: nan"),
        (checks.between("amount", 0, 100), "amount is outside 0…100 in 2 of 5 rows, such as row 1: -5.0"),
        (checks.between("who", 1, 2), "who is string, which 1 is not to be compared with"),
        (checks.one_of("who", ["a", "b", "c", "d", "e"]), ""),
        (checks.one_of("id", [1, "2"]), "id is none of 1, '2' in 2 of 5 rows, such as row 1: 2"),
        (checks.matches("who", "[a-d]"), "who does not match '[a-d]' in 1 of 5 rows, such as row 4: 'e'"),
        (checks.matches("id", "1"), "id is int64, which is no text to match '1'"),
        (checks.unique("who", "id"), ""),
        (checks.unique("id"), "id is not unique in 2 of 5 rows, such as rows 1 and 2: 2"),
        (checks.rows(min=5, max=5), ""),
        (checks.rows(min=1_000), "there are 5 rows, fewer than 1,000"),
        (checks.rows(max=4), "there are 5 rows, more than 4"),
        (checks.satisfies(lambda table: table.num_rows == 5, "five"), ""),
        (checks.satisfies(lambda table: False, "it is so"), "not so: it is so"),
        (
            checks.satisfies(lambda table: [True, True, False, None, True], "good"),
            "not so: good, in 1 of 5 rows, such as row 2",
        ),
    ],
    ids=repr,
)
def test_each_check_says_what_is_wrong(check: checks.Check, words: str) -> None:
    """A failure names the column, what it should be, how many rows are not, and the first of them with its value."""
    assert said(check, TABLE) == words


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_of_all_libraries_are_checked_alike(library: Any) -> None:
    """The same rows are refused whichever library has them, and offending rows are whole rows with their numbers."""
    frame = library({"day": ["mon", "tue", None], "n": [1, 200, 3]})
    (failure,) = checks.apply([checks.between("n", 0, 100)], frame)
    assert (failure.rows, failure.offending.to_pylist()) == (1, [{"row": 1, "day": "tue", "n": 200}])
    assert rejected(checks.no_nulls("day"), frame) == [2]
    assert rejected(checks.matches("day", "m.n"), frame) == [1]
    assert said(checks.types(day="text", n="integer"), frame) == ""


def test_what_is_missing_passes_all_but_no_nulls() -> None:
    """Nulls, and NaN of pandas, are refused by no_nulls alone; elsewhere NaN is a number that is in no range."""
    frame = pd.DataFrame({"x": [1.0, np.nan]})
    passing = [checks.between("x", 0, 1), checks.one_of("x", [1]), checks.unique("x")]
    assert checks.apply(passing, frame) == ()
    assert rejected(checks.no_nulls("x"), frame) == [1]
    assert rejected(checks.between("x", 0, 1), pl.DataFrame({"x": [1.0, float("nan"), None]})) == [1]


def test_categories_are_checked_by_their_values() -> None:
    """A categorical column is text to a check of texts, and its values are compared."""
    frame = pd.DataFrame({"who": pd.Categorical(["ann", "bob"])})
    assert rejected(checks.one_of("who", {"ann"}), frame) == [1]
    assert rejected(checks.matches("who", "a.*"), frame) == [1]
    assert said(checks.types(who="category"), frame) == said(checks.types(who="text"), frame) == ""
    assert said(checks.types(who="string"), frame).endswith("not string")


@pytest.mark.parametrize(
    ("values", "low", "high", "wrong"),
    [
        (pa.array([1, 2**62 + 1, None]), None, 2.0**62, [1]),
        (pa.array([-128, 127], pa.int8()), -1000, 1000, []),
        (pa.array([0, 2**64 - 1], pa.uint64()), -1, float("inf"), []),
        (pa.array([1, 2, 3]), 1.5, 2.5, [0, 2]),
        (pa.array([0.1, 0.2], pa.float32()), 0.1, 0.1, [1]),
        (pa.array([1.0, 3.0], pa.float16()), 0, 2, [1]),
        (pa.array([Decimal("1.10"), Decimal("9.99")]), Decimal("1.1"), 9.98, [1]),
        (pa.array([date(2026, 1, 1), date(2026, 2, 1)]), "2026-01-01", "2026-01-31", [1]),
        (pa.array([datetime(2026, 1, 31, 23, 59), datetime(2026, 2, 1)]), None, date(2026, 1, 31), [1]),
        (
            pa.array([datetime(2026, 1, 31), datetime(2026, 2, 2)]),
            "2026-01-31T00:00",
            datetime(2026, 2, 1),
            [1],
        ),
        (
            pa.array([datetime(2026, 1, 31, 22, tzinfo=UTC), datetime(2026, 1, 31, 23, tzinfo=UTC)]).cast(
                pa.timestamp("us", "Europe/Paris")
            ),
            None,
            "2026-01-31",
            [1],
        ),
        (pa.array(["a", "b"], pa.string_view()), "a", "a", [1]),
        (pa.array([1, 2]), -(10**400), 10**400, []),
        (pa.array([1, 2]), np.int64(2), None, [0]),
    ],
)
def test_bounds_are_exact_across_types(values: Any, low: Any, high: Any, wrong: list[int]) -> None:
    """Bounds of another type than the column's are neither rounded nor overflow; a date is a whole local day."""
    assert rejected(checks.between("x", low, high), pa.table({"x": values})) == wrong


def test_a_time_zone_is_not_guessed() -> None:
    """A bound without a zone is not compared with times that have one."""
    table = pa.table({"at": pa.array([datetime(2026, 1, 1, tzinfo=UTC)])})
    assert "has a time zone" in said(checks.between("at", datetime(2026, 1, 1)), table)


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        (pa.int64(), ["int64", "Int64", "integer", "number", " INT "]),
        (pa.uint8(), ["uint8", "UInt8", "integer"]),
        (pa.float64(), ["float64", "double", "Float64", "number"]),
        (
            pa.decimal128(10, 2),
            ["decimal", "decimal128(10, 2)", "Decimal(10, 2)", "Decimal(precision=10, scale=2)"],
        ),
        (pa.large_string(), ["string", "str", "Utf8", "large_string", "text"]),
        (pa.bool_(), ["bool", "boolean", "Boolean"]),
        (pa.date32(), ["date", "date32[day]", "Date", "time"]),
        (pa.timestamp("ns"), ["datetime64[ns]", "timestamp[ns]", "datetime", "time", "Datetime('ns')"]),
        (
            pa.timestamp("us", "UTC"),
            ["datetime64[us, UTC]", "timestamp[us, tz=UTC]", "Datetime(time_unit='us', time_zone='UTC')"],
        ),
        (pa.duration("ms"), ["timedelta64[ms]", "duration[ms]", "Duration('ms')"]),
        (pa.list_(pa.int8()), ["list"]),
    ],
    ids=str,
)
def test_types_are_spelled_as_each_library_does(kind: Any, spellings: list[str]) -> None:
    """Arrow's, pandas' and polars' names of a type, and its family, all stand for it."""
    table = pa.table({"x": pa.array([], kind)})
    assert [word for word in spellings if said(checks.types(x=word), table)] == []


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        (pa.timestamp("us"), "timestamp[us, tz=UTC]"),
        (pa.timestamp("us", "UTC"), "timestamp[us]"),
        (pa.timestamp("us"), "datetime64[ns]"),
        (pa.int32(), "int64"),
        (pa.int32(), "uint32"),
        (pa.bool_(), "number"),
        (pa.binary(), "text"),
        (pa.decimal128(10, 2), "decimal(10, 3)"),
    ],
    ids=str,
)
def test_types_that_differ_are_told_apart(kind: Any, other: str) -> None:
    """Unit, zone, width and sign are part of a type that names them."""
    assert said(checks.types(x=other), pa.table({"x": pa.array([], kind)})).endswith(f"not {other}")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (partial(checks.types, a="integr"), "a is to be of type 'integr', which is none"),
        (partial(checks.types, a=int), "which is none"),
        (partial(checks.types), "types names no column"),
        (partial(checks.columns), "columns names no column"),
        (partial(checks.columns, ["a"]), "which names no column"),
        (partial(checks.between, "a"), "has no bound"),
        (partial(checks.between, "a", 2, 1), "nothing is between 2 and 1"),
        (partial(checks.between, "a", 1, "b"), "not to be compared"),
        (partial(checks.between, "a", float("nan")), "nan is no bound"),
        (partial(checks.between, "a", Decimal("sNaN"), 1), "sNaN is no bound"),
        (partial(checks.between, "a", [1]), "[1] is no bound"),
        (partial(checks.one_of, "a", []), "allows no value"),
        (partial(checks.one_of, "a", 3), "is given 3, which is no list"),
        (partial(checks.types, "int"), "is given 'int', which names no columns"),
        (partial(checks.rows, min=1, item=3), "item=3 names no item"),
        (partial(checks.one_of, "a", "xy"), "is given one text"),
        (partial(checks.matches, "a", "("), "is no regular expression"),
        (partial(checks.rows), "bounds no number of rows"),
        (partial(checks.rows, min=3, max=2), "bounds no number of rows"),
        (partial(checks.rows, min=-1), "bounds no number of rows"),
        (partial(checks.satisfies, "x", "says"), "cannot be called"),
        (partial(checks.satisfies, len, " "), "does not say what holds"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_check_that_makes_no_sense_is_refused_at_once(make: Any, words: str) -> None:
    """Mistakes in a check are found where it is written, before there is any data."""
    with pytest.raises(InputError) as raised:
        make()
    assert words in raised.value.message
    assert (raised.value.kind, bool(raised.value.hint)) == ("bad-check", True)


def test_the_repr_of_a_check_is_what_was_typed() -> None:
    """It is the same in each process, so that it may count, and reads as the code that made it."""
    made = [
        checks.columns("a", exact=True),
        checks.types(a="int64"),
        checks.no_nulls(),
        checks.between("a", 0, item="t"),
        checks.one_of("a", {"b", "a"}),
        checks.matches("a", "x+"),
        checks.unique("a", "b"),
        checks.rows(min=1),
        checks.satisfies(said, "fine"),
    ]
    assert [repr(check) for check in made] == [
        "columns('a', exact=True)",
        "types({'a': 'int64'})",
        "no_nulls()",
        "between('a', 0, None, item='t')",
        "one_of('a', ['a', 'b'])",
        "matches('a', 'x+')",
        "unique('a', 'b')",
        "rows(min=1)",
        "satisfies(said, 'fine')",
    ]
    assert checks.between("a", 0) == checks.between("a", 0) != checks.between("a", 1)
    assert len({*made, *made}) == len(made)


def test_writing_checks_down_loads_nothing() -> None:
    """A pipeline that names checks does not load Arrow until one is applied."""
    script = (
        "import sys, stook; stook.checks.between('a', 0); stook.checks.types(a='int64')\n"
        "print([m for m in ('pyarrow', 'numpy', 'pandas', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_sole_table_is_meant_and_else_the_item_that_is_named() -> None:
    """Beside values the table is found; among several a check has to name its item, and says so in its words."""
    tree = {"notes": {"n": 1}, "table": TABLE}
    assert said(checks.rows(max=1), tree) == "there are 5 rows, more than 1"
    two = {"a": TABLE, "b": {"c": [TABLE]}}
    with pytest.raises(InputError, match="which of 2 tables it means: a, b/c/0") as raised:
        checks.apply([checks.rows(max=1)], two)
    assert raised.value.hint == "say it by item='a'"
    assert said(checks.rows(max=1, item="b/c/0"), two) == "b/c/0: there are 5 rows, more than 1"
    assert said(checks.rows(max=1, item="d"), two) == "d: there is no such item"


def test_values_are_checked_as_one_row() -> None:
    """A dict of numbers is checked by the names of its keys; what is neither fits only functions."""
    score = {"accuracy": 0.5, "labels": [1, 2]}
    (failure,) = checks.apply([checks.between("accuracy", 0.9, 1)], score)
    assert (failure.message, failure.offending) == ("accuracy is outside 0.9…1: 0.5", None)
    assert failure.value is score
    assert said(checks.columns("f1"), score) == "there is no column f1; there are accuracy"
    assert said(checks.rows(min=1), 7) == "there is no table, but a int"
    assert said(checks.satisfies(lambda n: n > 9, "many"), 7) == "not so: many"
    assert said(checks.satisfies(lambda n: n > 5, "some"), 7) == ""


@pytest.mark.parametrize("answer", [None, "yes", 1, [True], {"a": True}, np.array([1, 2, 3, 4, 5])], ids=repr)
def test_a_function_that_gives_no_answer_is_a_mistake(answer: object) -> None:
    """Only True and False, for all or for each row, are answers: a forgotten return is not taken for a yes or no."""
    with pytest.raises(InputError, match="not True or False"):
        checks.apply([checks.satisfies(lambda table: answer, "x")], TABLE)


@pytest.mark.parametrize(
    "frame", [pd.DataFrame({"x": [1, 2]}), pl.DataFrame({"x": [1, 2]})], ids=["pandas", "polars"]
)
def test_a_function_gets_the_frame_as_it_is(frame: Any) -> None:
    """It may use what its library has, and answer with a column of that."""
    seen: list[object] = []
    check = checks.satisfies(lambda data: seen.append(data) or data["x"] > 1, "more than 1")
    assert rejected(check, frame) == [0]
    assert seen[0] is frame
    assert said(checks.satisfies(lambda data: (data["x"] > 0).all(), "x"), frame) == ""


def batches(count: int) -> Iterator[pa.RecordBatch]:
    """Yield batches of 700 rows numbered throughout."""
    for number in range(count):
        yield pa.record_batch({"n": pa.array(np.arange(number * 700, number * 700 + 700))})


def test_a_stream_is_checked_as_it_passes() -> None:
    """What comes out of a stream under watch is what went in, and rows are numbered through all of its parts."""
    reader = pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), batches(5))
    wanted = [checks.between("n", 0, 2821), checks.rows(max=1), checks.unique("n"), checks.columns("m")]
    watched = checks.watch(wanted, {"table": reader, "k": 1})
    assert watched.value["table"].read_all() == pa.Table.from_batches(batches(5))
    assert [failure.message for failure in watched.failures()] == [
        "n is outside 0…2821 in 678 of 3,500 rows, such as row 2822: 2822",
        "there are 3,500 rows, more than 1",
        "there is no column m; there are n",
    ]


def test_what_is_left_of_a_stream_is_read_before_the_verdict() -> None:
    """Whoever asks before the end gets the verdict on all of it; iterators of frames of any library are streams too."""
    frames = (pl.DataFrame({"n": [number, 7]}) for number in (1, 2))
    watched = checks.watch(
        [checks.unique("n"), checks.satisfies(lambda part: part.num_rows == 1, "one")], frames
    )
    assert next(watched.value).to_dict(as_series=False) == {"n": [1, 7]}
    alike, one = watched.failures()
    assert alike.message == "n is not unique in 2 of 4 rows, such as rows 1 and 3: 7"
    assert alike.offending.to_pylist() == [{"row": 1, "n": 7}, {"row": 3, "n": 7}]
    assert one.message == "not so: one"


def test_a_relation_of_duckdb_is_a_stream() -> None:
    """What gives its rows to whoever asks is read once: the store gets the reader that was checked."""
    relation = duckdb.connect().sql("SELECT unnest([1, 2]) AS n")
    watched = checks.watch([checks.between("n", 2)], relation)
    assert watched.value.read_all().to_pydict() == {"n": [1, 2]}
    assert [failure.rows for failure in watched.failures()] == [1]


def test_a_stream_is_not_used_up_unnoticed() -> None:
    """To apply checks to a stream is refused: nothing would be left to keep."""
    reader = pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), batches(1))
    with pytest.raises(InputError, match="a stream"):
        checks.apply([checks.rows(min=1)], reader)
    assert reader.read_all().num_rows == 700


def test_memory_does_not_grow_with_a_stream() -> None:
    """Two million rows, half of them wrong and all of them keys, pass in the memory of a few batches."""
    most = 0

    def parts() -> Iterator[pa.RecordBatch]:
        nonlocal most
        for batch in batches(3000):
            most = max(most, pa.total_allocated_bytes() - before)
            yield batch

    before = pa.total_allocated_bytes()
    reader = pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), parts())
    watched = checks.watch([checks.unique("n"), checks.between("n", 1_000_000)], reader)
    (failure,) = watched.failures()
    assert (failure.rows, failure.offending.num_rows) == (1_000_000, 1000)
    assert most < 8_000_000  # its 16 MB of numbers would be more


def test_rejected_rows_are_written(tmp_path: Path) -> None:
    """Each failure that has rows or a value leaves a file; one that is of the whole leaves none."""
    failures = checks.apply([checks.unique("id"), checks.rows(min=9), checks.no_nulls("id")], TABLE)
    files = checks.write_rejected(failures, tmp_path / "rejected")
    assert [file.name for file in files] == ["unique-1.parquet", "no_nulls-3.parquet"]
    assert pq.read_table(files[0]).to_pylist()[0] == {"row": 1, "id": 2, "amount": -5.0, "who": "b"}
    (file,) = checks.write_rejected(
        checks.apply([checks.between("a", 1)], {"a": 0, "at": date(2026, 1, 1)}), tmp_path
    )
    assert '"value": {\n    "a": 0' in file.read_text(encoding="utf-8")


def test_a_column_called_row_is_not_lost() -> None:
    """The number of a row goes to a column of another name where the table has one called row."""
    (failure,) = checks.apply([checks.between("row", 1)], pa.table({"row": [0, 1]}))
    assert failure.offending.to_pylist() == [{"_row": 0, "row": 0}]


def test_values_that_no_cell_can_be() -> None:
    """A number that is too large for the column's type, and a position of thousands of digits, are simply not there."""
    assert rejected(checks.one_of("x", [1, 10**400]), pa.table({"x": [1.0, 2.0]})) == [1]
    assert said(checks.rows(min=1, item="9" * 5000), [1]).endswith("there is no such item")


def test_one_column_is_no_table() -> None:
    """What streams something other than rows is refused with its type."""
    with pytest.raises(InputError, match="a ChunkedArray is no table"):
        checks.apply([checks.rows(min=1)], pa.chunked_array([[1, 2]]))
