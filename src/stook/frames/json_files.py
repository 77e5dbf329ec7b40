"""Tables from JSON: one array of objects, or an object a line. Text stays text; whole numbers stay exact."""

from __future__ import annotations

import io
import json
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

import pyarrow as pa

from stook.errors import InputError
from stook.frames.text_input import CheckedText, open_unpacked

__all__ = ["JsonFile"]

_BATCH_ROWS: Final = 32_768
_WHOLE_DIGITS: Final = 38
_MISFITS = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError)
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A file of JSON objects, each a row.

    Attributes:
        path: The file, which may be packed by gzip or zstd.
        name: How errors call it.
        by_line: Whether each line is an object; else the file is one array of them, which is read into memory.
    """

    path: Path
    name: str
    by_line: bool

    def read(self) -> pa.RecordBatchReader:
        """Return the table; where rows are lines, they are read as they are asked for.

        Raises:
            InputError: It is no such table; the error names the row. Also while rows are read: it has changed.
        """
        schema = self._learn()
        return pa.RecordBatchReader.from_batches(schema, self._convert(schema))

    def _learn(self) -> pa.Schema:
        types: dict[str, pa.DataType] = {}
        for start, rows in self._batches():
            for column in {key: None for row in rows for key in row}:
                known = types.get(column, pa.null())
                types[column] = self._joined(known, _cells(rows, column), column, start)
        if not types:
            raise self._refusal("there is no object in it that names a column", "check the file")
        return pa.schema(
            [(name, pa.string() if pa.types.is_null(kind) else kind) for name, kind in types.items()]
        )

    def _joined(self, known: pa.DataType, cells: list[Any], column: str, start: int) -> pa.DataType:
        """Return the type of what was known of a column and of some more cells."""
        try:
            return _type_with(known, cells)
        except _MISFITS:
            number = bisect_left(
                range(len(cells)), True, key=lambda n: not _go_together(known, cells[: n + 1])
            )
        raise self._misfit(column, start + number, cells[number])

    def _convert(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for start, rows in self._batches():
            columns = []
            for field in schema:
                cells = _cells(rows, field.name)
                try:
                    columns.append(_array(cells, field.type))
                except _MISFITS:
                    number = next(n for n, cell in enumerate(cells) if not _fits(cell, field.type))
                    raise self._misfit(field.name, start + number, cells[number]) from None
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _batches(self) -> Iterator[tuple[int, list[_Row]]]:
        """Yield rows, and the number of the first of them, from 1."""
        rows, start = self._rows(), 1
        while batch := list(islice(rows, _BATCH_ROWS)):
            yield start, batch
            start += len(batch)

    def _rows(self) -> Iterator[_Row]:
        with open_unpacked(self.path, self.name) as file:
            pieces = self._lines(file) if self.by_line else self._array(file)
            for number, row in enumerate(pieces, 1):
                if not isinstance(row, dict):
                    raise self._refusal(
                        f"row {number:,} is no object", "give each row as an object of columns"
                    )
                yield row

    def _lines(self, file: BinaryIO) -> Iterator[Any]:
        for number, line in enumerate(io.BufferedReader(CheckedText(file, self.name), 1 << 20), 1):
            text = line.decode().removeprefix("\ufeff" if number == 1 else "\n")
            if text.strip():
                yield self._parsed(text, number)

    def _array(self, file: BinaryIO) -> Iterator[Any]:
        text = io.BufferedReader(CheckedText(file, self.name), 1 << 20).read().decode().removeprefix("\ufeff")
        rows = self._parsed(text, 1)
        if not isinstance(rows, list):
            raise self._refusal("it is no array of objects", "for an object a line, name the file .jsonl")
        return iter(rows)

    def _parsed(self, text: str, line: int) -> Any:
        try:
            return json.loads(text, object_pairs_hook=_checked_object, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            where = f"line {line + error.lineno - 1:,}, column {error.colno:,}"
            raise self._refusal(f"{where}: {error.msg}", "correct it") from error
        except (ValueError, RecursionError) as error:
            raise self._refusal(f"at or after line {line:,}: {error}", "correct it") from error

    def _misfit(self, column: str, row: int, cell: object) -> InputError:
        return self._refusal(
            f"column {column!r}, row {row:,}: {json.dumps(cell, default=str):.80} does not fit among the cells before",
            "correct it, or add the file without --frame",
        )

    def _refusal(self, what: str, hint: str) -> InputError:
        return InputError(f"{self.name}: {what}", kind="bad-table-file", hint=hint)


def _cells(rows: list[_Row], column: str) -> list[Any]:
    return [row.get(column) for row in rows]


def _type_of(cells: list[Any]) -> pa.DataType:
    """Return the type of some cells. Whole numbers beyond 64 bits are decimals."""
    try:
        return pa.array(cells).type
    except OverflowError:
        if not all(cell is None or type(cell) is int for cell in cells):
            raise
        widest = max(len(str(abs(cell))) for cell in cells if cell is not None)
        if widest > _WHOLE_DIGITS:
            raise
        return pa.decimal128(_WHOLE_DIGITS, 0)


def _type_with(known: pa.DataType, cells: list[Any]) -> pa.DataType:
    """Return the type of a column of which the type so far is known, with some more cells."""
    schemas = [pa.schema([("", known)]), pa.schema([("", _type_of(cells))])]
    return pa.unify_schemas(schemas, promote_options="permissive").field(0).type


def _go_together(known: pa.DataType, cells: list[Any]) -> bool:
    try:
        _type_with(known, cells)
    except _MISFITS:
        return False
    return True


def _array(cells: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(kind):
        cells = [None if cell is None else Decimal(cell) for cell in cells]
    return pa.array(cells, kind)


def _fits(cell: Any, kind: pa.DataType) -> bool:
    try:
        _array([cell], kind)
    except _MISFITS:
        return False
    return True


def _checked_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"an object has the key {twice!r} twice")
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")
