"""What a log offers, whatever holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from stook.errors import IntegrityError
from stook.model.position import Position

__all__ = [
    "MAX_SEQ",
    "WHOLE",
    "Damage",
    "Line",
    "Log",
    "Reached",
    "check_number",
    "find_segment",
    "missing",
    "object_key",
    "segment_key",
    "segment_path",
    "went_back",
]

MAX_SEQ: Final = 10**16 - 1
"""The greatest number that a segment's name has room for."""

WHOLE: Final = b"*"
"""The mark of a position after a whole segment that a checkpoint covers, whatever its length."""

_SEGMENT = re.compile(r"log/([0-9a-f]{32})/([0-9]{16})", re.ASCII)


class Line(msgspec.Struct, frozen=True):
    """One record as it was written.

    Attributes:
        writer: Whose segment it is in, or the key of the checkpoint that it is in.
        position: That after it; in a checkpoint of segment 0, which says nothing of how far any writer is known.
        payload: The record.
    """

    writer: str
    position: Position
    payload: bytes


class Reached(msgspec.Struct, frozen=True):
    """How far a writer is known once all records that came before this are, which a checkpoint held."""

    writer: str
    position: Position


class Damage(msgspec.Struct, frozen=True):
    """Records that cannot be read any more.

    Attributes:
        writer: Whose they were.
        position: How far the writer is known once this is: reading goes on after it, and does not say it again.
        problem: What is wrong with which file from which byte on.
    """

    writer: str
    position: Position
    problem: str


class Log(Protocol):
    """Appends records durably and gives back those that a reader does not know yet."""

    def append(self, payloads: Sequence[bytes]) -> dict[str, Position]:
        """Write records, all or none; durable when it returns.

        Returns:
            The position after them by their writer, where they are all of one segment; else nothing.

        Raises:
            InputError: They are too long, or too many for one commit.
            IntegrityError: Somebody has written a segment after which there can be none (`log-full`).
            StorageError: The storage refused; nothing was written.
        """
        ...

    def read(self, known: Mapping[str, Position]) -> Iterator[Line | Damage | Reached]:
        """Yield the records after the known positions, and what cannot be read, in order for each writer.

        Records may come again that are known already.

        Raises:
            IntegrityError: The log is not the one in which the positions were known (`log-went-back`).
            StorageError: It cannot be reached.
        """
        ...

    def has_news(self) -> bool:
        """Tell whether others have written since this log was last read to its end; what it wrote itself is no news.

        True where that is not sure, as before the first reading. A reading of everything, from no known position on,
        does not count where it finds something: whoever checks a log has not taken it in. Any other does.

        Raises:
            StorageError: The log cannot be reached.
        """
        ...


def check_number(seq: int, place: str) -> None:
    """Refuse to write a segment that no reader would know for one: somebody has put one before it that Stook did not.

    Args:
        seq: Its number.
        place: The segments of the writer.

    Raises:
        IntegrityError: It is too great.
    """
    if seq > MAX_SEQ:
        raise IntegrityError(
            f"nothing can be written to {place}: a segment of the last number that there is, {MAX_SEQ}, is there",
            kind="log-full",
            hint="find out who put it there, and delete it",
            path=place,
        )


def segment_key(writer: str, seq: int) -> str:
    """Return the key of a segment."""
    return f"log/{writer}/{seq:016d}"


def object_key(writer: str, seq: int) -> str:
    """Return the key of the object that a line of this writer and segment is in: a segment, or a checkpoint."""
    return segment_key(writer, seq) if seq else writer


def segment_path(root: str, writer: str, seq: int) -> str:
    """Return the file of a segment, given the folder of the log."""
    return f"{root}/{writer}/{seq:016d}"


def find_segment(key: str) -> tuple[str, int] | None:
    """Return the writer and number of the segment of a key, or None where it is the key of something else."""
    match = _SEGMENT.fullmatch(key)
    return (match[1], int(match[2])) if match else None


def went_back(place: str) -> IntegrityError:
    """Return the error for a log that has not all that is known of it."""
    return IntegrityError(
        f"the log {place} is not what it was: records that were read are not there",
        kind="log-went-back",
        hint="open the store again",
        path=place,
    )


def missing(writer: str, position: Position, place: str, count: int) -> Damage:
    """Return the damage of segments that are not there although later ones are.

    Args:
        writer: Whose they are.
        position: That after them.
        place: The first of them.
        count: How many there are.
    """
    others = f", and so are the {count - 1} after it" if count > 1 else ""
    return Damage(writer, position, f"the log segment {place} is missing{others}")
