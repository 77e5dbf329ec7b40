"""What a log offers, whatever holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stook.errors import IntegrityError
from stook.model.position import Position

__all__ = ["Line", "Log", "find_segment", "missing_segment", "segment_key", "went_back"]

_SEGMENT = re.compile(r"log/([0-9a-f]{32})/([0-9]{16})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One record as it was written, and the position after it."""

    writer: str
    position: Position
    payload: bytes


class Log(Protocol):
    """Appends records durably and gives back those that a reader does not know yet."""

    def append(self, payloads: Sequence[bytes]) -> None:
        """Write records, all or none; durable when it returns. Raises StorageError."""
        ...

    def read(self, known: Mapping[str, Position]) -> Iterator[Line]:
        """Yield the records after the known positions, in order for each writer.

        Raises:
            IntegrityError: A segment is damaged or missing; or, as `log-went-back`, the log is not the one in which
                the positions were known.
        """
        ...


def segment_key(writer: str, seq: int) -> str:
    """Return the key of a segment."""
    return f"log/{writer}/{seq:016d}"


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


def missing_segment(key: str) -> IntegrityError:
    """Return the error for a segment that is not there although later ones are."""
    return IntegrityError(
        f"the log segment {key} is missing",
        kind="missing-segment",
        hint="restore it from a remote or a backup: copy the file of that name to its place",
        path=key,
    )
