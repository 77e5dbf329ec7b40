"""Partitions of tables: their keys, their digests, and the rows that `run` gets."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import stook
from stook.errors import InputError, NotFoundError
from stook.frames.partitions import read_rows
from stook.pipeline.authoring.mapping import partition_keys
from stook.pipeline.authoring.parts import Parts
from stook.pipeline.authoring.wanted import External, Mapped, Partition, Partitions

T = External("t")


class OnePart(stook.Task):
    """Takes a partition."""

    part: Partition

    def run(self, part: object) -> object:
        """Return it."""
        return part


@pytest.fixture
def store(tmp_path: Path) -> stook.Store:
    """A store of its own."""
    return stook.open(tmp_path / "store")


def keep(store: stook.Store, data: Any) -> stook.Bundle:
    """Return a bundle of some data."""
    with store.draft("t") as draft:
        draft.set(data)
    return draft.bundle


def keys(store: stook.Store, values: Any, kind: pa.DataType | None = None) -> list[str]:
    """Return the labels of partitions by a column."""
    table = pa.table({"k": pa.array(values, kind), "row": range(len(values))})
    return [key.label for key in partition_keys(keep(store, table), Partitions(T, "k"))]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["b", "a", None, "a"], pa.string(), ["k=a", "k=b", "k is null"]),
        (["null", None], pa.string(), ["k=null", "k is null"]),
        ([2, 10, 1], pa.int8(), ["k=1", "k=2", "k=10"]),
        ([True, False], pa.bool_(), ["k=False", "k=True"]),
        ([1.5, float("nan"), -0.0, 0.0, None], pa.float64(), ["k=0.0", "k=1.5", "k=nan", "k is null"]),
        ([date(2026, 1, 2), date(2026, 1, 1)], pa.date32(), ["k=2026-01-01", "k=2026-01-02"]),
        ([datetime(2026, 1, 1, 1)], pa.timestamp("ns"), ["k=2026-01-01 01:00:00"]),
        ([Decimal("1.50")], pa.decimal128(5, 2), ["k=1.50"]),
        (["b", "a", "b"], pa.dictionary(pa.int8(), pa.string()), ["k=a", "k=b"]),
        ([None, None], pa.int64(), ["k is null"]),
        ([], pa.string(), []),
    ],
)
def test_keys_in_order(values: Any, kind: pa.DataType, expected: list[str], store: stook.Store) -> None:
    """Each value is a key once, in order, NaN after numbers and what is missing last; no rows have no partitions."""
    assert keys(store, values, kind) == expected


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ([[1]], pa.list_(pa.int64()), "is of type list<"),
        ([1], pa.timestamp("ns"), "has times finer than a microsecond"),
        ([b"a"], pa.binary(), "is of type binary"),
    ],
)
def test_columns_without_keys(values: Any, kind: pa.DataType, message: str, store: stook.Store) -> None:
    """A column whose values cannot be written down exactly makes no partitions."""
    with pytest.raises(InputError, match=f"column 'k' {message}") as caught:
        keys(store, values, kind)
    assert caught.value.kind == "no-key"


def test_what_has_no_such_table(store: stook.Store) -> None:
    """No such column, and no table at all, are told with what there is."""
    bundle = keep(store, pd.DataFrame({"x": [1], "y": [2]}))
    with pytest.raises(InputError, match="no column 'z' to make partitions by; it has x, y"):
        partition_keys(bundle, Partitions(T, "z"))
    with pytest.raises(NotFoundError, match="has no item 'nope'"):
        partition_keys(bundle, Partitions(T["nope"], "x"))
    with pytest.raises(InputError, match="n is no table"):
        partition_keys(keep(store, {"t": pa.table({"x": [1]}), "n": 1}), Partitions(T["n"], "x"))
    for data, over in ((3, Partitions(T, "x")), ({"a": 3, "t": "text"}, Partitions(T, rows=3))):
        with pytest.raises(InputError, match="is no table, and has no partitions") as caught:
            partition_keys(keep(store, data), over)
        assert caught.value.hint.startswith("stook show ")


def digests(bundle: stook.Bundle, **over: Any) -> dict[str, str]:
    """Return the digest of each partition."""
    return {key.label: key.digest for key in partition_keys(bundle, Partitions(T, **over))}


def test_digests_are_of_the_rows_alone(store: stook.Store) -> None:
    """A changed row changes its partition and no other; how the table was cut does not count, what kept it does."""
    frame = pd.DataFrame({"k": ["a", "b", "a"], "x": [1, 2, 3]})
    before = digests(keep(store, frame), by="k")
    changed = digests(keep(store, frame.assign(x=[1, 2, 4])), by="k")
    assert (before["k=a"] == changed["k=a"], before["k=b"] == changed["k=b"]) == (False, True)
    assert {*before.values()}.isdisjoint(digests(keep(store, pl.from_pandas(frame)), by="k").values())
    moved = pd.concat([frame[1:2], frame[:1], frame[2:]])
    assert before == digests(keep(store, moved.reset_index(drop=True)), by="k")
    swapped = frame.iloc[[2, 1, 0]].reset_index(drop=True)
    assert before["k=a"] != digests(keep(store, swapped), by="k")["k=a"]


def test_ranges_of_rows(store: stook.Store) -> None:
    """The last range may be shorter; added rows change it and no other; equal rows elsewhere are another part."""
    table = pa.table({"x": [1, 2, 1, 2, 5]})
    before = digests(keep(store, table), rows=2)
    assert list(before) == ["rows 0-2", "rows 2-4", "rows 4-5"]
    assert len(set(before.values())) == 3
    more = digests(keep(store, pa.table({"x": [1, 2, 1, 2, 5, 6]})), rows=2)
    assert [label for label in before if more.get(label) == before[label]] == ["rows 0-2", "rows 2-4"]


def test_a_partition_as_input(store: stook.Store) -> None:
    """An input says which part it is, and has that part's digest, whoever asks: planner, runner, another process."""
    bundle = keep(store, {"t": pa.table({"k": [1, 2, 1]}), "n": 1})
    over = Partitions(T["t"], "k")
    keys = partition_keys(bundle, over)
    used = Parts().input_of("part", Partition(T["t"], "k", 1), bundle)
    assert (used.role, used.item, used.part, used.digest) == ("part", "t", "k=1", keys[0].digest)
    parts = Parts()
    parts.tasks_of(Mapped(OnePart, "part", Partitions(T["t"], rows=2), {}), bundle)
    known = parts.input_of("p", Partition(T["t"], start=2, stop=3), bundle)
    assert known == Parts().input_of("p", Partition(T["t"], start=2, stop=3), bundle)
    assert known.part == "rows 2-3"
    for gone in (Partition(T["t"], "k", 9), Partition(T["t"], "k", 1.0), Partition(T["t"], start=7, stop=9)):
        with pytest.raises(NotFoundError, match="has no rows with"):
            parts.input_of("part", gone, bundle)


def test_an_item_as_input(store: stook.Store) -> None:
    """The digest of an item is that of its content, whatever is beside it, and never that of a bundle."""
    table = pa.table({"x": [1]})
    one = keep(store, {"t": table, "n": {"k": 1}, "other": 1})
    two = keep(store, {"t": table, "n": {"k": 1}, "other": 2})
    for path in ("t", "n", "n/k"):
        assert Parts().input_of("r", T[path], one).digest == Parts().input_of("r", T[path], two).digest
    assert Parts().input_of("r", T["other"], one).digest != Parts().input_of("r", T["other"], two).digest
    assert Parts().input_of("r", T["t"], one).digest != keep(store, table).digest
    plain = keep(store, {"n": {"k": 1}})
    assert Parts().input_of("r", T["n"], plain).digest == Parts().input_of("r", T["n"], one).digest
    with pytest.raises(NotFoundError, match="has no item"):
        Parts().input_of("r", T["nope"], one)


def test_a_folder_within_a_folder_as_input(store: stook.Store, tmp_path: Path) -> None:
    """A file or folder further down counts by name and content, wherever it is."""
    for name in ("a/in/x.txt", "a/y.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    one = keep(store, tmp_path / "a")
    (tmp_path / "a/y.txt").write_text("changed")
    two = keep(store, tmp_path / "a")
    assert Parts().input_of("r", T["in"], one).digest == Parts().input_of("r", T["in"], two).digest
    assert (
        Parts().input_of("r", T["in/x.txt"], one).digest == Parts().input_of("r", T["in/x.txt"], two).digest
    )
    assert Parts().input_of("r", T["y.txt"], one).digest != Parts().input_of("r", T["y.txt"], two).digest


def test_remembered_partitions_are_those_found(store: stook.Store, tmp_path: Path) -> None:
    """A cache gives the same answer; what is damaged or foreign in it is found anew."""
    values = [1.5, float("nan"), None, -0.0]
    bundle = keep(store, pa.table({"k": pa.array(values, pa.float64())}))
    over, cache = Partitions(T, "k"), tmp_path / "cache"
    found = partition_keys(bundle, over)
    assert repr(partition_keys(bundle, over, cache)) == repr(found)
    (file,) = cache.iterdir()
    sound = file.read_bytes()
    assert repr(partition_keys(bundle, over, cache)) == repr(found)
    for broken in (b"", b"{", b"[]", sound[:-5], b'{"version":9,"keys":[]}', b'{"version":1,"keys":[[1]]}'):
        file.write_bytes(broken)
        assert repr(partition_keys(bundle, over, cache)) == repr(found)
    assert file.read_bytes() == sound
    file.unlink()
    file.mkdir()
    assert repr(partition_keys(bundle, over, cache)) == repr(found)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_rows_come_as_the_library_that_was_kept(make: Any, store: stook.Store) -> None:
    """Rows keep their order; without a wish they are of the library that the table was kept from."""
    bundle = keep(store, make({"k": [2, 1, 2], "x": ["a", "b", "c"]}))
    found: Any = read_rows(bundle, "", Partition(T, "k", 2), "")
    assert type(found) is type(make({"k": [1]}))
    assert list(found["x"].to_pylist() if make is pa.table else found["x"]) == ["a", "c"]
    ranged: Any = read_rows(bundle, "", Partition(T, start=1, stop=9), "polars")
    assert ranged["x"].to_list() == ["b", "c"]


@pytest.mark.parametrize(("key", "expected"), [(None, [3]), (float("nan"), [2]), (0.0, [0, 1]), (1.5, [4])])
def test_rows_of_odd_keys(key: object, expected: list[int], store: stook.Store) -> None:
    """Rows of no key, of NaN and of either zero are those that the partition's digest is of."""
    values = pa.array([0.0, -0.0, float("nan"), None, 1.5], pa.float64())
    bundle = keep(store, pa.table({"k": values, "row": range(5)}))
    found: Any = read_rows(bundle, "", Partition(T, "k", key), "arrow")
    assert found["row"].to_pylist() == expected


def test_many_partitions_of_a_large_table(store: stook.Store) -> None:
    """From the third on they are read from a copy in the cache, the same rows in the same order; it may be damaged."""
    every = np.arange(1_200_000)
    keys = pa.array([None, float("nan"), 2.0, -0.0, 0.0], pa.float64()).take(pa.array(every % 5))
    table = pa.table({"k": keys, "x": np.random.default_rng(1).random(len(every)), "row": every})
    bundle = keep(store, table)
    folder = store.repository.cache / "partitions"
    wanted = [
        *(Partition(T, "k", key) for key in (2.0, 0.0, None, float("nan"), 7.0)),
        *(Partition(T, start=start, stop=start + 500_000) for start in (0, 500_000, 1_000_000)),
        Partition(T, start=5, stop=6),
    ]
    for at, part in enumerate(wanted):
        found: Any = read_rows(bundle, "", part, "arrow")
        left = {None: [0], 2.0: [2], 0.0: [3, 4], 7.0: []}.get(part.key, [1])
        rows = every[np.isin(every % 5, left)] if part.by else every[part.start : part.stop]
        assert np.array_equal(found["row"].to_numpy(), rows)
        assert found.schema == table.schema
        copies = list(folder.glob("*.arrow"))
        assert len(copies) == [0, 1, 1, 1, 1, 1, 2, 2, 2][at]
        for copy in copies if at == 7 else ():
            copy.write_bytes(b"nothing")


def test_ten_thousand_partitions(store: stook.Store) -> None:
    """Many partitions are found in one go over the table, and known ones are looked up."""
    bundle = keep(store, pa.table({"k": [n % 10_000 for n in range(20_000)]}))
    parts = Parts()
    keys = partition_keys(bundle, Partitions(T, "k"))
    assert [key.key for key in keys] == list(range(10_000))
    ranged = keep(store, pa.table({"k": [n % 3 for n in range(9_000)], "row": range(9_000)}))
    few = keep(store, pa.table({"k": [0] * 3_000, "row": range(0, 9_000, 3)}))
    assert digests(ranged, by="k")["k=0"] == digests(few, by="k")["k=0"]
    for n in (0, 5_000, 9_999):
        assert parts.input_of("part", Partition(T, "k", n), bundle).digest == keys[n].digest


def test_a_linked_table_counts_with_its_files(store: stook.Store, tmp_path: Path) -> None:
    """Where cells are paths of files, another file in the bundle changes the partitions: their rows read the same."""
    from stook.frames import linked

    def kept(text: str) -> stook.Bundle:
        (tmp_path / "a.txt").write_text(text)
        frame = pd.DataFrame({"k": ["a"], "file": [str(tmp_path / "a.txt")]})
        return keep(store, linked(frame, "file"))

    def key(bundle: stook.Bundle) -> str:
        path = next(path for path, _ in bundle.items() if path.startswith("table") or path == "")
        return partition_keys(bundle, Partitions(T[path] if path else T, "k"))[0].digest

    one, other = kept("one"), kept("other")
    assert key(one) != key(other)


def test_partitions_of_a_linked_table_are_the_same_in_every_cache(tmp_path: Path) -> None:
    """Its cells are paths in the cache of who reads, and neither digests nor keys are of those."""
    from stook.frames import linked
    from stook.store.open import reopen

    (tmp_path / "a.txt").write_text("a")
    frame = pd.DataFrame({"k": ["a"], "file": [str(tmp_path / "a.txt")]})
    found = []
    for name in ("ann", "bob"):
        store = reopen(str(tmp_path / name), "main", str(tmp_path / f"cache-{name}"), name)
        bundle = keep(store, linked(frame, "file"))
        path = next(path for path, _ in bundle.items() if path.startswith("table") or path == "")
        of = T[path] if path else T
        found.append([partition_keys(bundle, Partitions(of, by)) for by in ("k", "file")])
        rows: Any = read_rows(bundle, path, Partition(of, "file", found[-1][1][0].key), "pandas")
        assert Path(rows["file"][0]).read_text() == "a"
    assert found[0] == found[1]
