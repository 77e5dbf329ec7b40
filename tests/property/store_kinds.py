"""Data of every kind that a store keeps, each with a near miss; and what it means to come back equal."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pyarrow as pa
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stook.format import canonical
from tests.property.test_format_values import plain, same

__all__ = ["Pair", "Streamed", "alike", "arrays", "files", "folders", "frames", "models", "values"]

# Pairs of data: one thing, and the same but for one cell, byte or leaf.
Pair = tuple[Any, Any]
Cells = list[Any]

_WORDS = st.text(st.characters(codec="utf-8"), max_size=4)
_MOMENTS = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))
_X = np.random.default_rng(1).random((80, 2))


class Streamed:
    """A table that shows nothing but the Arrow PyCapsule interface."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


@dataclass(frozen=True)
class Column:
    """A kind of column: what its cells may be, and how they become a column."""

    cells: st.SearchStrategy[Any]
    make: Callable[[Cells], Any]


def _nullable(dtype: str, cells: st.SearchStrategy[Any]) -> Column:
    return Column(st.none() | cells, lambda values: pd.array(values, dtype=dtype))


def _numpy(dtype: str, cells: st.SearchStrategy[Any]) -> Column:
    return Column(cells, lambda values: np.array(values, dtype=dtype))


def _objects(cells: st.SearchStrategy[Any]) -> Column:
    return Column(st.none() | cells, lambda values: pd.Series(values, dtype=object).array)


def _zoned(zone: str, unit: str) -> Column:
    return Column(
        st.none() | _MOMENTS,
        lambda values: (
            pd.DatetimeIndex(values, dtype=f"datetime64[{unit}]").tz_localize("UTC").tz_convert(zone)
        ),
    )


PANDAS: Mapping[str, Column] = {
    "category": Column(st.none() | st.sampled_from("abc"), lambda cells: pd.Categorical(cells, list("cabd"))),
    "ordered": Column(
        st.none() | st.sampled_from("abc"), lambda cells: pd.Categorical(cells, list("cab"), ordered=True)
    ),
    "Int64": _nullable("Int64", st.integers(-(2**63), 2**63 - 1)),
    "UInt8": _nullable("UInt8", st.integers(0, 255)),
    "boolean": _nullable("boolean", st.booleans()),
    "string": _nullable("string", _WORDS),
    "int32": _numpy("int32", st.integers(-(2**31), 2**31 - 1)),
    "float64": _numpy("float64", st.floats()),
    "bool": _numpy("bool", st.booleans()),
    "datetime": Column(st.none() | _MOMENTS, lambda cells: pd.DatetimeIndex(cells, dtype="datetime64[ns]")),
    "Berlin": _zoned("Europe/Berlin", "ns"),
    "Kathmandu": _zoned("Asia/Kathmandu", "us"),
    "words": _objects(_WORDS),
    "bytes": _objects(st.binary(max_size=4)),
    "dates": _objects(st.dates()),
    "lists": _objects(st.lists(st.integers(-9, 9), max_size=3)),
    "nested": _objects(st.lists(st.lists(_WORDS, max_size=2), max_size=2)),
}


def _polars(dtype: Any, cells: st.SearchStrategy[Any]) -> Column:
    return Column(st.none() | cells, lambda values: pl.Series(values, dtype=dtype))


POLARS: Mapping[str, Column] = {
    "Int64": _polars(pl.Int64, st.integers(-(2**63), 2**63 - 1)),
    "Float32": _polars(pl.Float32, st.floats(width=32)),
    "String": _polars(pl.String, _WORDS),
    "Binary": _polars(pl.Binary, st.binary(max_size=4)),
    "Categorical": _polars(pl.Categorical, st.sampled_from("abc")),
    "Enum": _polars(pl.Enum(list("cab")), st.sampled_from("abc")),
    "zone": _polars(pl.Datetime("us", "Asia/Kathmandu"), _MOMENTS.map(lambda t: t.replace(tzinfo=dt.UTC))),
    "Decimal": _polars(pl.Decimal(12, 2), st.decimals(-999, 999, places=2)),
    "List": _polars(
        pl.List(pl.List(pl.Int8)), st.lists(st.lists(st.integers(-9, 9), max_size=2), max_size=2)
    ),
    "Struct": _polars(
        pl.Struct({"a": pl.Int8, "b": pl.String}),
        st.fixed_dictionaries({"a": st.integers(-9, 9), "b": _WORDS}),
    ),
}


def _arrow(dtype: pa.DataType, cells: st.SearchStrategy[Any]) -> Column:
    return Column(st.none() | cells, lambda values: pa.array(values, dtype))


ARROW: Mapping[str, Column] = {
    "uint16": _arrow(pa.uint16(), st.integers(0, 65535)),
    "zone": _arrow(pa.timestamp("ms", "America/New_York"), st.integers(-(2**40), 2**40)),
    "dictionary": _arrow(pa.dictionary(pa.int8(), pa.string()), st.sampled_from("abc")),
    "map": _arrow(
        pa.map_(pa.string(), pa.int8()), st.lists(st.tuples(_WORDS, st.integers(-9, 9)), max_size=2)
    ),
    "list": _arrow(pa.list_(pa.float64()), st.lists(st.floats(), max_size=3)),
    "time": _arrow(pa.time64("us"), st.times()),
}


@st.composite
def _column_cells(
    draw: st.DrawFn, kinds: Mapping[str, Column]
) -> tuple[list[Column], list[Cells], list[Cells]]:
    """Draw columns and their cells, and the same cells but for one of them."""
    rows = draw(st.integers(1, 5))
    columns = [kinds[name] for name in draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=4))]
    cells = [draw(st.lists(column.cells, min_size=rows, max_size=rows)) for column in columns]
    at, row = draw(st.integers(0, len(columns) - 1)), draw(st.integers(0, rows - 1))
    other = draw(columns[at].cells.filter(lambda cell: not same(cell, cells[at][row])))
    changed = [list(column) for column in cells]
    changed[at][row] = other
    return columns, cells, changed


_INDEXES: Mapping[str, Callable[[int], Any]] = {
    "none": pd.RangeIndex,
    "range": lambda rows: pd.RangeIndex(10, 10 + 3 * rows, 3, name="nth"),
    "words": lambda rows: pd.Index([f"r{row % 3}" for row in range(rows)], name="word"),
    "days": lambda rows: pd.date_range("2024-03-30", periods=rows, freq="D", tz="Europe/Berlin"),
    "two": lambda rows: pd.MultiIndex.from_arrays([range(rows), ["a"] * rows], names=["n", None]),
}


@st.composite
def _pandas_frames(draw: st.DrawFn) -> Pair:
    columns, *versions = draw(_column_cells(PANDAS))
    index = draw(st.sampled_from(sorted(_INDEXES)))
    name = draw(st.sampled_from([str, int, lambda n: (f"g{n % 2}", n)]))

    def make(cells: list[Cells]) -> pd.DataFrame:
        labels = _INDEXES[index](len(cells[0]))
        data = {
            n: pd.Series(c.make(column), index=labels)
            for n, (c, column) in enumerate(zip(columns, cells, strict=True))
        }
        frame = pd.DataFrame(data, index=labels)
        made = [name(n) for n in range(len(columns))]
        frame.columns = pd.MultiIndex.from_tuples(made) if isinstance(made[0], tuple) else pd.Index(made)
        return frame

    return make(versions[0]), make(versions[1])


@st.composite
def _polars_frames(draw: st.DrawFn) -> Pair:
    columns, *versions = draw(_column_cells(POLARS))
    first, second = (
        pl.DataFrame(
            {f"c{n}": c.make(column) for n, (c, column) in enumerate(zip(columns, cells, strict=True))}
        )
        for cells in versions
    )
    return first, second


@st.composite
def _arrow_tables(draw: st.DrawFn) -> Pair:
    columns, *versions = draw(_column_cells(ARROW))
    first, second = (
        pa.table({f"c{n}": c.make(column) for n, (c, column) in enumerate(zip(columns, cells, strict=True))})
        for cells in versions
    )
    return first, second


def frames() -> st.SearchStrategy[Pair]:
    """Frames of pandas, polars and Arrow, with and without rows, and bare streams."""
    tables = _arrow_tables()
    streams = tables.map(lambda pair: (Streamed(pair[0]), Streamed(pair[1])))
    whole = st.one_of(_pandas_frames(), _polars_frames(), tables, streams)
    empty = (_pandas_frames() | _polars_frames()).map(lambda pair: (pair[0][:0], pair[0]))
    return whole | empty


def values() -> st.SearchStrategy[Pair]:
    """Plain values of every type, nested."""
    return st.tuples(plain, plain).filter(lambda pair: canonical.encode(pair[0]) != canonical.encode(pair[1]))


def arrays() -> st.SearchStrategy[Pair]:
    """numpy arrays of any dtype and shape that have a byte to change, and those with a byte changed."""
    kinds = hnp.scalar_dtypes() | hnp.byte_string_dtypes(min_len=1) | hnp.array_dtypes()
    return kinds.flatmap(
        lambda kind: st.tuples(*[hnp.arrays(kind, hnp.array_shapes(min_dims=0, max_side=3))] * 2)
    ).filter(lambda pair: (pair[0].shape, pair[0].tobytes()) != (pair[1].shape, pair[1].tobytes()))


def files(folder: Path) -> st.SearchStrategy[Pair]:
    """Files that differ in a byte."""
    numbers = itertools.count(len(list(folder.iterdir())))

    def write(content: bytes) -> Pair:
        place = folder / str(next(numbers))
        pair = (place / "one" / "data.bin", place / "two" / "data.bin")
        for path, data in zip(pair, (content, bytes([content[0] ^ 1]) + content[1:]), strict=True):
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
        return pair

    return st.binary(min_size=1, max_size=9000).map(write)


def folders(folder: Path) -> st.SearchStrategy[Pair]:
    """Folders with same-named files in different places, which differ in the name of one file."""
    numbers = itertools.count(len(list(folder.iterdir())))

    def write(contents: list[bytes]) -> Pair:
        place = folder / f"f{next(numbers)}"
        for top, last in (("one", "z"), ("two", "y")):
            for number, content in enumerate(contents):
                path = place / top / "all" / f"sub{number}" / "data.bin"
                path.parent.mkdir(parents=True)
                path.write_bytes(content)
            (place / top / "all" / "empty").mkdir(parents=True)
            (place / top / "all" / last).write_text("last")
        return place / "one" / "all", place / "two" / "all"

    return st.lists(st.binary(max_size=50), max_size=4).map(write)


def models() -> st.SearchStrategy[Pair]:
    """Boosters of LightGBM and estimators of scikit-learn."""
    return st.sampled_from(range(3)).map(lambda number: _models()[number])


@cache
def _models() -> list[Pair]:
    settings = {"verbose": -1, "num_threads": 1}
    boosters = [lightgbm.train(settings, lightgbm.Dataset(_X, _X[:, 0]), rounds) for rounds in (2, 3)]
    trees = [HistGradientBoostingRegressor(max_iter=rounds).fit(_X, _X[:, 0]) for rounds in (1, 2)]
    lines = [make_pipeline(StandardScaler(), LinearRegression()).fit(_X, _X[:, at]) for at in (0, 1)]
    return [tuple(boosters), tuple(trees), tuple(lines)]


def alike(left: Any, right: Any) -> bool:  # noqa: PLR0911
    """Tell whether what came back is what was added, of the same type; a stream comes back as a table."""
    if isinstance(left, Streamed):
        left = pa.table(left)
    if isinstance(left, Path):
        return _contents(left) == _contents(right)
    if type(left) is not type(right):
        return False
    if isinstance(left, pd.DataFrame):
        pd.testing.assert_frame_equal(left, right, check_exact=True, check_column_type=True)
        return [c.map(type).tolist() for _, c in left.items()] == [
            c.map(type).tolist() for _, c in right.items()
        ]
    if isinstance(left, pl.DataFrame):
        polars.testing.assert_frame_equal(left, right, check_exact=True)
        return left.schema == right.schema
    if isinstance(left, pa.Table):
        return bool(left.schema == right.schema) and repr(left.to_pylist()) == repr(right.to_pylist())
    if isinstance(left, np.ndarray):
        return (left.dtype, left.shape, left.tobytes()) == (right.dtype, right.shape, right.tobytes())
    if hasattr(left, "predict"):
        return bool((left.predict(_X) == right.predict(_X)).all())
    if isinstance(left, dict):
        return (
            list(left) == list(right) and all(map(alike, left.values(), right.values()))
            if all(type(key) is str for key in left)
            else same(left, right)
        )
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(alike, left, right))
    return same(left, right)


def _contents(path: Path) -> object:
    if path.is_file():
        return path.name, path.read_bytes()
    inside = {
        p.relative_to(path).as_posix(): p.read_bytes() if p.is_file() else None for p in path.rglob("*")
    }
    return path.name, inside
