"""What takes how much room: by name, and in all."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stook.log.listing import list_bounded
from stook.model.record import BundleRecord
from stook.model.refs import check_name
from stook.store.find import name_not_found
from stook.store.gc.marking import KEY_BYTES, Marks, iter_records, keys_of_bundle
from stook.store.gc.report import Amount
from stook.store.gc.survey import Survey, look_at_packs
from stook.store.packs.condemned import read_lists
from stook.store.repository import Repository

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from stook.store.store import Store

__all__ = ["CACHED", "NameUse", "Usage", "measure", "measure_folder"]

CACHED = ("files", "folders", "partitions", "seen")
"""The folders of a cache that can be emptied at any time."""

_SETTLE_BYTES = 8 * 1024 * 1024
_Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NameUse:
    """What the versions of one name take.

    Attributes:
        name: The name.
        versions: How many there are.
        size: Bytes of their content, each version counted as if it were alone.
        exclusive: Stored bytes of chunks that no other name needs: what removing it would free.
        shared: Stored bytes of chunks that other names, of any context, need too.
    """

    name: str
    versions: int
    size: int
    exclusive: int
    shared: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a repository takes.

    Attributes:
        names: The names of a context that were asked for, largest first.
        packs: All packs.
        log: All records.
        removable: Bytes that `gc` would free where nobody writes.
        cache: What is in the cache and could be made again.
    """

    names: tuple[NameUse, ...]
    packs: Amount
    log: Amount
    removable: int
    cache: Amount


def measure(store: Store, names: Collection[str] = ()) -> Usage:
    """Find out what takes how much room.

    Args:
        store: The store; names are those of its context, though others count as sharing.
        names: Only these; all where none are given.

    Raises:
        IntegrityError: The description of a bundle cannot be read.
        NotFoundError: There is no bundle of one of the names.
        InputError: One is no name.
    """
    repository = store.repository
    chosen = _check_names(store, names)
    count = _Count(repository)
    survey = look_at_packs(repository, Marks.of(count.keys))
    by_place = count.by_place()
    context = store.find_context_id()
    wanted = [
        by_place[place] for place in by_place if place[0] == context and (not chosen or place[1] in chosen)
    ]
    log = [entry.size for entry in list_bounded(repository.storage, "log/")]
    return Usage(
        names=tuple(sorted(wanted, key=lambda use: (-use.exclusive - use.shared, use.name))),
        packs=Amount(len(survey.packs), sum(pack.size for pack in survey.packs.values())),
        log=Amount(len(log), sum(log)),
        removable=_removable(repository, survey),
        cache=sum((measure_folder(repository.cache / folder) for folder in CACHED), Amount()),
    )


def _check_names(store: Store, names: Collection[str]) -> set[str]:
    """Return the names as they are kept, having brought the catalog up to date."""
    store.refresh()
    chosen = {check_name(name) for name in names}
    context = store.find_context_id()
    for name in sorted(chosen):
        if context is None or store.repository.catalog.find_latest(context, name) is None:
            raise name_not_found(store, name)
    return chosen


def measure_folder(folder: Path) -> Amount:
    """Return how many files are below a folder, and their bytes."""
    found = Amount()
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                found += Amount(1, os.lstat(os.path.join(root, name)).st_size)
            except FileNotFoundError:
                continue
    return found


def _removable(repository: Repository, survey: Survey) -> int:
    condemned = {pack for known in read_lists(repository.storage)[0] for pack in known.packs}
    return sum(
        pack.size - pack.live
        for pack in survey.packs.values()
        if pack.is_worth_collecting or pack.name in condemned
    )


@dataclass
class _Total:
    number: int
    versions: int = 0
    size: int = 0
    new: bytearray = field(default_factory=bytearray)
    listings: set[str] = field(default_factory=set)


class _Count:
    """Which chunk is needed by which names, as pairs of the first 64 bits of an id and the number of a name."""

    def __init__(self, repository: Repository) -> None:
        import numpy as np

        self._np = np
        self._repository = repository
        self._totals: dict[_Place, _Total] = {}
        self._pairs: npt.NDArray[np.void] = np.empty(0, [("key", np.uint64), ("name", np.uint32)])
        self._waiting = 0
        reader = repository.reader()
        for record in iter_records(repository.catalog.iter_live()):
            total = self._total(record)
            for keys in keys_of_bundle(reader, record, total.listings):
                total.new += keys
                self._waiting += len(keys)
            if self._waiting > _SETTLE_BYTES:
                self._settle()
        self._settle()
        self.keys, self._key_of_pair = np.unique(self._pairs["key"], return_inverse=True)

    def by_place(self) -> dict[_Place, NameUse]:
        """Return what each name of each context takes."""
        np = self._np
        stored = self._stored()[self._key_of_pair]
        is_alone = (np.bincount(self._key_of_pair, minlength=len(self.keys)) == 1)[self._key_of_pair]
        of, room = self._pairs["name"].astype(np.int64), len(self._totals)
        exclusive = np.bincount(of, stored * is_alone, room)
        shared = np.bincount(of, stored * ~is_alone, room)
        return {
            place: NameUse(
                place[1], total.versions, total.size, int(exclusive[total.number]), int(shared[total.number])
            )
            for place, total in self._totals.items()
        }

    def _total(self, record: BundleRecord) -> _Total:
        place = (record.context, record.name)
        total = self._totals.get(place)
        if total is None:
            total = self._totals[place] = _Total(len(self._totals))
        total.versions += 1
        total.size += record.size
        return total

    def _settle(self) -> None:
        """Take in what was read, without what is there already."""
        np = self._np
        fresh = [self._pairs]
        for total in self._totals.values():
            if total.new:
                pairs = np.empty(len(total.new) // KEY_BYTES, self._pairs.dtype)
                pairs["key"] = np.frombuffer(bytes(total.new), np.uint64)
                pairs["name"] = total.number
                fresh.append(pairs)
                total.new.clear()
        self._pairs = np.unique(np.concatenate(fresh))
        self._waiting = 0

    def _stored(self) -> npt.NDArray[np.float64]:
        """Return the stored bytes of each key's chunk; of one that is in several packs, the most."""
        import numpy as np

        sizes: npt.NDArray[np.float64] = np.zeros(len(self.keys))
        if not len(self.keys):
            return sizes
        for keys, _, stored in self._repository.catalog.chunks.iter_columns():
            wanted = np.frombuffer(keys, np.uint64)
            at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
            is_there = self.keys[at] == wanted
            np.maximum.at(sizes, at[is_there], np.array(stored, np.float64)[is_there])
        return sizes
