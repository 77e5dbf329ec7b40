"""Stored Parquet to the Arrow table that went in; every byte is taken for hostile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stook.errors import FormatError, IntegrityError
from stook.frames.categories import restore, stored_categories
from stook.frames.layout import FOOTER_KEY, Layout, load
from stook.store.codec import Source

__all__ = ["BROKEN", "Stored", "damaged", "iter_tables", "read", "read_schema"]

BROKEN = (pa.ArrowException, ValueError, TypeError, KeyError, IndexError, OverflowError, OSError)
"""What libraries raise over bytes that make no sense."""

_BUFFER_BYTES = 1 << 20
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
    try:
        if source.size > _IN_MEMORY_BYTES:
            return _read(source.open(), in_threads=False)
        return _read(pa.BufferReader(_native(source)), in_threads=True)
    except BROKEN as error:
        raise damaged(error) from error


def damaged(error: object) -> IntegrityError:
    """Return the error that says that the bytes of a table are broken."""
    return IntegrityError(
        f"the stored table is damaged: {error}",
        kind="bad-frame",
        hint="stook verify --deep",
    )


def iter_tables(source: Source, rows: int) -> Iterator[pa.Table]:
    """Yield a stored table in parts of some rows, in the schema that went in; at least one part, which may be empty.

    Raises:
        IntegrityError: The bytes are not a table that Stook wrote.
        FormatError: They are of a version that this one does not know.
    """
    try:
        opened = _open(source.open(), pre_buffer=False)
        none = True
        for batch in opened.file.iter_batches(batch_size=rows, use_threads=False):
            none = False
            plain = pa.Table.from_batches([batch])
            plain.validate(full=True)
            yield _restored(plain, opened)
        if none:
            yield _restored(opened.file.schema_arrow.empty_table(), opened)
    except BROKEN as error:
        raise damaged(error) from error


def read_schema(source: Source) -> tuple[Layout, pa.Schema]:
    """Return a stored table's layout, and the schema that went in, from its footer alone.

    Raises:
        IntegrityError: The bytes are not a table that Stook wrote.
        FormatError: They are of a version that this one does not know.
    """
    try:
        opened = _open(source.open(), pre_buffer=False)
    except BROKEN as error:
        raise damaged(error) from error
    return opened.layout, opened.schema


@dataclass(frozen=True, slots=True)
class _Opened:
    file: pq.ParquetFile
    layout: Layout
    schema: pa.Schema
    categories: dict[tuple[int, ...], pa.Array]


def _open(file: Any, *, pre_buffer: bool) -> _Opened:
    parquet = pq.ParquetFile(file, pre_buffer=pre_buffer, buffer_size=0 if pre_buffer else _BUFFER_BYTES)
    layout = load((parquet.metadata.metadata or {}).get(FOOTER_KEY))
    schema = pa.ipc.read_schema(pa.py_buffer(layout.schema))
    if parquet.schema_arrow.names != schema.names:
        raise FormatError("the stored table is not the one that its footer describes", kind="bad-frame")
    return _Opened(parquet, layout, schema, stored_categories(schema, layout.categories))


def _native(source: Source) -> pa.Buffer:
    """Read into memory of Arrow's own.

    Arrow's threads may drop what they read only when Python is about to exit; with memory of Python, or a file of
    Python, that aborts the process.
    """
    buffer = pa.allocate_buffer(source.size)
    memoryview(buffer).cast("B")[:] = source.read()
    return buffer


def _read(file: Any, *, in_threads: bool) -> Stored:
    opened = _open(file, pre_buffer=in_threads)
    plain = opened.file.read(use_threads=in_threads)
    plain.validate(full=True)
    if opened.schema.names and plain.num_rows != opened.layout.rows:
        raise FormatError("the stored table is not the one that its footer describes", kind="bad-frame")
    return Stored(opened.layout, _restored(plain, opened))


def _restored(plain: pa.Table, opened: _Opened) -> pa.Table:
    columns = [
        pa.chunked_array(
            [restore(part, field.type, opened.categories, (i,)) for part in _parts(column)], field.type
        )
        for i, (field, column) in enumerate(zip(opened.schema, plain.columns, strict=True))
    ]
    return pa.Table.from_arrays(columns, schema=opened.schema)


def _parts(column: pa.ChunkedArray) -> list[pa.Array]:
    """Return the arrays of a column, at least one: an empty one has categories too."""
    return column.chunks or [pa.array([], column.type)]
