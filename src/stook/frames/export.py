"""Stored tables as files of other formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

import pyarrow as pa

from stook.errors import InputError
from stook.frames.intake import Intake
from stook.frames.links import resolver
from stook.frames.parquet import write
from stook.frames.reading import iter_tables, read_schema
from stook.frames.text import iter_csv
from stook.store.codec import Source

__all__ = ["write_csv", "write_feather", "write_parquet"]

_ROWS = 65_536


def write_csv(source: Source, meta: Mapping[str, object], out: BinaryIO) -> None:
    """Write a stored table as CSV, in a memory that does not grow with its rows. Raises as `iter_csv` does."""
    for piece in iter_csv(source, meta):
        out.write(piece)


def write_parquet(source: Source, meta: Mapping[str, object], out: BinaryIO) -> None:
    """Write a stored table as Parquet again, with paths for who reads in place of links.

    Raises:
        IntegrityError: The bytes are not a table that Stook wrote, or a cell links to no file.
    """
    layout, schema = read_schema(source)
    pieces = map(resolver(source, meta), iter_tables(source, _ROWS))
    write(Intake(layout.library, layout.type, schema, pieces, layout.pandas), out)


def write_feather(table: Any, out: BinaryIO) -> None:
    """Write an Arrow table as Feather: Arrow's IPC file, with LZ4.

    Raises:
        InputError: The format cannot have a column of it.
    """
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    sink = pa.PythonFile(out, mode="w")
    try:
        with pa.ipc.new_file(sink, table.schema, options=options) as writer:
            writer.write_table(table.unify_dictionaries())
    except pa.ArrowException as error:
        raise InputError(
            f"the table cannot be written as Feather: {error}",
            kind="bad-table",
            hint="check it out as it is stored: --format parquet",
        ) from error
