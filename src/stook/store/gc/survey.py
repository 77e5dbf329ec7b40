"""Which packs there are, and how much of each is needed."""

from __future__ import annotations

from dataclasses import dataclass

from stook.store.gc.marking import Marks
from stook.store.gc.report import Amount
from stook.store.packs.chunk_index import learn_packs, list_packs
from stook.store.repository import Repository

__all__ = ["PackUse", "Survey", "amount", "look_at_packs"]

_WORTHWHILE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class PackUse:
    """A pack, and what of it is needed as far as the catalog knows.

    Attributes:
        name: Its name.
        size: Its bytes.
        modified: When it was written, by the storage's clock.
        live: Stored bytes of chunks that bundles need.
        dead: Stored bytes of the others.
    """

    name: str
    size: int
    modified: float
    live: int
    dead: int

    @property
    def is_worth_collecting(self) -> bool:
        """Whether nothing of it is needed, or so little that the rest is worth a copy."""
        return not self.live or (self.live < self.dead and self.dead >= _WORTHWHILE_BYTES)


@dataclass(frozen=True, slots=True)
class Survey:
    """The packs of a repository.

    Attributes:
        packs: Those whose index can be read, by name.
        unreadable: Names of the others.
    """

    packs: dict[str, PackUse]
    unreadable: tuple[str, ...]


def look_at_packs(repository: Repository, marks: Marks) -> Survey:
    """Hold every pack against what is marked."""
    there = list_packs(repository.storage)
    learn_packs(repository.storage, repository.catalog, there)
    live, dead = _count(repository, marks)
    known = repository.catalog.chunks.packs()
    packs = {
        name: PackUse(name, entry.size, entry.modified, live.get(name, 0), dead.get(name, 0))
        for name, entry in there.items()
        if name in known
    }
    return Survey(packs, tuple(sorted(there.keys() - known)))


def amount(packs: list[PackUse]) -> Amount:
    """Return how many packs these are, and their bytes."""
    return Amount(len(packs), sum(pack.size for pack in packs))


def _count(repository: Repository, marks: Marks) -> tuple[dict[str, int], dict[str, int]]:
    """Return the stored bytes that are needed, and those that are not, by pack."""
    import numpy as np

    numbers = repository.catalog.chunks.numbers()
    room = max(numbers, default=0) + 1
    live, dead = np.zeros(room), np.zeros(room)
    for keys, packs, stored in repository.catalog.chunks.iter_columns():
        is_live = marks.are_live(np.frombuffer(keys, np.uint64))
        of, sizes = np.array(packs, np.int64), np.array(stored, np.float64)
        is_known = of < room  # another process may have learned of one just now
        of, sizes, is_live = of[is_known], sizes[is_known], is_live[is_known]
        live += np.bincount(of, sizes * is_live, room)
        dead += np.bincount(of, sizes * ~is_live, room)
    return (
        {name: int(live[number]) for number, name in numbers.items()},
        {name: int(dead[number]) for number, name in numbers.items()},
    )
