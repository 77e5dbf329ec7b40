"""What a check found, in words with numbers, and the rows that it found it in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from stook import _io
from stook.frames.checks.definitions import Check

__all__ = ["MAX_ROWS", "ROW", "Failure", "cell_words", "count_words", "shown", "write_rejected"]

MAX_ROWS = 1000
"""How many offending rows are kept."""
ROW = "row"
"""The column in which offending rows have their number, counted from 0."""

_SHOWN_LETTERS = 60


@dataclass(frozen=True)
class Failure:
    """A check that said no.

    Attributes:
        check: The check.
        message: What is wrong, in words with numbers.
        rows: How many rows are; 0 where it is not in rows.
        offending: The first 1,000 of them as an Arrow table, with their numbers (from 0) as its first column; None
            where it is not in rows.
        value: The value that was checked, where it is no table.
    """

    check: Check
    message: str
    rows: int = 0
    offending: Any = None
    value: object = None


def write_rejected(failures: Iterable[Failure], folder: Path) -> list[Path]:
    """Write what was refused to `<check>-<n>.parquet` in a folder, or to `<check>-<n>.json` where it is a value.

    Args:
        failures: What `apply` returned.
        folder: Where the files go; made where it is missing.

    Returns:
        The files: one for each failure that is in rows or in a value.

    Raises:
        OSError: The disk refused.
    """
    written = []
    for number, failure in enumerate(failures, 1):
        stem = f"{failure.check.verb}-{number}"
        if failure.value is not None:
            written.append(folder / f"{stem}.json")
            _io.write_atomic(written[-1], _json(failure))
        elif failure.offending is not None:
            written.append(folder / f"{stem}.parquet")
            _io.write_atomic(written[-1], _parquet(failure.offending))
    return written


def count_words(bad: int, total: int) -> str:
    """Return how many rows of how many, for a message."""
    return f"{bad:,} of {total:,} row{'' if total == 1 else 's'}"


def shown(value: object) -> str:
    """Return a value for a message: short, and in one line."""
    text = str(value) if isinstance(value, date | time | timedelta | Decimal) else repr(value)
    return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}…"


def cell_words(column: Any, place: int) -> str:
    """Return a cell of an Arrow column for a message."""
    try:
        return shown(column[place].as_py())
    except ValueError:  # nanoseconds, which only pandas has a value for
        return str(column[place])


def _json(failure: Failure) -> bytes:
    import msgspec

    content = {"check": repr(failure.check), "message": failure.message, "value": failure.value}
    try:
        encoded = msgspec.json.encode(content, enc_hook=repr)
    except (TypeError, ValueError, RecursionError):  # as for keys of other types
        encoded = msgspec.json.encode({**content, "value": repr(failure.value)})
    return msgspec.json.format(encoded, indent=2) + b"\n"


def _parquet(table: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())
