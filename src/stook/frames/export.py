"""Stored tables as files of other formats."""

from __future__ import annotations

from typing import Any, BinaryIO

import pyarrow as pa

from stook.errors import InputError
from stook.frames.text import iter_csv
from stook.store.codec import Source

__all__ = ["write_csv", "write_feather"]


def write_csv(source: Source, out: BinaryIO) -> None:
    """Write a stored table as CSV, in a memory that does not grow with its rows. Raises as `iter_csv` does."""
    for piece in iter_csv(source):
        out.write(piece)


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
