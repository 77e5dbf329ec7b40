"""Any table as parts of Arrow of bounded size, for checks to go through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from stook import registry
from stook.frames.categories import plain_type
from stook.frames.codec import take_in
from stook.frames.links import LinkedTable

__all__ = ["Rows", "Whole", "gather", "is_frame", "is_stream", "one_row", "sliced", "take_whole"]

_ROWS_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a table.

    Attributes:
        table: The rows.
        start: The number of the first, from 0.
    """

    table: pa.Table
    start: int

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column in plain values: categories by what they stand for."""
        return _workable(self.table[name], plain_type)


@dataclass(frozen=True, slots=True)
class Whole:
    """A table that is all there.

    Attributes:
        value: The table as it was given.
        table: The same in Arrow, NaN of pandas as null; of a pandas frame without its index.
        is_row: Whether it is one row, made of what is no table.
    """

    value: object
    table: pa.Table
    is_row: bool = False


def is_frame(value: object) -> bool:
    """Tell whether the store would keep a value as a table."""
    return registry.find_codec_kind(value) == "frame"


def is_stream(value: object) -> bool:
    """Tell whether a table can be gone through only once, as far as anyone can tell."""
    package = type(value).__module__.partition(".")[0]
    whole = isinstance(value, pa.Table | pa.RecordBatch | LinkedTable) or package in {"pandas", "polars"}
    return is_frame(value) and not whole


def take_whole(value: Any) -> Whole:
    """Return a table that is all there, in Arrow.

    Raises:
        InputError: It cannot be kept exactly, for the reason that the error says.
    """
    frame = value.frame if isinstance(value, LinkedTable) else value
    intake = take_in(frame)
    pieces = list(intake.pieces)
    table = pieces[0] if len(pieces) == 1 else pa.concat_tables(pieces or [intake.schema.empty_table()])
    if intake.pandas is not None:
        table = table.select(range(len(intake.pandas.columns)))
    return Whole(frame, table)


def one_row(value: object) -> Whole | None:
    """Return a dict of plain values as a table of one row; None where it is none."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        return None
    columns = {}
    for key, cell in value.items():
        if not isinstance(cell, dict | list | tuple | set):
            try:
                columns[key] = pa.array([cell])
            except (pa.ArrowException, OverflowError):
                continue
    return Whole(value, pa.table(columns), is_row=True) if columns else None


def gather(table: pa.Table, places: Any) -> pa.Table:
    """Return the rows of a table at some places, in memory of their own."""
    columns = [_workable(column, lambda kind: kind) for column in table.columns]
    workable = pa.table(columns, names=table.column_names)
    try:
        return workable.take(places)
    except (
        pa.ArrowNotImplementedError
    ):  # as of a type within lists that Arrow can lay out but not choose from
        return pa.concat_tables([table.slice(place, 1) for place in places.to_pylist()])


def _workable(column: pa.ChunkedArray, plain: Callable[[pa.DataType], pa.DataType]) -> pa.ChunkedArray:
    """Return a column in a type that Arrow can compute with."""
    kind = plain(column.type)
    wanted = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}.get(kind, kind)
    return column if wanted == column.type else column.cast(kind).cast(wanted)


def sliced(table: pa.Table, start: int) -> Iterator[Rows]:
    """Yield a table some rows at a time; its first row has the number `start`."""
    for offset in range(0, table.num_rows, _ROWS_AT_ONCE):
        yield Rows(table.slice(offset, _ROWS_AT_ONCE), start + offset)
