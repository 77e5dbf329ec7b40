"""What a log offers, whatever holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stook.model.position import Position

__all__ = ["MAX_PAYLOAD", "Line", "Log", "segment_key"]

MAX_PAYLOAD = 64 * 1024


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
        """Yield the records after the known positions, in order for each writer. Raises IntegrityError."""
        ...


def segment_key(writer: str, seq: int) -> str:
    """Return the key of a segment."""
    return f"log/{writer}/{seq:016d}"
