"""What a stored table says of itself, and its rows as text."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from stook.errors import IntegrityError
from stook.frames.codec import CODEC
from stook.store.codec import Source


class _Held:
    """The bytes of an item, and how many of them were read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.taken = 0

    @property
    def size(self) -> int:
        return len(self._data)

    def read(self) -> bytes:
        self.taken += self.size
        return self._data

    def open(self) -> BinaryIO:
        return _Counted(self._data, self)

    def path(self) -> Path:
        raise NotImplementedError


class _Counted(io.BytesIO):
    def __init__(self, data: bytes, held: _Held) -> None:
        super().__init__(data)
        self._held = held

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._held.taken += len(data)
        return data


Store = Callable[[object], _Held]


@pytest.fixture
def stored() -> Store:
    """Turns a table into its stored bytes."""

    def dump(table: object) -> _Held:
        out = io.BytesIO()
        CODEC.dump(table, out)
        return _Held(out.getvalue())

    return dump


def _text(source: Source, style: str) -> str:
    return b"".join(CODEC.iter_text(source, {}, style)).decode()


def test_columns_and_rows_are_in_the_footer(stored: Store) -> None:
    """A table is described without reading its rows; text and categories are called by their names."""
    held = stored(pl.DataFrame({"n": range(200_000), "t": [str(n * 7919 % 200_003) for n in range(200_000)]}))
    assert CODEC.describe(held, {}).columns == (("n", "int64"), ("t", "string"))
    assert CODEC.describe(held, {}).rows == 200_000
    assert held.taken < held.size / 2
    frame = pd.DataFrame({"c": pd.Categorical(["x", None])}, index=pd.Index([3, 4], name="k"))
    assert CODEC.describe(stored(frame), {}).columns == (("c", "category<string>"), ("k", "int64"))


def test_rows_of_every_kind_are_text(stored: Store) -> None:
    """Times with nanoseconds, categories, lists, structs, bytes and what is missing, as CSV and as JSON."""
    table = pa.table(
        {
            "t": pa.array([1, None], pa.timestamp("ns")),
            "s": pa.array([1_500_000_001, None], pa.duration("ns")),
            "c": pa.array(["x", None]).dictionary_encode(),
            "l": [[1, None], None],
            "o": [{"a": dt.date(2026, 1, 2)}, None],
            "b": [b"\0a", b""],
            "d": [Decimal("1.50"), None],
            "f": [float("nan"), 0.5],
        }
    )
    held = stored(table)
    rows = list(csv.reader(io.StringIO(_text(held, "csv"))))
    assert rows == [
        list("tsclobdf"),
        [
            "1970-01-01 00:00:00.000000001",
            "1.500000001 s",
            "x",
            "[1,null]",
            '{"a":"2026-01-02"}',
            "AGE=",
            "1.50",
            "nan",
        ],
        ["", "", "", "", "", "", "", "0.5"],
    ]
    first, second = json.loads(_text(held, "json"))
    assert (first["l"], first["o"], first["b"], first["f"]) == ([1, None], {"a": "2026-01-02"}, "AGE=", None)
    assert second == {**dict.fromkeys("tsclod"), "b": "", "f": 0.5}


@pytest.mark.parametrize("table", [pl.DataFrame(), pl.DataFrame({"a": pl.Series([], dtype=pl.Int8)})])
def test_a_table_without_rows_is_text_too(stored: Store, table: pl.DataFrame) -> None:
    """Its header alone, and an empty array."""
    held = stored(table)
    assert _text(held, "csv") == ",".join(table.columns) + "\n"
    assert json.loads(_text(held, "json")) == []
    assert CODEC.head(held, 5)[1] == [[] for _ in table.columns]


def test_damaged_bytes_are_said(stored: Store) -> None:
    """What is no table, or one cut short, is an IntegrityError however it is looked at."""
    whole = stored(pl.DataFrame({"a": range(1000)}))
    for held in (_Held(b"nothing"), _Held(whole.read()[:-20]), _Held(bytes(100) + whole.read()[100:])):
        with pytest.raises(IntegrityError):
            CODEC.head(held, 5)
        with pytest.raises(IntegrityError):
            _text(held, "csv")
