"""Tables whose cells name files: the files are kept beside the table, and the cells read back as local paths.

Stored cells are paths within the folder of files beside the table; the table's `meta` says which columns they are in.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any, Final, Protocol, cast

import pyarrow as pa
import pyarrow.types as pat

from stook.errors import InputError, IntegrityError
from stook.frames.link_targets import FOLDER, Targets
from stook.frames.reading import Stored
from stook.store.intake.content import Files

__all__ = ["LinkedTable", "find_link_columns", "linked", "resolved", "resolver"]

_TABLE: Final = "table"


@dataclass(frozen=True, slots=True)
class LinkedTable:
    """A table in which the cells of some columns are paths within the folder of files beside it."""

    frame: Any
    columns: tuple[str, ...]

    @property
    def meta(self) -> dict[str, object]:
        """What the stored table says of its links."""
        return {"columns": list(self.columns), "folder": FOLDER}

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the frame as a stream: by this the store knows a table."""
        return self.frame.__arrow_c_stream__(requested_schema)


def linked(
    frame: Any, columns: str | Sequence[str], *, base: str | os.PathLike[str] = "."
) -> dict[str, object]:
    """Return data for `store.add` that keeps a table together with the files that its cells name.

    The data is a dict of `table` and `files`. Read back, the cells are paths of read-only files on the machine that
    reads; missing cells stay missing. A file that is named twice is kept once.

    Args:
        frame: A pandas, polars or Arrow table.
        columns: The columns whose cells are paths or `s3://`, `https://`, `http://` or `file://` URLs.
        base: The folder, or URL, that relative paths start from.

    Raises:
        InputError: There is no such column, it holds something else, or files are missing: the first ten are named.
    """
    wanted = tuple(dict.fromkeys([columns] if isinstance(columns, str) else columns))
    frame = frame.read_all() if isinstance(frame, pa.RecordBatchReader) else frame
    cells = {column: _cells(frame, column) for column in wanted}
    targets = Targets(os.fspath(base))
    for column, values in cells.items():
        targets.add(column, values)
    named = targets.named()
    for column, values in cells.items():
        frame = _replaced(frame, column, [None if v is None else named.names[v] for v in values])
    return {_TABLE: LinkedTable(frame, wanted), FOLDER: Files(FOLDER, named.files)}


def find_link_columns(frame: Any, *, base: str | os.PathLike[str] = ".") -> list[str]:
    """Return the columns all of whose cells, missing ones left out, are paths of files or URLs.

    Args:
        frame: An Arrow table.
        base: The folder, or URL, that relative paths start from.

    Raises:
        InputError: Of a column of paths some files are missing, at least half being there.
    """
    found = []
    for field in frame.schema:
        if not (pat.is_string(field.type) or pat.is_large_string(field.type)):
            continue
        cells = [cell for cell in frame[field.name].unique().to_pylist() if cell is not None]
        targets = Targets(os.fspath(base))
        there = sum(targets.is_there(cell) for cell in cells)
        if cells and 2 * there >= len(cells):
            if there < len(cells):
                targets.add(field.name, cells)
                targets.named()
            found.append(field.name)
    return found


class _Folder(Protocol):
    """The source of a table that has a folder of files beside it."""

    def linked_folder(self) -> tuple[str, frozenset[str]] | None: ...


def resolved(stored: Stored, source: object, meta: Mapping[str, object]) -> Stored:
    """Return a stored table with its links as paths for who reads; one without links as it is.

    Raises:
        IntegrityError: A cell names no file that is beside the table.
    """
    return Stored(stored.layout, resolver(source, meta)(stored.table))


def resolver(source: object, meta: Mapping[str, object]) -> Callable[[pa.Table], pa.Table]:
    """Return what makes paths for who reads of the links in some rows of a stored table.

    Args:
        source: The table's; it knows where the files are.
        meta: What was said of the table.

    Raises:
        IntegrityError: There are no files beside the table; or, when it is called, a cell names none of them.
    """
    links = meta.get("links")
    if links is None or not hasattr(source, "linked_folder"):
        return lambda table: table
    folder = cast(_Folder, source).linked_folder()
    columns = links.get("columns") if isinstance(links, Mapping) else None
    if folder is None or not isinstance(columns, list):
        raise _no_folder()
    return partial(_resolve, columns=[str(column) for column in columns], folder=folder)


def _resolve(table: pa.Table, columns: Sequence[str], folder: tuple[str, frozenset[str]]) -> pa.Table:
    if not set(columns) <= set(table.column_names):
        raise _no_folder()
    for column in columns:
        position = table.column_names.index(column)
        table = table.set_column(position, table.schema.field(position), _local(table[column], *folder))
    return table


def _no_folder() -> IntegrityError:
    return IntegrityError(
        "a table with links has no folder of files beside it",
        kind="bad-links",
        hint="read the bundle as it was added",
    )


def _local(cells: pa.ChunkedArray, root: str, known: frozenset[str]) -> pa.ChunkedArray:
    values = cells.to_pylist()
    strange = next((v for v in values if v is not None and not (isinstance(v, str) and v in known)), None)
    if strange is not None:
        raise IntegrityError(
            f"a table links to {strange!r:.200}, which is not among its files",
            kind="bad-links",
            hint="do not trust where this bundle came from",
        )
    return pa.chunked_array([pa.array([None if v is None else f"{root}/{v}" for v in values], cells.type)])


def _cells(frame: Any, column: str) -> list[str | None]:
    """Return the cells of a column of texts; missing ones as None."""
    names = [str(name) for name in getattr(frame, "column_names", None) or frame.columns]
    if column not in names:
        raise InputError(
            f"the table has no column {column!r}; it has {', '.join(names):.400}",
            kind="no-such-column",
            hint="name one of its columns",
        )
    values: Iterable[object] = (
        frame[column].to_pylist() if hasattr(frame, "column_names") else list(frame[column])
    )
    return [_cell(value, column, row) for row, value in enumerate(values, 1)]


def _cell(value: object, column: str, row: int) -> str | None:
    if value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and isnan(value)):
        return None
    if isinstance(value, str | Path):
        return os.fspath(value)
    raise InputError(
        f"column {column!r}, row {row:,}: {value!r:.80} is neither a path nor a URL",
        kind="bad-link",
        hint="name a column of texts",
    )


def _replaced(frame: Any, column: str, cells: list[str | None]) -> Any:
    package = type(frame).__module__.partition(".")[0]
    if package == "pandas":
        import pandas

        return frame.assign(**{column: pandas.Series(cells, index=frame.index, dtype=object)})
    if package == "polars":
        import polars

        return frame.with_columns(polars.Series(column, cells, dtype=polars.String))
    position = frame.column_names.index(column)
    return frame.set_column(position, pa.field(column, pa.string()), pa.array(cells, pa.string()))
