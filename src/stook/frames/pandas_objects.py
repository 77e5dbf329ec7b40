"""Columns of Python objects: kept where every cell has the same plain type, refused where not.

The type is taken from the cells themselves, exactly: Arrow would turn `1` and `1.5` in one column into floats.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from stook.errors import InputError
from stook.frames.layout import ColumnLayout
from stook.frames.logical import refuse_column

__all__ = ["from_objects", "to_objects"]

_CONVERT = "convert it to one type, for example with .astype('string'), or store the cells as a list"
_TYPES: dict[type, pa.DataType | None] = {
    str: pa.large_string(),
    bytes: pa.large_binary(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    decimal.Decimal: None,
    dt.date: pa.date32(),
    dt.datetime: pa.timestamp("us"),
    dt.time: pa.time64("us"),
    dt.timedelta: pa.duration("us"),
    list: None,
    dict: None,
    np.ndarray: None,
}
_NAMES = {kind.__name__: kind for kind in _TYPES}


def from_objects(pandas: Any, cells: list[Any], column: object) -> tuple[pa.Array, ColumnLayout]:
    """Return Python objects as an Arrow array, and what they were.

    Raises:
        InputError: They are of several types, or of one that cannot be kept.
    """
    kinds = set(map(type, cells))
    missing = _missing(pandas, cells, kinds, column)
    if not kinds:
        return pa.nulls(len(cells)), ColumnLayout("object", missing=missing)
    if len(kinds) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise refuse_column(column, f"its cells are of several types ({names})", _CONVERT)
    kind = kinds.pop()
    if kind not in _TYPES:
        raise refuse_column(column, f"its cells are Python objects of type {kind.__qualname__}", _CONVERT)
    layout = ColumnLayout("object", dtype=kind.__name__, missing=missing)
    if missing != "None":
        cells = [cell if type(cell) is kind else None for cell in cells]
    return _checked(cells, layout, column), layout


def to_objects(pandas: Any, values: pa.ChunkedArray, layout: ColumnLayout) -> Any:
    """Return the Python objects that were a column, as a numpy array of dtype object."""
    missing = {"None": None, "nan": float("nan"), "NA": pandas.NA, "NaT": pandas.NaT}[layout.missing]
    revive: Callable[[Any], Any] = np.array if layout.dtype == "ndarray" else _same
    if layout.dtype == "ndarray":
        inner = values.type.value_type.to_pandas_dtype()
        revive = lambda cell: np.array(cell, inner)  # noqa: E731 - one expression with what it closes over
    found = np.empty(len(values), object)
    for position, cell in enumerate(values.to_pylist()):
        found[position] = missing if cell is None else revive(cell)
    return found


def _same(cell: Any) -> Any:
    return cell


def _missing(pandas: Any, cells: list[Any], kinds: set[type], column: object) -> str:
    """Take the kinds of missing cells out of `kinds`, and return which one there is."""
    found = [
        name
        for name, kind in (("None", type(None)), ("NA", type(pandas.NA)), ("NaT", type(pandas.NaT)))
        if kind in kinds
    ]
    kinds -= {type(None), type(pandas.NA), type(pandas.NaT)}
    if float in kinds and len(kinds) > 1 and all(math.isnan(cell) for cell in cells if type(cell) is float):
        found.append("nan")
        kinds.discard(float)
    if len(found) > 1:
        raise refuse_column(
            column,
            f"its missing cells are of several kinds ({', '.join(found)})",
            "use one, such as None, throughout",
        )
    return found[0] if found else "None"


def _checked(cells: list[Any], layout: ColumnLayout, column: object) -> pa.Array:
    try:
        array = _as_arrow(cells, layout)
    except (pa.ArrowException, UnicodeError, OverflowError, ValueError, TypeError) as error:
        raise refuse_column(column, f"{error}", _CONVERT) from error
    if layout.dtype in {"list", "dict", "ndarray", "Decimal", "datetime", "time"}:
        for before, after in zip(cells, array.to_pylist(), strict=True):
            if not _is_same(before, after):
                raise refuse_column(column, f"Arrow would change the cell {before!r:.60}", _CONVERT)
    return array


def _as_arrow(cells: list[Any], layout: ColumnLayout) -> pa.Array:
    if layout.dtype == "ndarray":
        dtypes = {(cell.dtype, cell.ndim) for cell in cells if cell is not None}
        if len(dtypes) > 1 or any(ndim != 1 or dtype.kind not in "biuf" for dtype, ndim in dtypes):
            raise InputError(
                "the arrays in it are not all of one numeric dtype and one dimension", kind="bad-column"
            )
        dtype = dtypes.pop()[0]
        return pa.array(cells, pa.large_list(pa.from_numpy_dtype(dtype)))
    return pa.array(cells, _TYPES[_NAMES[layout.dtype]], from_pandas=False)


def _is_same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return after is not None and np.array_equal(
            before, np.array(after, before.dtype), equal_nan=before.dtype.kind == "f"
        )
    if type(before) is not type(after):
        return False
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_is_same, before, after))
    if isinstance(before, dict):
        return list(before) == list(after) and all(_is_same(before[key], after[key]) for key in before)
    if isinstance(before, float):
        return before == after or (math.isnan(before) and math.isnan(after))
    if isinstance(before, dt.datetime | dt.time):
        return before == after and before.tzinfo is after.tzinfo
    return bool(before == after)
