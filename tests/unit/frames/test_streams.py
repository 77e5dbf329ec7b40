"""Tables that come in parts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from stook.errors import InputError
from stook.frames.streams import Stream
from stook.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store")


def test_a_stream_has_the_digest_of_the_table(store: Store) -> None:
    """However it is cut: the content is the same."""
    table = pa.table({"n": list(range(10)), "t": [str(n) for n in range(10)]})
    whole = store.add("whole", table)
    parts = store.add("parts", Stream(iter([table.slice(0, 3), table.slice(3), table.slice(0, 0)])))
    batches = store.add("parts", Stream(iter(table.to_batches(max_chunksize=4))))
    assert parts.digest == batches.digest == whole.digest
    assert parts.data.equals(table)


def test_polars_comes_back_as_polars(store: Store) -> None:
    """As the type of the first part."""
    parts: Iterator[object] = iter([pl.DataFrame({"n": [1]}), pl.DataFrame({"n": [2]})])
    data = store.add("parts", Stream(parts)).data
    assert isinstance(data, pl.DataFrame)
    assert data["n"].to_list() == [1, 2]


def test_pandas_is_kept_without_its_index(store: Store) -> None:
    """The parts of a table have an index each, which means nothing for the whole."""
    frames = (pd.DataFrame({"n": [n]}, index=[7]) for n in range(3))
    assert store.add("parts", Stream(frames)).data.to_pydict() == {"n": [0, 1, 2]}


def test_parts_take_the_types_of_the_first_where_nothing_is_lost(store: Store) -> None:
    """A part of nulls alone has no type; text is no number."""
    first = pa.table({"n": pa.array([1], pa.int64())})
    nulls = pa.table({"n": pa.nulls(2)})
    small = pa.table({"n": pa.array([3], pa.int8())})
    data = store.add("parts", Stream(iter([first, nulls, small]))).data
    assert data["n"].to_pylist() == [1, None, None, 3]
    for other in (pa.table({"n": ["text"]}), pa.table({"n": [1.5]}), pa.table({"m": [1]})):
        with pytest.raises(InputError, match="part 2 of the stream does not fit") as caught:
            store.add("parts", Stream(iter([first, other])))
        assert caught.value.kind == "uneven-stream"


def test_a_stream_without_parts_has_no_columns(store: Store) -> None:
    """So nobody knows what table it is."""
    with pytest.raises(InputError, match="no parts"):
        store.add("parts", Stream(iter([])))


def test_any_library_can_read_it() -> None:
    """By the Arrow stream interface."""
    table = pa.table({"n": [1, 2]})
    assert pa.table(Stream(iter([table, table]))).num_rows == 4


@pytest.mark.full
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Ten times as many rows take no more than half as much again."""
    program = """
import resource, sys
import numpy as np, pyarrow as pa
from stook.frames.streams import Stream
from stook.store import open_store
parts = (pa.table({"n": np.random.default_rng(i).random(1 << 17)}) for i in range(int(sys.argv[2])))
open_store(sys.argv[1]).add("parts", Stream(parts))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    peaks = [
        int(
            subprocess.run(
                [sys.executable, "-c", program, str(tmp_path / count), count],
                capture_output=True,
                check=True,
                text=True,
                timeout=300,
            ).stdout
        )
        for count in ("20", "200")
    ]
    assert peaks[1] < 1.5 * peaks[0]
