"""What a transfer tells while it is under way, and what it has done."""

from __future__ import annotations

from typing import Protocol

import msgspec

__all__ = ["Observer", "Progress", "Transferred", "ignore"]


class Progress(msgspec.Struct, frozen=True):
    """How far a transfer is.

    Attributes:
        step: `"compare"`, `"send"` or `"receive"`.
        done: Bytes that are over.
        total: Bytes in all; 0 where that is not known yet.
        moving: Bytes that may be on their way at the most: some of them may be over, and it is not known how many.
    """

    step: str
    done: int
    total: int
    moving: int = 0


class Observer(Protocol):
    """Is told how far it is, from any thread, one call at a time."""

    def __call__(self, progress: Progress, /) -> None:
        """Take note."""
        ...


def ignore(_progress: Progress, /) -> None:
    """Observe nothing."""


class Transferred(msgspec.Struct, frozen=True):
    """What went over.

    Attributes:
        chunks: How many chunks.
        packs: How many packs they came in at the other side.
        size: Bytes of those packs.
    """

    chunks: int = 0
    packs: int = 0
    size: int = 0

    def __add__(self, other: Transferred) -> Transferred:
        return Transferred(self.chunks + other.chunks, self.packs + other.packs, self.size + other.size)
