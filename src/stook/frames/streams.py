"""A table that comes in parts, and is kept as one without ever being whole in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from stook.errors import InputError
from stook.frames.intake import Intake, from_arrow

__all__ = ["Stream"]


class Stream:
    """Frames of one schema, in order; can be gone through once.

    Args:
        parts: Arrow tables and record batches, pandas or polars frames. Of pandas frames the index is left out. What is
            kept comes back as polars' where the first part is that, else as an Arrow table.
    """

    def __init__(self, parts: Iterator[object]) -> None:
        self._parts = parts

    def intake(self) -> Intake:
        """Begin to take the parts in.

        Raises:
            InputError: There is no first part, so that nobody knows the columns; or it is no table. While the pieces
                are gone through: a later part has other columns.
        """
        first = next(self._parts, None)
        if first is None:
            raise InputError(
                "the stream has no parts, so its columns are not known",
                kind="empty-stream",
                hint="yield one empty frame that has the columns",
            )
        begun = _take_in(first)
        return replace(begun, pieces=self._pieces(begun), type=_type_of(begun))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the parts to any library that speaks Arrow."""
        begun = self.intake()
        batches = (batch for piece in begun.pieces for batch in piece.to_batches())
        return pa.RecordBatchReader.from_batches(begun.schema, batches).__arrow_c_stream__(requested_schema)

    def _pieces(self, begun: Intake) -> Iterator[pa.Table]:
        yield from begun.pieces
        for number, part in enumerate(self._parts, 2):
            for piece in _take_in(part).pieces:
                yield _fitted(piece, begun.schema, number)


def _take_in(part: Any) -> Intake:
    package = type(part).__module__.partition(".")[0]
    if package == "polars":
        from stook.frames.polars_frames import from_polars

        return from_polars(part)
    if package == "pandas":
        return from_arrow(pa.Table.from_pandas(part, preserve_index=False).replace_schema_metadata(None))
    return from_arrow(part)


def _type_of(begun: Intake) -> str:
    return "Table" if begun.library == "arrow" else begun.type


def _fitted(piece: pa.Table, schema: pa.Schema, number: int) -> pa.Table:
    """Return a part with the types of the first; a column that is all null in one of them has no type of its own."""
    if piece.schema.equals(schema):
        return piece
    if piece.column_names == schema.names:
        try:
            return piece.cast(schema)
        except pa.ArrowException as error:
            raise _misfit(number, str(error)) from error
    raise _misfit(number, f"it has the columns {', '.join(piece.column_names)}")


def _misfit(number: int, problem: str) -> InputError:
    return InputError(
        f"part {number} of the stream does not fit the first one: {problem}",
        kind="uneven-stream",
        hint="let all parts have the columns of the first one, with its types",
    )
