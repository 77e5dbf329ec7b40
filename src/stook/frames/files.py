"""Tables from files, so that nothing of what they say is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stook.errors import InputError
from stook.frames.csv_files import CsvFile
from stook.frames.json_files import JsonFile
from stook.frames.table_names import FORMATS, find_format

__all__ = ["TableOptions", "read_table"]


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How to read tables.

    Attributes:
        format: A key of `FORMATS`; by the file's name where empty.
        delimiter: What separates the cells of CSV; by the format where empty.
        sheet: Name of the sheet of a workbook; may be empty where there is one.
    """

    format: str = ""
    delimiter: str = ""
    sheet: str = ""


def read_table(path: Path, options: TableOptions | None = None, *, name: str = "") -> Any:
    """Return the table in a file, as an Arrow table or as a reader of one whose rows are read as they are asked for.

    Args:
        path: The file. Text may be packed by gzip or zstd.
        options: How to read it.
        name: How errors call it; the path where empty.

    Raises:
        InputError: It is no such table; the error names the row.
        MissingExtraError: A library for it is not installed.
    """
    options = options or TableOptions()
    name = name or str(path)
    kind = options.format or find_format(name)
    if kind not in FORMATS.values():
        known = ", ".join(sorted(set(FORMATS.values())))
        raise InputError(
            f"{name} is no table by its name" if not kind else f"{kind!r} is no format of tables",
            kind="unknown-format",
            hint=f"say what it is by --format: {known}",
        )
    _check_delimiter(options.delimiter)
    match kind:
        case "csv" | "tsv":
            return CsvFile(path, name, options.delimiter or {"csv": ",", "tsv": "\t"}[kind]).read()
        case "json" | "jsonl":
            return JsonFile(path, name, by_line=kind == "jsonl").read()
        case "parquet":
            return _read_parquet(path, name)
        case "arrow":
            return _read_arrow(path, name)
        case _:
            from stook.frames.excel_files import read_sheet

            return read_sheet(path, name, options.sheet)


def _check_delimiter(delimiter: str) -> None:
    if delimiter and (len(delimiter) > 1 or not delimiter.isascii() or delimiter in '\r\n"'):
        raise InputError(
            f"{delimiter!r} cannot separate the cells of a table",
            kind="bad-option",
            hint="give one letter: --delimiter ';'",
        )


def _read_parquet(path: Path, name: str) -> pa.RecordBatchReader:
    with _translated(name):
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    return pa.RecordBatchReader.from_batches(schema, _batches(file, name))


def _batches(file: Any, name: str) -> Iterator[pa.RecordBatch]:
    with _translated(name):
        yield from file.iter_batches()


def _read_arrow(path: Path, name: str) -> pa.Table:
    import pyarrow.feather

    with _translated(name), pa.OSFile(str(path)) as file:
        start = file.read(6)
        file.seek(0)
        if start == b"ARROW1":
            return pa.ipc.open_file(file).read_all()
        if start.startswith(b"FEA1"):
            return pyarrow.feather.read_table(file)
        return pa.ipc.open_stream(file).read_all()


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise InputError(
            f"{name} cannot be read as a table: {first:.200}", kind="bad-table-file", hint="make it anew"
        ) from error
