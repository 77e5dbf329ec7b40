"""One pandas column to Arrow and back, whatever its dtype."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as pat

from stook.errors import FormatError
from stook.frames.categories import dump_arrays, load_arrays
from stook.frames.digest import digest_array
from stook.frames.layout import ColumnLayout
from stook.frames.logical import logical_type, refuse_column
from stook.frames.pandas_objects import from_objects, to_objects

__all__ = ["column_mark", "from_column", "to_column"]


def from_column(pandas: Any, series: Any, column: object) -> tuple[Any, ColumnLayout]:
    """Return a Series as Arrow values, and what its dtype was.

    Args:
        pandas: The pandas module.
        series: The column, or a level of an index as a Series.
        column: What to call it in an error.

    Raises:
        InputError: It cannot be kept exactly.
    """
    dtype = series.dtype
    for kind, convert in (
        (pandas.CategoricalDtype, _from_category),
        (pandas.DatetimeTZDtype, _from_zoned),
        (pandas.PeriodDtype, _from_period),
        (pandas.IntervalDtype, _from_interval),
        (pandas.StringDtype, _from_string),
        (pandas.ArrowDtype, _from_arrow),
    ):
        if isinstance(dtype, kind):
            return convert(pandas, series, column)
    if isinstance(dtype, np.dtype):
        return _from_numpy(pandas, series, column)
    if type(dtype).__name__ in _MASKED and type(dtype).__module__.partition(".")[0] == "pandas":
        return pa.array(series.array), ColumnLayout("masked", str(dtype))
    raise refuse_column(column, f"its dtype {dtype} is none that Stook keeps", "cast it with .astype first")


def to_column(pandas: Any, values: pa.ChunkedArray, layout: ColumnLayout) -> Any:
    """Return Arrow values as the pandas array that they were."""
    try:
        convert = _BACK[layout.kind]
    except KeyError as error:
        raise FormatError(
            f"a stored pandas column is of the unknown kind {layout.kind!r}",
            kind="bad-frame",
            hint="upgrade stook",
        ) from error
    return convert(pandas, values, layout)


def column_mark(array: Any, layout: ColumnLayout) -> object:
    """Return what of a layout counts in the digest beside the Arrow type and values; None where nothing."""
    if layout.kind == "period":
        return ["period", layout.dtype]
    if layout.kind == "interval" and layout.inner is not None:
        return ["interval", layout.closed, column_mark(None, layout.inner)]
    if layout.kind == "category" and layout.inner is not None:
        stored = load_arrays(layout.stored)[0] if layout.stored is not None else array.dictionary
        levels = digest_array(stored, logical_type(stored.type, ""))
        return ["category", layout.ordered, levels, column_mark(None, layout.inner)]
    return None


def _from_numpy(pandas: Any, series: Any, column: object) -> tuple[Any, ColumnLayout]:
    dtype = series.dtype
    if dtype.kind == "O":
        return from_objects(pandas, series.tolist(), column)
    if not dtype.isnative or dtype.kind not in "biufMm" or dtype.itemsize > 8:
        raise refuse_column(column, f"its dtype {dtype} is none that Arrow has", "cast it with .astype first")
    kind = {"M": "datetime", "m": "timedelta"}.get(dtype.kind, "numpy")
    return pa.array(series.to_numpy(), from_pandas=True), ColumnLayout(kind, dtype.str)


def _to_numpy(pandas: Any, values: pa.ChunkedArray, layout: ColumnLayout) -> Any:
    return values.to_numpy(zero_copy_only=False).astype(np.dtype(layout.dtype), copy=False)


def _to_zoned(pandas: Any, values: pa.ChunkedArray, layout: ColumnLayout) -> Any:
    naive = values.cast(pa.timestamp(values.type.unit)).to_numpy(zero_copy_only=False)
    return pandas.DatetimeIndex(naive).tz_localize("UTC").tz_convert(_revive_zone(layout.zone)).array


def _to_masked(pandas: Any, values: pa.ChunkedArray, layout: ColumnLayout) -> Any:
    return pandas.api.types.pandas_dtype(layout.dtype).__from_arrow__(values)


def _to_string(pandas: Any, values: pa.ChunkedArray, layout: ColumnLayout) -> Any:
    missing = np.nan if layout.missing == "nan" else pandas.NA
    return pandas.StringDtype(layout.storage, na_value=missing).__from_arrow__(values)


def _to_arrow(pandas: Any, values: pa.ChunkedArray, layout: ColumnLayout) -> Any:
    return pandas.arrays.ArrowExtensionArray(values)


def _to_period(pandas: Any, values: pa.ChunkedArray, layout: ColumnLayout) -> Any:
    ordinals = values.fill_null(np.iinfo(np.int64).min).to_numpy()
    return pandas.arrays.PeriodArray(ordinals.copy(), dtype=pandas.PeriodDtype(layout.dtype))


def _from_string(pandas: Any, series: Any, column: object) -> tuple[Any, ColumnLayout]:
    dtype = series.dtype
    missing = "NA" if dtype.na_value is pandas.NA else "nan"
    try:
        values = pa.array(series.array, from_pandas=True).cast(pa.large_string())
    except UnicodeError as error:
        raise refuse_column(
            column, f"a text in it is not valid Unicode ({error})", "keep it as bytes"
        ) from error
    return values, ColumnLayout("string", "string", storage=dtype.storage, missing=missing)


def _from_arrow(pandas: Any, series: Any, column: object) -> tuple[Any, ColumnLayout]:
    return pa.chunked_array(series.array.__arrow_array__()), ColumnLayout("arrow")


def _from_zoned(pandas: Any, series: Any, column: object) -> tuple[Any, ColumnLayout]:
    zone = _describe_zone(series.dtype.tz)
    if zone is None:
        raise refuse_column(
            column, f"its time zone {series.dtype.tz!r} has no key", "use .dt.tz_convert('UTC')"
        )
    kind, _, value = zone.partition(":")
    name = value if kind != "fixed" else _offset_name(float(value))
    naive = series.dt.tz_convert(None).to_numpy()
    return pa.array(naive).cast(pa.timestamp(series.dtype.unit, name)), ColumnLayout("zoned", zone=zone)


def _from_period(pandas: Any, series: Any, column: object) -> tuple[Any, ColumnLayout]:
    ordinals = series.array.asi8
    return pa.array(ordinals, mask=np.asarray(series.isna())), ColumnLayout(
        "period", str(series.dtype)[len("period[") : -1]
    )


def _from_interval(pandas: Any, series: Any, column: object) -> tuple[Any, ColumnLayout]:
    ends = [
        from_column(pandas, pandas.Series(end), column) for end in (series.array.left, series.array.right)
    ]
    missing = pa.array(np.asarray(series.isna()))
    values = pa.StructArray.from_arrays([ends[0][0], ends[1][0]], ["left", "right"], mask=missing)
    return values, ColumnLayout("interval", closed=series.dtype.closed, inner=ends[0][1])


def _to_interval(pandas: Any, values: pa.ChunkedArray, layout: ColumnLayout) -> Any:
    ends = values.flatten()
    left, right = (pandas.Index(to_column(pandas, end, _inner(layout))) for end in ends)
    return pandas.arrays.IntervalArray.from_arrays(left, right, closed=layout.closed)


def _from_category(pandas: Any, series: Any, column: object) -> tuple[Any, ColumnLayout]:
    codes = pa.array(series.cat.codes.to_numpy(), mask=np.asarray(series.isna()))
    kinds = series.cat.categories
    values, inner = from_column(pandas, pandas.Series(kinds), column)
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    stored = None
    if not _can_be_looked_up(values.type):
        stored, values = dump_arrays([values]), pa.array([str(kind) for kind in kinds], pa.large_string())
    if len(values.unique()) < len(values):
        raise refuse_column(column, "two of its categories have one name", "rename one of them")
    layout = ColumnLayout("category", ordered=bool(series.cat.ordered), inner=inner, stored=stored)
    return pa.DictionaryArray.from_arrays(codes, values, ordered=bool(series.cat.ordered)), layout


def _to_category(pandas: Any, values: pa.ChunkedArray, layout: ColumnLayout) -> Any:
    joined = values.combine_chunks()
    joined = joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)
    stored = load_arrays(layout.stored)[0] if layout.stored is not None else joined.dictionary
    kinds = pandas.Index(to_column(pandas, pa.chunked_array([stored]), _inner(layout)))
    codes = joined.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return pandas.Categorical.from_codes(codes, categories=kinds, ordered=layout.ordered)


def _can_be_looked_up(kind: pa.DataType) -> bool:
    return bool(
        pat.is_large_string(kind) or pat.is_string(kind) or pat.is_integer(kind) or pat.is_temporal(kind)
    )


def _inner(layout: ColumnLayout) -> ColumnLayout:
    if layout.inner is None:
        raise ValueError("a column does not say what is in it")
    return layout.inner


def _describe_zone(zone: dt.tzinfo) -> str | None:
    if isinstance(zone, zoneinfo.ZoneInfo):
        return f"key:{zone.key}" if zone.key else None
    if isinstance(zone, dt.timezone):
        offset = zone.utcoffset(None).total_seconds()
        return f"fixed:{offset}" if offset % 60 == 0 else None
    name = getattr(zone, "zone", None)
    return f"pytz:{name}" if type(zone).__module__.startswith("pytz") and name else None


def _revive_zone(text: str) -> dt.tzinfo:
    kind, _, value = text.partition(":")
    if kind == "fixed":
        return dt.timezone(dt.timedelta(seconds=float(value)))
    if kind == "pytz":
        try:
            from importlib import import_module

            pytz = import_module("pytz")
        except ImportError:
            return zoneinfo.ZoneInfo(value)
        revived: dt.tzinfo = pytz.timezone(value)
        return revived
    return zoneinfo.ZoneInfo(value)


def _offset_name(seconds: float) -> str:
    minutes = abs(int(seconds)) // 60
    return "UTC" if not minutes else f"{'-' if seconds < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


_MASKED = frozenset(f"{sign}Int{bits}Dtype" for sign in ("", "U") for bits in (8, 16, 32, 64)) | {
    "Float32Dtype",
    "Float64Dtype",
    "BooleanDtype",
}
_BACK = {
    "numpy": _to_numpy,
    "datetime": _to_numpy,
    "timedelta": _to_numpy,
    "zoned": _to_zoned,
    "masked": _to_masked,
    "string": _to_string,
    "arrow": _to_arrow,
    "category": _to_category,
    "period": _to_period,
    "interval": _to_interval,
    "object": to_objects,
}
