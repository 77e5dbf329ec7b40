"""The rows of a stored table as CSV and as JSON, a part at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from stook.frames.links import resolver
from stook.frames.reading import iter_tables
from stook.store.codec import Source

__all__ = ["iter_csv", "iter_json", "plain_cells"]

_ROWS = 8192


def iter_csv(source: Source, meta: Mapping[str, object]) -> Iterator[bytes]:
    """Yield a header and all rows (RFC 4180, but with plain line ends); what is missing is an empty cell.

    Lists and structs are JSON, bytes base64, links paths for who reads. Raises IntegrityError, FormatError.
    """
    first = True
    for table in map(resolver(source, meta), iter_tables(source, _ROWS)):
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        if first:
            writer.writerow(table.column_names)
        columns = [[_csv_cell(value) for value in plain_cells(column)] for column in table.columns]
        writer.writerows(zip(*columns, strict=True))
        yield out.getvalue().encode()
        first = False


def iter_json(source: Source, meta: Mapping[str, object]) -> Iterator[bytes]:
    """Yield one JSON array with an object for each row.

    What JSON has not is text, as dates and decimals are; bytes are base64, NaN is null, links are paths for
    who reads. Raises IntegrityError, FormatError.
    """
    encoder = msgspec.json.Encoder(enc_hook=str)
    before = b"[\n"
    for table in map(resolver(source, meta), iter_tables(source, _ROWS)):
        columns = [plain_cells(column) for column in table.columns]
        rows = [
            encoder.encode(dict(zip(table.column_names, row, strict=True)))
            for row in zip(*columns, strict=True)
        ]
        if rows:
            yield before + b",\n".join(rows)
            before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def plain_cells(column: pa.ChunkedArray) -> list[object]:
    """Return the cells of a column as Python has them; times with nanoseconds, which it has not, as text."""
    kind = column.type
    if getattr(kind, "unit", "") == "ns":
        return _nanoseconds(column)
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):  # a year, or a nested nanosecond, that Python has not
        return [None if cell is None else str(cell) for cell in map(_text_of, column)]


def _nanoseconds(column: pa.ChunkedArray) -> list[object]:
    if pat.is_duration(column.type):
        return [
            None if cell is None else f"{cell / 1e9:.9f} s" for cell in column.cast(pa.int64()).to_pylist()
        ]
    return list(pc.cast(column, pa.string()).to_pylist())


def _text_of(scalar: pa.Scalar) -> str | None:
    return str(scalar) if scalar.is_valid else None


def _csv_cell(value: object) -> object:
    if isinstance(value, (list, dict, tuple, bytes)):
        return (
            msgspec.json.encode(value, enc_hook=str).decode().strip('"' if isinstance(value, bytes) else "")
        )
    return value
