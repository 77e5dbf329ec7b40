"""Stored Parquet to the Arrow table that went in; every byte is taken for hostile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stook.errors import FormatError, IntegrityError
from stook.frames.categories import restore, stored_categories
from stook.frames.layout import FOOTER_KEY, Layout, load
from stook.store.codec import Source

__all__ = ["BROKEN", "Stored", "damaged", "read"]

BROKEN = (pa.ArrowException, ValueError, TypeError, KeyError, IndexError, OverflowError, OSError)
"""What libraries raise over bytes that make no sense."""

_IN_MEMORY_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """A table as it was read: its layout, and its rows in the schema that went in."""

    layout: Layout
    table: pa.Table


def read(source: Source) -> Stored:
    """Read a stored table.

    Raises:
        IntegrityError: The bytes are not a table that Stook wrote.
        FormatError: They are of a version that this one does not know.
    """
    file = pa.BufferReader(source.read()) if source.size <= _IN_MEMORY_BYTES else source.open()
    try:
        return _read(file)
    except BROKEN as error:
        raise damaged(error) from error


def damaged(error: object) -> IntegrityError:
    """Return the error that says that the bytes of a table are broken."""
    return IntegrityError(
        f"the stored table is damaged: {error}",
        kind="bad-frame",
        hint="restore the item from another copy",
    )


def _read(file: Any) -> Stored:
    parquet = pq.ParquetFile(file, pre_buffer=True)
    layout = load((parquet.metadata.metadata or {}).get(FOOTER_KEY))
    schema = pa.ipc.read_schema(pa.py_buffer(layout.schema))
    plain = parquet.read()
    plain.validate(full=True)
    if plain.column_names != schema.names or (schema.names and plain.num_rows != layout.rows):
        raise FormatError("the stored table is not the one that its footer describes", kind="bad-frame")
    categories = stored_categories(schema, layout.categories)
    columns = [
        pa.chunked_array([restore(part, field.type, categories, (i,)) for part in _parts(column)], field.type)
        for i, (field, column) in enumerate(zip(schema, plain.columns, strict=True))
    ]
    return Stored(layout, pa.Table.from_arrays(columns, schema=schema))


def _parts(column: pa.ChunkedArray) -> list[pa.Array]:
    """Return the arrays of a column, at least one: an empty one has categories too."""
    return column.chunks or [pa.array([], column.type)]
