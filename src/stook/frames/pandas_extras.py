"""What of a pandas frame counts in its digest beside columns and rows: index, column names, attrs, kinds of columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from stook.format import values as plain
from stook.frames.categories import load_arrays
from stook.frames.digest import digest_array
from stook.frames.layout import ColumnLayout, IndexLayout, Layout, PandasLayout
from stook.frames.logical import logical_type
from stook.frames.pandas_columns import column_mark

__all__ = ["Parts", "are_names", "frame_extras", "stored_extras"]

_NAMES = frozenset({"object", "string", "arrow"})


@dataclass(frozen=True, slots=True)
class Parts:
    """The arrays of a pandas frame, of which only the dictionaries are looked at; those of its labels whole.

    Attributes:
        names: The names of the table's columns: those of the frame's, then those of its index.
        columns: The frame's columns.
        index: The levels of its index; none for a range.
        labels: The levels of its column names; none for a range.
        rows: How many rows.
        is_series: Whether it was a Series.
    """

    names: Sequence[str]
    columns: Sequence[Any]
    index: Sequence[Any]
    labels: Sequence[Any]
    rows: int
    is_series: bool


def frame_extras(layout: PandasLayout, parts: Parts) -> dict[str, object] | None:
    """Return what counts of a frame beside columns and rows; None where nothing."""
    pairs = zip(parts.names, parts.columns, layout.columns, strict=False)
    extras = {
        "index": _index_mark(layout.index, parts.index, parts.rows),
        "labels": _labels_mark(layout.labels, parts.labels),
        "attrs": plain.load(layout.attrs) if layout.attrs else {},
        "columns": {name: mark for name, array, how in pairs if (mark := column_mark(array, how))},
        "series": parts.is_series,
    }
    return {key: extra for key, extra in extras.items() if extra} or None


def stored_extras(layout: Layout, first: pa.Table) -> dict[str, object] | None:
    """Return the same of a stored frame.

    Args:
        layout: The layout of a pandas frame.
        first: Some of its rows, in the schema that went in.
    """
    if layout.pandas is None:
        return None
    arrays = [column.chunk(0) if column.num_chunks else None for column in first.columns]
    count = len(layout.pandas.columns)
    parts = Parts(
        names=first.column_names,
        columns=arrays[:count],
        index=arrays[count:],
        labels=_stored_labels(layout.pandas.labels, first.column_names[:count]),
        rows=layout.rows,
        is_series=layout.type == "Series",
    )
    return frame_extras(layout.pandas, parts)


def are_names(layout: IndexLayout, labels: Iterable[object]) -> bool:
    """Tell whether column names can be had again from those of the table: plain texts in one level, no categories."""
    if layout.range is not None or layout.multi or any(level.kind not in _NAMES for level in layout.levels):
        return False
    return all(type(label) is str for label in labels)


def _stored_labels(layout: IndexLayout, names: Sequence[str]) -> list[Any]:
    if layout.stored is not None:
        return load_arrays(layout.stored)
    if layout.range is not None:
        return []
    is_untyped = not names and layout.levels[0].kind == "object"
    return [pa.nulls(0) if is_untyped else pa.array(names, pa.large_string())]


def _index_mark(layout: IndexLayout, arrays: Sequence[Any], rows: int) -> object:
    names = plain.load(layout.names)
    if layout.range == (0, rows, 1) and names == [None]:
        return None
    return [names, list(layout.range or ()), layout.multi, _marks(arrays, layout.levels)]


def _labels_mark(layout: IndexLayout, arrays: Sequence[Any]) -> object:
    names = plain.load(layout.names)
    if layout.stored is None and layout.range is None and names == [None]:
        return None
    digests = [digest_array(array, logical_type(array.type, "the column names")) for array in arrays]
    return [names, list(layout.range or ()), layout.multi, digests, _marks(arrays, layout.levels)]


def _marks(arrays: Sequence[Any], layouts: tuple[ColumnLayout, ...]) -> list[object]:
    return [column_mark(array, layout) for array, layout in zip(arrays, layouts, strict=True)]
