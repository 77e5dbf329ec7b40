"""A plain file as a table of text cells, one row each, in the order of the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from stook.errors import InputError
from stook.scoring.transactions.source import PlainFile

__all__ = ["Cells", "read_cells"]

# The largest record that can be read: Arrow wants it whole in one block.
_BLOCK = 64 << 20
_MAX_COLUMNS = 2_000


@dataclass(frozen=True)
class Cells:
    """Text cells as they were found.

    Attributes:
        header: Column names as the file has them, stripped.
        table: `row` (int64, 1 = first row after the header) and `f0`, `f1`, … (string, null where empty).
        broken: Rows that do not have as many cells as the header: `row` and `text`.
    """

    header: tuple[str, ...]
    table: pa.Table
    broken: pa.Table


def read_cells(file: PlainFile) -> Cells:
    """Read every cell as text.

    Raises:
        InputError: There is no header, no row, or the file cannot be read as what it claims to be.
    """
    try:
        cells = _read_parquet(file.path) if file.is_parquet else _read_csv(file)
    except (pa.ArrowInvalid, OSError) as error:
        problem = " ".join(str(error).replace(str(file.path), file.name).split())
        raise InputError(
            f"cannot read {file.name}: {problem[:300]}",
            kind="unreadable-input",
            hint="check that it is a whole CSV or Parquet file, with every quote closed",
        ) from error
    if not cells.table.num_rows and not cells.broken.num_rows:
        raise InputError(
            f"{file.name} has a header and no rows", kind="no-rows", hint="give a file with transactions"
        )
    return cells


def _read_csv(file: PlainFile) -> Cells:
    header, delimiter = _read_header(file)
    wrong: list[tuple[int, str]] = []

    def keep(row: pa_csv.InvalidRow) -> str:
        wrong.append((row.number - 1, row.text))
        return "skip"

    names = [f"f{position}" for position in range(len(header))]
    table = pa_csv.read_csv(
        # From a path, Arrow would unpack whatever is called .gz, though it is plain text.
        pa.OSFile(str(file.path)),
        # Row numbers of broken rows are only known to a single thread.
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=_BLOCK, autogenerate_column_names=True, skip_rows_after_names=1
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    _refuse_open_quote(file, table, wrong)
    broken = pa.table(
        {
            "row": pa.array([number for number, _ in wrong], pa.int64()),
            "text": pa.array([text for _, text in wrong], pa.string()),
        }
    )
    return Cells(header, _numbered(table, [number for number, _ in wrong]), broken)


def _refuse_open_quote(file: PlainFile, table: pa.Table, wrong: Sequence[tuple[int, str]]) -> None:
    """A quote that is never closed makes one cell of all that follows: an error, or those rows would just be gone."""
    torn = [number for number, text in wrong if "\n" in text and text.count('"') % 2]
    last = table.column(table.num_columns - 1)
    if table.num_rows and "\n" in (last[-1].as_py() or ""):
        with open(file.path, "rb") as raw:
            raw.seek(-min(64, file.path.stat().st_size), 2)
            torn += [] if raw.read().rstrip().endswith(b'"') else [table.num_rows + len(wrong)]
    if torn:
        raise InputError(
            f"{file.name}: row {torn[0]} opens a quote that is never closed",
            kind="unreadable-input",
            hint='close it, or double it where it is part of the text: ""',
            row=torn[0],
        )


def _read_header(file: PlainFile) -> tuple[tuple[str, ...], str]:
    with open(file.path, encoding="utf-8-sig", newline="") as text:
        start = text.read(_BLOCK >> 6)
    first = start.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    csv.field_size_limit(1 << 30)
    header = tuple(
        name.strip() for name in next(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), [])
    )
    if not any(header) or len(header) > _MAX_COLUMNS:
        raise InputError(
            f"{file.name} has no header that can be read: {len(header)} columns in its first line",
            kind="no-header",
            hint="give a file with a line of column names first, and at most 2,000 of them",
        )
    return header, delimiter


def _numbered(table: pa.Table, taken: Sequence[int]) -> pa.Table:
    import numpy as np

    numbers = np.arange(1, table.num_rows + len(taken) + 1)
    return table.add_column(0, "row", pa.array(np.delete(numbers, [number - 1 for number in taken])))


def _read_parquet(path: Path) -> Cells:
    table = pq.read_table(path)
    columns = [_text(column) for column in table.columns]
    named = pa.table({f"f{position}": column for position, column in enumerate(columns)})
    empty = pa.table({"row": pa.array([], pa.int64()), "text": pa.array([], pa.string())})
    return Cells(tuple(name.strip() for name in table.column_names), _numbered(named, []), empty)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        column = column.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    return pc.cast(column, pa.string())
