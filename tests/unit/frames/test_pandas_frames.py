"""pandas frames come back equal, or are refused by name."""

from __future__ import annotations

import datetime as dt
import decimal
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from stook.errors import InputError, IntegrityError
from stook.format import values as plain
from stook.frames.codec import CODEC
from stook.frames.intake import Intake
from stook.frames.layout import ColumnLayout, IndexLayout, PandasLayout
from stook.frames.parquet import write


@dataclass(frozen=True)
class Bytes:
    """A source over bytes in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.data)

    def read(self) -> bytes:
        """Return all bytes."""
        return self.data

    def open(self) -> io.BytesIO:
        """Return a file of the bytes."""
        return io.BytesIO(self.data)


def stored(value: object) -> tuple[Bytes, Any]:
    """Return the bytes that the codec wrote, and what it said of them."""
    out = io.BytesIO()
    encoded = CODEC.dump(value, out)
    return Bytes(out.getvalue()), encoded


TEXT = ColumnLayout("object", dtype="str")
NO_NAME = plain.dump([None])
NO_INDEX = IndexLayout(NO_NAME, range=(0, 1, 1))
PARIS = pd.date_range("2020-03-29", periods=3, freq="h", tz="Europe/Paris")
OFFSET = dt.timezone(dt.timedelta(hours=-5, minutes=-30))
FRAMES = {
    "numpy": pd.DataFrame(
        {"i": [1, 2], "f": [1.5, np.nan], "b": [True, False], "h": np.array([1, np.nan], "f2")}
    ),
    "text": pd.DataFrame({"s": ["x", None]}),
    "ordered": pd.DataFrame({"c": pd.Categorical(["a", None], categories=["z", "b", "a"], ordered=True)}),
    "numbers as categories": pd.DataFrame(
        {"c": pd.Categorical([3, 1, 3]), "f": pd.Categorical([0.5, None, 1.5])}
    ),
    "intervals as categories": pd.DataFrame({"c": pd.cut([1, 5, 9], 3)}),
    "nullable": pd.DataFrame(
        {
            "i": pd.array([1, None, 2**62 + 1], "Int64"),
            "b": pd.array([True, None, False], "boolean"),
            "s": pd.array(["a", None, "b"], "string"),
            "f": pd.array([1.5, None, 2], "Float64"),
            "p": pd.array(["a", None, "b"], pd.StringDtype("python")),
        }
    ),
    "arrow": pd.DataFrame({"i": pd.array([1, None], "int64[pyarrow]")}),
    "zone": pd.DataFrame({"z": PARIS, "u": PARIS.tz_convert("UTC"), "o": PARIS.tz_convert(OFFSET)}),
    "times": pd.DataFrame(
        {"t": pd.to_timedelta([1, None], unit="s"), "s": np.array(["2020", "NaT"], "M8[s]")}
    ),
    "objects": pd.DataFrame(
        {
            "decimal": [decimal.Decimal("1.5"), None],
            "date": [dt.date(2020, 1, 1), None],
            "list": [[1, 2], None],
            "dict": [{"a": 1}, {"a": 2}],
            "bytes": [b"a", None],
            "array": [np.array([1.0, 2.0]), np.array([np.nan])],
        },
        dtype=object,
    ),
    "missing cells": pd.DataFrame(
        {"none": ["a", None], "nan": ["a", np.nan], "na": [pd.NA, "s"], "all": [None, None]}, dtype=object
    ),
    "integer names": pd.DataFrame([[1, 2]], columns=[5, 9]),
    "range names": pd.DataFrame(np.arange(6).reshape(2, 3)),
    "levels": pd.DataFrame(
        np.ones((4, 2)),
        index=pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", None]),
        columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["p", "q"]),
    ),
    "range index": pd.DataFrame({"a": [1, 2, 3]}, index=pd.RangeIndex(10, 4, -2, name="r")),
    "time index": pd.DataFrame({"a": [1, 2, 3]}, index=pd.date_range("2020", periods=3, name="a")),
    "name of columns": pd.DataFrame({"a": [1]}).rename_axis(columns="cols"),
    "categories as names": pd.DataFrame([[1, 2]], columns=pd.CategoricalIndex(["b", "a"], ["a", "b", "c"])),
    "categories with a name": pd.DataFrame([[1]], columns=pd.CategoricalIndex(["a"], name="n", ordered=True)),
    "no columns, name": pd.DataFrame(columns=pd.Index([], name="n", dtype=object)),
    "index of categories": pd.DataFrame(
        {"a": [1]}, index=pd.CategoricalIndex(["x"], ["y", "x"], ordered=True)
    ),
    "nothing": pd.DataFrame(),
    "no columns": pd.DataFrame(index=["a", "b"]),
    "no columns, range": pd.DataFrame(index=range(3)),
    "no rows": pd.DataFrame({"a": [1.0], "c": pd.Categorical(["a"])}).iloc[:0],
    "periods": pd.DataFrame({"p": pd.period_range("2020", periods=3, freq="M").insert(0, pd.NaT)}),
    "intervals": pd.DataFrame({"i": pd.arrays.IntervalArray.from_tuples([(0, 1), np.nan], closed="left")}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frame_comes_back_equal(name: str) -> None:
    """A frame comes back with the same dtypes, cells, index and column labels; its digest is told from its bytes."""
    source, encoded = stored(FRAMES[name])
    pd.testing.assert_frame_equal(CODEC.load(source, encoded.meta), FRAMES[name])
    assert CODEC.digest(source, encoded.meta) == encoded.digest


def test_series_comes_back_as_series() -> None:
    """A Series keeps its name, index and type."""
    series = pd.Series([1, 2], index=["x", "y"], name="s")
    source, encoded = stored(series)
    pd.testing.assert_series_equal(CODEC.load(source, encoded.meta), series)


def test_attrs_come_back() -> None:
    """Plain values in df.attrs are kept, and count in the digest."""
    frame = pd.DataFrame({"a": [1]})
    before = stored(frame)[1].digest
    frame.attrs = {"made": dt.date(2020, 1, 1)}
    source, encoded = stored(frame)
    assert CODEC.load(source, encoded.meta).attrs == frame.attrs
    assert encoded.digest != before


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([1, "a"], "several types"),
        ([1, 1.5], "several types"),
        ([object()], "Python objects"),
        ([None, pd.NA, "a"], "missing cells"),
        ([2**70], "int"),
        ([[1, "a"]], "column 'bad'"),
        ([{"a": 1}, {"b": 1}], "change the cell"),
        (["\ud800"], "column 'bad'"),
    ],
)
def test_what_cannot_be_kept_is_refused(cells: list[object], reason: str) -> None:
    """Cells that Arrow would change are refused, with the column's name and the reason."""
    frame = pd.DataFrame({"good": range(len(cells)), "bad": pd.Series(cells, dtype=object)})
    with pytest.raises(InputError, match=reason) as caught:
        stored(frame)
    assert "'bad'" in caught.value.message


@pytest.mark.parametrize("cells", [[1j], pd.arrays.SparseArray([0, 1])])
def test_dtype_that_arrow_has_not_is_refused(cells: Any) -> None:
    """Complex and sparse columns are refused by name."""
    with pytest.raises(InputError, match="column 'x'"):
        stored(pd.DataFrame({"x": cells}))


def test_two_columns_of_one_name_are_refused() -> None:
    """Duplicated column names are refused."""
    with pytest.raises(InputError, match="same name"):
        stored(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_index_becomes_columns_elsewhere() -> None:
    """The index of a pandas frame is data: as an Arrow table it is columns."""
    source, encoded = stored(FRAMES["levels"])
    table: Any = CODEC.load_as(source, encoded.meta, "arrow")
    assert table.column_names[-2:] == ["x", "__index_level_1__"]


def test_whole_numbers_stay_whole_in_pandas() -> None:
    """An Arrow int column with nulls is Int64 in pandas, not float."""
    import pyarrow as pa

    source, encoded = stored(pa.table({"a": [2**53 + 1, None]}))
    frame: Any = CODEC.load_as(source, encoded.meta, "pandas")
    assert frame["a"].dtype == "Int64"
    assert frame["a"][0] == 2**53 + 1


@pytest.mark.parametrize("cut", [0, 10, 100, 400, -1])
def test_damaged_bytes_are_named_so(cut: int) -> None:
    """Truncated bytes raise IntegrityError, never an error of Arrow's."""
    source, encoded = stored(FRAMES["nullable"])
    with pytest.raises(IntegrityError):
        CODEC.load(Bytes(source.data[:cut]), encoded.meta)


@pytest.mark.parametrize(
    "layout",
    [
        PandasLayout((ColumnLayout("category", inner=TEXT),), IndexLayout(NO_NAME, (TEXT,)), NO_INDEX),
        PandasLayout((TEXT,), IndexLayout(plain.dump(["n"])), NO_INDEX),
    ],
    ids=["no category", "no level"],
)
def test_a_layout_that_lies_is_damage(layout: PandasLayout) -> None:
    """Where a footer tells of what the table has not, its digest is refused, and nothing else is raised."""
    table, out = pa.table({"a": [1]}), io.BytesIO()
    write(Intake("pandas", "DataFrame", table.schema, (table,), layout), out)
    with pytest.raises(IntegrityError):
        CODEC.digest(Bytes(out.getvalue()), {})
