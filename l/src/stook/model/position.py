"""How far a log is known."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Position"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far one writer's records are known: the segment, and the byte after the last record in it."""

    seq: int
    offset: int
