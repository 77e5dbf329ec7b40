"""Tables from CSV and TSV, read twice: once to learn the types from every row, once to convert.

Never more than some blocks are in memory.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pcsv

from stook.errors import InputError
from stook.frames.csv_types import ColumnType, convert
from stook.frames.text_input import CheckedText, open_unpacked

__all__ = ["CsvFile"]

_BLOCK_BYTES: Final = 16 * 1024 * 1024
_RAGGED = re.compile(
    r"Row #(?P<row>\d+): Expected (?P<wanted>\d+) columns, got (?P<got>\d+): (?P<text>.*)", re.DOTALL
)
_OTHER_DELIMITERS = {";": "';'", "\t": "tab", "|": "'|'"}


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file of separated values, the first row of which names the columns.

    Attributes:
        path: The file, which may be packed by gzip or zstd.
        name: How errors call it.
        delimiter: What separates cells.
    """

    path: Path
    name: str
    delimiter: str = ","

    def read(self) -> pa.RecordBatchReader:
        """Return the table, whose rows are read as they are asked for.

        Raises:
            InputError: It is no such table; the error names the row. Also while rows are read: it has changed.
        """
        schema = self._learn()
        return pa.RecordBatchReader.from_batches(schema, self._convert(schema))

    def _learn(self) -> pa.Schema:
        with self._opened({}) as (reader, _):
            names: list[str] = reader.schema.names
        self._check_names(names)
        types = [ColumnType() for _ in names]
        with self._opened(dict.fromkeys(names, pa.string())) as (reader, text):
            for batch in reader:
                for column, cells in zip(types, batch.columns, strict=True):
                    column.learn(cells)
            odd_quotes = text.quotes % 2 == 1
        if odd_quotes:
            self._refuse_open_quote()
        return pa.schema([(name, column.type()) for name, column in zip(names, types, strict=True)])

    def _convert(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        rows = 0
        with self._opened(dict.fromkeys(schema.names, pa.string())) as (reader, _):
            if reader.schema.names != schema.names:
                raise self._refusal("it changed while it was read", "add it again when nothing writes to it")
            for batch in reader:
                pairs = zip(batch.columns, schema, strict=True)
                columns = [self._converted(cells, field, rows) for cells, field in pairs]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)
                rows += batch.num_rows

    def _converted(self, cells: pa.Array, field: pa.Field, rows: int) -> pa.Array:
        try:
            return convert(cells, field.type)
        except pa.ArrowInvalid:
            number = next(n for n in range(len(cells)) if not _converts(cells.slice(n, 1), field.type))
        raise self._refusal(
            f"column {field.name!r}, row {rows + number + 2:,}: {cells[number].as_py()!r:.80} does not fit among "
            f"the other cells, which are {field.type}",
            "correct it, or add the file without --frame",
        )

    @contextmanager
    def _opened(self, types: dict[str, pa.DataType]) -> Iterator[tuple[Any, CheckedText]]:
        """Open the file as batches of columns of these types, beside the text from which they come."""
        with open_unpacked(self.path, self.name) as file:
            text = CheckedText(file, self.name)
            try:
                yield (
                    pcsv.open_csv(
                        pa.PythonFile(text, mode="r"),
                        read_options=pcsv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
                        parse_options=pcsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
                        convert_options=pcsv.ConvertOptions(
                            column_types=types,
                            strings_can_be_null=True,
                            quoted_strings_can_be_null=False,
                            null_values=[""],
                        ),
                    ),
                    text,
                )
            except pa.ArrowInvalid as error:
                raise self._translated(str(error)) from error

    def _check_names(self, names: list[str]) -> None:
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise self._refusal(
                f"several columns have the name {', '.join(map(repr, twice)):.200}", "rename all but one"
            )
        if len(names) > 1:
            return
        for other, called in _OTHER_DELIMITERS.items():
            if other != self.delimiter and other in names[0]:
                raise self._refusal(
                    f"its only column is {names[0]!r:.80}; is {called} what separates the columns?",
                    f"stook add NAME FILE --frame --delimiter {called}",
                )

    def _refuse_open_quote(self) -> None:
        """Refuse a file in which a quote is opened and never closed; Arrow takes all after it for one cell."""
        with open_unpacked(self.path, self.name) as file:
            lines = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            rows = csv.reader(lines, delimiter=self.delimiter, strict=True)
            try:
                for _ in rows:
                    pass
            except csv.Error as error:
                raise self._refusal(
                    f"a quote that begins before line {rows.line_num:,} is not closed as it should be: {error}",
                    'close it; a quote within quotes is written twice: ""',
                ) from error

    def _translated(self, message: str) -> InputError:
        if "Empty CSV file" in message:
            return self._refusal("there is no line with the names of columns", "check the file")
        if "straddling" in message:
            return self._refusal(
                f"a row is longer than {_BLOCK_BYTES >> 20} MiB; is a quote left open?", "check its quotes"
            )
        if ragged := _RAGGED.search(message):
            return self._refusal(
                f"row {ragged['row']}, counted from the header, has {ragged['got']} cells and not {ragged['wanted']}: "
                f"{ragged['text']!r:.80}",
                "correct that row, or put cells that hold a separator in quotes",
            )
        return self._refusal(message.removeprefix("CSV parse error: ")[:200], "correct that row")

    def _refusal(self, what: str, hint: str) -> InputError:
        return InputError(f"{self.name}: {what}", kind="bad-table-file", hint=hint)


def _converts(cells: pa.Array, kind: pa.DataType) -> bool:
    try:
        convert(cells, kind)
    except pa.ArrowInvalid:
        return False
    return True
