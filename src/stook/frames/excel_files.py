"""Tables from the sheets of a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from stook.errors import InputError, MissingExtraError

__all__ = ["read_sheet"]

_EXACT_FLOAT = 2**53


def read_sheet(path: Path, name: str, sheet: str = "") -> pa.Table:
    """Return the table on a sheet, the first row of which names the columns.

    Numbers of which none has a fraction are ints; a column that has text in it is text.

    Args:
        path: The workbook.
        name: How errors call it.
        sheet: The sheet's name; may be empty where there is one with content.

    Raises:
        InputError: It is no workbook, there is no such sheet, or its first row does not name every column.
        MissingExtraError: The library for workbooks is not installed.
    """
    fastexcel = _import_fastexcel()
    try:
        book = fastexcel.read_excel(path)
        chosen = _choose(book.sheet_names, sheet, name)
        _check_header(book.load_sheet(chosen, header_row=None, n_rows=1).to_arrow(), chosen, name)
        batch = book.load_sheet(chosen, schema_sample_rows=None, skip_whitespace_tail_rows=True).to_arrow()
    except fastexcel.FastExcelError as error:
        raise InputError(
            f"{name} cannot be read as a workbook: {str(error).splitlines()[0]}",
            kind="bad-table-file",
            hint="save it anew as .xlsx",
        ) from error
    table = pa.Table.from_batches([batch])
    return pa.table({field: _settled(table[field]) for field in table.column_names})


def _import_fastexcel() -> Any:
    try:
        import fastexcel
    except ImportError as error:
        raise MissingExtraError(
            "no library for workbooks is installed",
            kind="missing-extra",
            hint="uv pip install 'stook[excel]', or save the sheet as CSV",
        ) from error
    return fastexcel


def _choose(sheets: list[str], sheet: str, name: str) -> str:
    if sheet in sheets or (not sheet and len(sheets) == 1):
        return sheet or sheets[0]
    listed = ", ".join(map(repr, sheets))
    what = f"has no sheet {sheet!r}; it has" if sheet else "has several sheets:"
    raise InputError(f"{name} {what} {listed:.400}", kind="no-such-sheet", hint="name one by --sheet NAME")


def _check_header(first: pa.RecordBatch, sheet: str, name: str) -> None:
    names = [column[0].as_py() if len(column) else None for column in first.columns]
    if not names:
        raise InputError(f"{name}: the sheet {sheet!r} is empty", kind="bad-table-file", hint="name another")
    for number, column in enumerate(names, 1):
        if column is None or names.index(column) < number - 1:
            what = "has no name" if column is None else f"is {column!r}, as another is"
            raise InputError(
                f"{name}: column {number} of the sheet {sheet!r} {what}",
                kind="bad-table-file",
                hint="give every column a name of its own in the first row",
            )


def _settled(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return numbers without fractions as ints, which a workbook does not know, and nothing at all as text."""
    if pa.types.is_null(cells.type):
        return cells.cast(pa.string())
    if not pa.types.is_floating(cells.type):
        return cells
    is_whole = pc.all(pc.and_(pc.equal(cells, pc.floor(cells)), pc.less_equal(pc.abs(cells), _EXACT_FLOAT)))
    return cells.cast(pa.int64()) if is_whole.as_py() else cells
