"""What garbage collection did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

__all__ = ["Amount", "Collected"]


@dataclass(frozen=True, slots=True)
class Amount:
    """Some files and their bytes."""

    count: int = 0
    bytes: int = 0

    def __add__(self, other: Self) -> Amount:
        return Amount(self.count + other.count, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class Collected:
    """What was done; after a dry run, what would be done where nobody writes meanwhile.

    Attributes:
        dry_run: Whether nothing was done.
        busy: Whether others may have been writing, so that what is new had to wait.
        swept: Packs that were deleted.
        condemned: Packs that will be deleted by a later collection.
        waiting_until: When that may be, in seconds since the epoch by this machine's clock; None where nothing waits.
        moved: Chunks that were copied out of packs of which little is needed.
        young: Packs without a use that were left alone because they are so new that somebody may be writing them.
        segments: Segments of the log that were deleted, since a checkpoint has what is in them.
        checkpoints: Checkpoints of the log that were deleted, since newer ones have what is in them.
        leftovers: Temporary files of processes that died, and damaged files of the cache, which were removed.
        cuts: Files with what was cut off the log after a crash; they are never removed.
        problems: What could not be collected, and why.
    """

    dry_run: bool = False
    busy: bool = False
    swept: Amount = Amount()
    condemned: Amount = Amount()
    waiting_until: float | None = None
    moved: Amount = Amount()
    young: Amount = Amount()
    segments: Amount = Amount()
    checkpoints: Amount = Amount()
    leftovers: Amount = Amount()
    cuts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
