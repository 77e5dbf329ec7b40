"""pandas frames to Arrow and back, with index, column labels and attrs."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from stook.errors import InputError, MissingExtraError
from stook.format import values as plain
from stook.frames.categories import dump_arrays, load_arrays
from stook.frames.intake import Intake, refuse_type
from stook.frames.layout import IndexLayout, PandasLayout
from stook.frames.logical import refuse_column
from stook.frames.pandas_columns import from_column, to_column
from stook.frames.pandas_extras import Parts, are_names, frame_extras
from stook.frames.reading import Stored

__all__ = ["from_arrow", "from_pandas", "import_pandas", "to_pandas"]

_Index = tuple[list[Any], IndexLayout]


def import_pandas() -> Any:
    """Return the pandas module.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError(
            "pandas is not installed, so the table cannot be had as a pandas frame",
            kind="missing-extra",
            hint="pip install 'stook[pandas]', or call .to_arrow() instead",
        ) from error
    return pandas


def from_pandas(value: Any) -> Intake:
    """Take in a DataFrame or a Series.

    Raises:
        InputError: A column cannot be kept exactly, two have one name, or it is another pandas object.
    """
    pandas = import_pandas()
    is_series = type(value) is pandas.Series
    if not is_series and type(value) is not pandas.DataFrame:
        raise refuse_type(value)
    frame = value.to_frame(name=value.name) if is_series else value
    _refuse_duplicates(frame.columns)
    columns = [from_column(pandas, frame.iloc[:, i], label) for i, label in enumerate(frame.columns)]
    index_arrays, index = _from_index(pandas, frame.index, "the index")
    label_arrays, labels = _from_index(pandas, frame.columns, "the column names")
    if label_arrays and not are_names(labels, frame.columns):
        labels = _with_stored(labels, label_arrays)
    names = _column_names(frame.columns) + _index_names(frame)
    table = pa.table(dict(zip(names, [array for array, _ in columns] + index_arrays, strict=True)))
    layout = PandasLayout(
        columns=tuple(layout for _, layout in columns),
        labels=labels,
        index=index,
        attrs=_dump_plain(frame.attrs, "df.attrs") if frame.attrs else None,
    )
    arrays = [array for array, _ in columns]
    extras = frame_extras(layout, Parts(names, arrays, index_arrays, label_arrays, len(frame), is_series))
    type_name = "Series" if is_series else "DataFrame"
    return Intake("pandas", type_name, table.schema, (_with_rows(table, len(frame)),), layout, extras)


def to_pandas(stored: Stored, layout: PandasLayout) -> Any:
    """Return a stored table as the pandas object that it was."""
    pandas = import_pandas()
    count = len(layout.columns)
    columns = [
        to_column(pandas, c, how) for c, how in zip(stored.table.columns[:count], layout.columns, strict=True)
    ]
    index = _to_index(pandas, layout.index, stored.table.columns[count:])
    names = [pa.chunked_array([pa.array(stored.table.column_names[:count], pa.large_string())])]
    labels = _to_index(pandas, layout.labels, names)
    cells = {i: pandas.Series(c, index=index, dtype=c.dtype, copy=False) for i, c in enumerate(columns)}
    frame = pandas.DataFrame(cells, index=index)
    frame.columns = labels
    frame.attrs = plain.load(layout.attrs) if layout.attrs else {}
    if len(frame) != stored.layout.rows:
        raise ValueError("the stored index is not as long as the table")
    return frame.iloc[:, 0] if stored.layout.type == "Series" else frame


def from_arrow(table: pa.Table, rows: int) -> Any:
    """Return an Arrow table as a pandas DataFrame; whole numbers and booleans with nulls become nullable dtypes."""
    pandas = import_pandas()
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        nullable = _NULLABLE.get(column.type) if column.null_count else None
        columns[name] = (
            pandas.api.types.pandas_dtype(nullable).__from_arrow__(column) if nullable else column.to_pandas()
        )
    return pandas.DataFrame(columns, index=pandas.RangeIndex(rows))


def _from_index(pandas: Any, index: Any, what: str) -> _Index:
    names = _dump_plain(list(index.names), f"the names of {what}")
    if isinstance(index, pandas.RangeIndex):
        return [], IndexLayout(names, range=(index.start, index.stop, index.step))
    multi = isinstance(index, pandas.MultiIndex)
    levels = [index.get_level_values(i) for i in range(index.nlevels)] if multi else [index]
    pairs = [from_column(pandas, pandas.Series(level), what) for level in levels]
    layouts = tuple(layout for _, layout in pairs)
    return [array for array, _ in pairs], IndexLayout(
        names, layouts, multi=multi, freq=_frequency(pandas, index)
    )


def _to_index(pandas: Any, layout: IndexLayout, columns: list[Any]) -> Any:
    names: Any = plain.load(layout.names)
    if layout.range is not None:
        return pandas.RangeIndex(*layout.range, name=names[0])
    if layout.stored is not None:
        columns = [pa.chunked_array([array]) for array in load_arrays(layout.stored)]
    levels = [to_column(pandas, c, how) for c, how in zip(columns, layout.levels, strict=True)]
    if layout.multi:
        return pandas.MultiIndex.from_arrays(levels, names=names)
    index = pandas.Index(levels[0], dtype=levels[0].dtype, name=names[0])
    if layout.freq is not None:
        index.freq = layout.freq
    return index


def _frequency(pandas: Any, index: Any) -> str | None:
    freq = getattr(index, "freq", None)
    if freq is None or not isinstance(index, pandas.DatetimeIndex | pandas.TimedeltaIndex):
        return None
    try:
        return freq.freqstr if pandas.tseries.frequencies.to_offset(freq.freqstr) == freq else None
    except ValueError:
        return None


def _with_stored(labels: IndexLayout, arrays: list[Any]) -> IndexLayout:
    whole = [a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for a in arrays]
    return IndexLayout(
        labels.names, labels.levels, multi=labels.multi, freq=labels.freq, stored=dump_arrays(whole)
    )


def _refuse_duplicates(labels: Any) -> None:
    if labels.has_duplicates:
        label = labels[labels.duplicated()][0]
        raise refuse_column(label, "another column has the same name", "rename one of them")


def _column_names(labels: Any) -> list[str]:
    names = [label if isinstance(label, str) else str(label) for label in labels]
    return names if len(set(names)) == len(names) else [f"column_{i}" for i in range(len(names))]


def _index_names(frame: Any) -> list[str]:
    import pandas

    if isinstance(frame.index, pandas.RangeIndex):
        return []
    taken = set(_column_names(frame.columns))
    names = []
    for position, name in enumerate(frame.index.names):
        fallback = f"__index_level_{position}__"
        while fallback in taken:
            fallback += "_"
        names.append(name if isinstance(name, str) and name not in taken else fallback)
        taken.add(names[-1])
    return names


def _dump_plain(value: object, what: str) -> bytes:
    try:
        return plain.dump(value)
    except InputError as error:
        raise InputError(
            f"{what} cannot be kept: {error.message}", kind="bad-frame", hint=error.hint
        ) from error


def _with_rows(table: pa.Table, rows: int) -> pa.Table:
    """Return the table, which where it has no columns shall know its number of rows all the same."""
    if table.num_columns:
        return table
    return pa.table({"": pa.nulls(rows)}).select([])


_NULLABLE = {pa.bool_(): "boolean"} | {
    getattr(pa, f"{sign}int{bits}")(): f"{sign.upper()}Int{bits}"
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}
