"""Arrow, polars and DuckDB tables come back equal, and have one digest."""

from __future__ import annotations

import datetime as dt
import decimal
import io
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from stook.errors import InputError
from stook.frames.codec import CODEC


class Bytes(io.BytesIO):
    """A source over bytes in memory."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.getvalue())


def stored(value: object) -> tuple[Any, Any]:
    """Return the bytes that the codec wrote, and what it said of them."""
    out = io.BytesIO()
    encoded = CODEC.dump(value, out)
    return Bytes(out.getvalue()), encoded


POLARS = pl.DataFrame(
    {
        "text": ["a", None],
        "categorical": pl.Series(["x", "y"], dtype=pl.Categorical),
        "enum": pl.Series(["x", "z"], dtype=pl.Enum(["z", "y", "x"])),
        "time": [dt.time(1), None],
        "duration": [dt.timedelta(1), None],
        "bytes": [b"a", b"b"],
        "list": [["a"], []],
        "struct": [{"a": 1}, {"a": 2}],
        "null": [None, None],
        "array": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int8, 2)),
        "decimal": [decimal.Decimal("1.5"), None],
        "enums": pl.Series([["x"], ["z"]], dtype=pl.List(pl.Enum(["z", "x"]))),
        "zone": pl.Series([dt.datetime(2020, 1, 1)] * 2).dt.replace_time_zone("Europe/Paris"),
    }
)
WORDS = pa.dictionary(pa.int8(), pa.string())
ARROW = pa.table(
    {
        "map": pa.array([[("a", 1)], [("b", 2), ("c", 3)], None, []], pa.map_(pa.string(), pa.int8())),
        "nested": pa.array([["a"], ["b"], None, ["a"]], pa.list_(pa.field("z", WORDS, metadata={"q": "1"}))),
        "fixed": pa.array([["a", "b"], None, ["c", None], ["d", "e"]], pa.list_(WORDS, 2)),
        "seconds": pa.array([1, None, 2, 3], pa.timestamp("s")),
        "views": pa.array(["a", None, "b", "c"], pa.string_view()),
        "uuid": pa.array([b"0123456789abcdef"] * 4, pa.uuid()),
        "null": pa.nulls(4),
    },
    metadata={"k": "v"},
)


@pytest.mark.parametrize("frame", [POLARS, POLARS.head(0), pl.DataFrame(height=3), pl.DataFrame()])
def test_polars_frame_comes_back_equal(frame: pl.DataFrame) -> None:
    """A polars frame keeps schema, cells and height."""
    source, encoded = stored(frame)
    back: Any = CODEC.load(source, encoded.meta)
    assert back.schema == frame.schema
    assert back.equals(frame)
    assert back.shape == frame.shape


def test_polars_lazy_frame_and_series() -> None:
    """A LazyFrame is collected; a Series stays one."""
    source, encoded = stored(POLARS.lazy())
    assert CODEC.load(source, encoded.meta).equals(POLARS)  # type: ignore[attr-defined]
    source, encoded = stored(POLARS["enum"])
    assert CODEC.load(source, encoded.meta).equals(POLARS["enum"], check_dtypes=True)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [pl.Object, pl.Int128])
def test_polars_type_without_arrow_is_refused(kind: Any) -> None:
    """Objects and 128-bit integers are refused by name."""
    with pytest.raises(InputError, match="column 'x'"):
        stored(pl.DataFrame({"x": pl.Series([1], dtype=kind)}))


@pytest.mark.parametrize("table", [ARROW, ARROW.slice(1, 2), ARROW.slice(0, 0), pa.table({})])
def test_arrow_table_comes_back_equal(table: pa.Table) -> None:
    """An Arrow table keeps types, metadata and cells, sliced or not."""
    source, encoded = stored(table)
    assert CODEC.load(source, encoded.meta).equals(table, check_metadata=True)  # type: ignore[attr-defined]


def test_record_batch_comes_back_as_one() -> None:
    """A RecordBatch stays one, a reader becomes a Table."""
    batch = ARROW.to_batches()[0]
    source, encoded = stored(batch)
    assert CODEC.load(source, encoded.meta).equals(batch)  # type: ignore[attr-defined]
    source, encoded = stored(ARROW.to_reader())
    assert CODEC.load(source, encoded.meta).equals(ARROW)  # type: ignore[attr-defined]


def test_duckdb_relation_is_kept() -> None:
    """A DuckDB relation is kept as the Arrow table that it gives."""
    source, encoded = stored(duckdb.sql("select range as a, 'x' as b from range(3)"))
    assert CODEC.load(source, encoded.meta).to_pylist() == [{"a": i, "b": "x"} for i in range(3)]  # type: ignore[attr-defined]


def test_libraries_have_one_digest() -> None:
    """The same columns in polars, pandas and Arrow have the same digest."""
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    frames = [table, pl.from_arrow(table), table.to_pandas(), duckdb.from_arrow(table)]
    assert len({stored(frame)[1].digest for frame in frames}) == 1


@pytest.mark.parametrize(
    "value", [pl.Series([1, 2]), pl.DataFrame({"": [1], "b": [2]})], ids=["series", "frame"]
)
def test_a_polars_column_without_a_name_has_none_afterwards(value: pl.Series | pl.DataFrame) -> None:
    """What is computed often has no name; polars would call it `column_0`."""
    source, encoded = stored(value)
    found = CODEC.load(source, encoded.meta)
    assert type(found) is type(value)
    assert found.equals(value)  # type: ignore[attr-defined]
    names = [found.name] if isinstance(found, pl.Series) else found.columns  # type: ignore[attr-defined]
    assert names == ([""] if isinstance(value, pl.Series) else ["", "b"])


@pytest.mark.parametrize("value", [pa.array([1]), pa.chunked_array([[1]]), object(), pl.Int8])
def test_no_table_is_refused(value: object) -> None:
    """What is no table is refused with a hint."""
    with pytest.raises(InputError, match="not a table"):
        stored(value)


def test_unknown_library_is_refused() -> None:
    """A library that Stook does not know is an input error."""
    source, encoded = stored(ARROW)
    with pytest.raises(InputError, match="spark"):
        CODEC.load_as(source, encoded.meta, "spark")
