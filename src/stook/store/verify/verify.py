"""Look at everything that a store is made of, and say what is not as it was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stook.chunks import ChunkReader
from stook.errors import IntegrityError
from stook.format import records
from stook.model.record import BundleRecord
from stook.storage.protocol import Entry
from stook.store.packs.chunk_index import ReadingIndex, list_packs
from stook.store.packs.reach import needed_ids
from stook.store.refresh import refresh
from stook.store.verify.bundles import DamagedBundle, check_bundle
from stook.store.verify.chunk_set import ChunkSet
from stook.store.verify.contents import Contents
from stook.store.verify.damage import DamagedPack, deal_with
from stook.store.verify.hidden import find_hidden_problem
from stook.store.verify.history import History, read_history
from stook.store.verify.names import iter_name_problems
from stook.store.verify.packs import check_packs
from stook.store.verify.report import Observer, Progress, Verified, ignore
from stook.store.verify.summary import Absent, count_elsewhere, sum_up

if TYPE_CHECKING:
    from stook.store.repository import Repository
    from stook.store.store import Store

__all__ = ["verify"]

_TOLD_EACH = 1000


def verify(
    store: Store,
    *,
    deep: bool = False,
    names: Sequence[str] = (),
    quarantine: bool = True,
    observer: Observer = ignore,
) -> Verified:
    """Look at the log, the packs and every bundle that was not removed, of every context.

    Args:
        store: Where.
        deep: Read every byte of the packs and hold it against its digest, and each value, table, array and model
            against the digest that its bundle says it has; else only that all is there.
        names: Only these bundles of the store's context, as `name` (all versions) or `name@version`, and their packs.
        quarantine: Repair packs that are damaged, or move them out of the way so that adding the same data again
            mends the bundles.
        observer: Is told how far it is.

    Raises:
        NotFoundError: There is no bundle of such a name.
        StorageError: The storage cannot be reached.
    """
    refresh(store.repository)
    chosen = _choose(store, names) if names else None
    return _Verification(store, deep=deep, quarantine=quarantine, observer=observer).run(chosen)


class _Verification:
    def __init__(self, store: Store, *, deep: bool, quarantine: bool, observer: Observer) -> None:
        self._repository = repository = store.repository
        self._context = store.context
        self._deep = deep
        self._quarantine = quarantine
        self._observer = observer
        self._chunks = ChunkSet()
        self._seen: set[str] = set()
        self._pack_bytes = 0
        self._damaged_packs: list[DamagedPack] = []
        self._contents = Contents(repository, observer) if deep else None

    def run(self, chosen: Sequence[BundleRecord] | None) -> Verified:
        history = read_history(self._repository, self._observer)
        hidden = find_hidden_problem(self._repository, history)
        self._check_packs(self._list(chosen))
        count, suspects, lost_records = self._check_bundles(chosen, history)
        damaged = self._look_again(suspects)
        if lost_records:  # some may have been added since the log was read
            again = read_history(self._repository, ignore).ids
            lost_records = [record for record in lost_records if record.id not in again]
        absent, damaged = self._find_elsewhere(damaged)
        summary = sum_up(self._damaged_packs, damaged, lost_records, absent)
        beside = () if chosen is not None else tuple(iter_name_problems(self._repository, self._context))
        return Verified(
            problems=(*beside, *history.problems, *([hidden] if hidden else []), *summary),
            deep=self._deep,
            bundles=count,
            records=history.records,
            packs=len(self._seen),
            pack_bytes=self._pack_bytes,
            quarantined=tuple(pack.quarantined for pack in self._damaged_packs if pack.quarantined),
            rescued=sum(len(pack.sound) for pack in self._damaged_packs if pack.quarantined),
            unchecked=self._contents.unchecked() if self._contents else (),
            elsewhere=count_elsewhere(absent),
        )

    def _reader(self) -> ChunkReader:
        """Return a reader that remembers nothing from before."""
        storage = self._repository.storage
        return ChunkReader(storage, ReadingIndex(storage, self._repository.catalog))

    def _list(self, chosen: Sequence[BundleRecord] | None) -> Mapping[str, Entry]:
        packs = list_packs(self._repository.storage)
        if chosen is None:
            return packs
        needed = _packs_of(self._repository, chosen)
        return {name: entry for name, entry in packs.items() if name in needed}

    def _check_packs(self, packs: Mapping[str, Entry]) -> None:
        total = len(packs)
        checked = check_packs(self._repository.storage, packs.items(), deep=self._deep)
        for done, pack in enumerate(checked, 1):
            self._pack_bytes += pack.size
            self._seen.add(pack.name)
            if not pack.problem:
                self._chunks.add(pack.entries)
            elif damaged := deal_with(self._repository, pack, quarantine=self._quarantine):
                self._damaged_packs.append(damaged)
                self._chunks.add(damaged.sound)
            self._observer(Progress("packs", done, total, self._pack_bytes))

    def _check_bundles(
        self, chosen: Sequence[BundleRecord] | None, history: History
    ) -> tuple[int, list[DamagedBundle], list[BundleRecord]]:
        """Return how many there are, those that seem damaged, and those that the log does not have."""
        reader = self._reader()
        count, suspects, unlogged = 0, list[DamagedBundle](), list[BundleRecord]()
        for record in _iter_live(self._repository) if chosen is None else chosen:
            count += 1
            if damaged := check_bundle(record, reader, self._chunks, self._contents):
                suspects.append(damaged)
            if record.id not in history.ids:
                unlogged.append(record)
            if count % _TOLD_EACH == 0:
                self._observer(Progress("bundles", count, 0, 0))
        return count, suspects, unlogged

    def _find_elsewhere(self, damaged: Sequence[DamagedBundle]) -> tuple[list[Absent], list[DamagedBundle]]:
        """Return the bundles of which all that is missing is on a remote, as far as is known, and the others."""
        absent = {one.record.id: one for one in damaged if one.is_absent}
        backing = self._repository.backing
        if backing is None or not absent:
            return [], list(damaged)
        holders = backing.find_holders({key: one.record.digest for key, one in absent.items()})
        found = [Absent(one, holders[key]) for key, one in absent.items() if key in holders]
        return found, [one for one in damaged if one.record.id not in holders]

    def _look_again(self, suspects: Sequence[DamagedBundle]) -> list[DamagedBundle]:
        """Check bundles once more where packs came since they were listed: new ones, or moved by a collection."""
        explained = frozenset[bytes]().union(*(pack.lost for pack in self._damaged_packs))
        if all(damaged.chunks & explained for damaged in suspects):
            return list(suspects)
        known = list_packs(self._repository.storage)
        fresh = {name: entry for name, entry in known.items() if name not in self._seen}
        self._check_packs(fresh)
        reader = self._reader()
        again = (check_bundle(damaged.record, reader, self._chunks, self._contents) for damaged in suspects)
        return [damaged for damaged in again if damaged]


def _choose(store: Store, names: Iterable[str]) -> list[BundleRecord]:
    chosen: dict[str, BundleRecord] = {}
    for name in names:
        found = [] if "@" in name else store.versions(name)
        for bundle in found or [store.get(name)]:
            chosen[bundle.id] = bundle.record
    return list(chosen.values())


def _iter_live(repository: Repository) -> Iterator[BundleRecord]:
    for payload in repository.catalog.iter_live():
        record = records.load(payload)
        if isinstance(record, BundleRecord):
            yield record


def _packs_of(repository: Repository, chosen: Iterable[BundleRecord]) -> set[str]:
    """Return the packs that hold anything of some bundles, as far as that can be told."""
    index = ReadingIndex(repository.storage, repository.catalog)
    reader = ChunkReader(repository.storage, index)
    packs: set[str] = set()
    for record in chosen:
        try:
            ids = list(needed_ids(reader, record))
        except IntegrityError:
            ids = []  # which is found when the bundle is looked at
        packs.update(location.pack for location in index.find(ids).values())
        packs.update(record.packs)
    return packs
