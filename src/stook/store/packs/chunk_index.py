"""Where chunks are: what the catalog knows of it, held against what the storage has."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from stook.catalog import Catalog
from stook.chunks import read_pack_index
from stook.chunks.fetch import iter_ahead
from stook.errors import IntegrityError, NotFoundError
from stook.format.packs import Location, PackEnd, PackEntry, is_pack_name, pack_key
from stook.log.listing import list_bounded
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Entry, Storage

__all__ = ["KnownIndex", "ReadingIndex", "find_entries", "learn_packs", "list_packs"]

_AT_ONCE = 512
_THREADS: Final = 8
_LISTED_FROM: Final = 4
_HINTS: Final = 8


class KnownIndex:
    """The catalog's index; a chunk counts as known only where its pack is there.

    The catalog may be ahead of the storage, as when that was restored from an older copy; whoever trusted it would
    commit a bundle whose content is nowhere. Each pack is looked for once, so an index is to be made for each writer.
    Over a network a few packs are looked for one by one, and many by a listing.
    """

    def __init__(self, storage: Storage, catalog: Catalog) -> None:
        self._storage = storage
        self._catalog = catalog
        self._is_local = isinstance(storage, FolderStorage)
        self._present: dict[str, int] = {}
        self._listed: Mapping[str, Entry] | None = None

    @property
    def ends(self) -> tuple[PackEnd, ...]:
        """The packs that were seen to be there, each with where the last chunk ends that was found or added in it."""
        return tuple(self._present.items())

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `ChunkIndex.find`."""
        while True:
            found = self._catalog.chunks.find(ids)
            ends = _ends_of(found.values())
            self._list_where_many(ends)
            gone = [pack for pack, end in ends.items() if not self._reaches(pack, end)]
            if not gone:
                return found
            for pack in gone:
                self._catalog.chunks.forget_pack(pack)

    def has_all(self, ids: Collection[bytes]) -> bool:
        """Tell whether all of some chunks can be found; quicker than to find them."""
        distinct = sorted(set(ids))
        groups = (distinct[start : start + _AT_ONCE] for start in range(0, len(distinct), _AT_ONCE))
        return all(self._has_group(group) for group in groups)

    def has_packs(self, ends: Collection[PackEnd]) -> bool:
        """See `ChunkIndex.has_packs`."""
        self._list_where_many({pack for pack, _ in ends})
        return all(self._reaches(pack, end) for pack, end in ends)

    def add(self, pack: str, entries: Sequence[PackEntry]) -> None:
        """See `ChunkIndex.add`."""
        self._catalog.chunks.add(pack, entries)
        self._present[pack] = max((entry.offset + entry.stored for entry in entries), default=0)

    def see(self, listed: Mapping[str, Entry]) -> None:
        """Take note of what packs there are, as `list_packs` gives them, so that none is asked for any more."""
        self._listed = listed

    def has_seen(self, packs: Iterable[str]) -> bool:
        """Tell, without asking for any, whether it is known that all of some packs are there."""
        listed = self._listed or {}
        return all(pack in listed or pack in self._present for pack in packs)

    def _list_where_many(self, packs: Collection[str]) -> None:
        """List all packs where a request for each of some would take longer."""
        if self._is_local or self._listed is not None:
            return
        if sum(pack not in self._present for pack in packs) >= _LISTED_FROM:
            self.see(list_packs(self._storage))

    def _has_group(self, ids: Sequence[bytes]) -> bool:
        count, places = self._catalog.chunks.count_known(ids)
        if count < len(ids):
            return False
        self._list_where_many({place.pack for place in places})
        return all(map(self._is_there, places)) or len(self.find(ids)) == len(ids)

    def _is_there(self, some: Location) -> bool:
        return self._reaches(some.pack, some.offset + some.stored)

    def _reaches(self, pack: str, end: int) -> bool:
        if pack not in self._present and not self._is_seen(pack, end):
            return False
        self._present[pack] = max(end, self._present.get(pack, 0))
        return True

    def _is_seen(self, pack: str, end: int) -> bool:
        if self._listed is not None:
            return pack in self._listed and self._listed[pack].size > end
        try:
            self._storage.get_range(pack_key(pack), end, 1)
        except (NotFoundError, IntegrityError):
            return False
        return True


class ReadingIndex(KnownIndex):
    """The same for a reader, which goes on where a chunk is in no pack that is known. Safe to share between threads.

    It learns what is in the packs that are expected to have the chunk, then in all, and asks for the chunk where else
    it may be. Over a network that comes before all packs are learned, which takes a request for each; and whether a
    pack is still there is told by reading it.

    Args:
        storage: Where the packs are.
        catalog: What is known of them.
        bring: Fetches chunks that are in no pack here, as `Backing.bring` does.
        measure: Returns their sizes, as `Backing.measure` does.
    """

    def __init__(
        self,
        storage: Storage,
        catalog: Catalog,
        bring: Callable[[Collection[bytes]], bool] = lambda _: False,
        measure: Callable[[Collection[bytes]], dict[bytes, int]] = lambda _: {},
    ) -> None:
        super().__init__(storage, catalog)
        self._bring = bring
        self._measure = measure
        self._hints: deque[tuple[str, ...]] = deque(maxlen=_HINTS)
        self._learning = threading.RLock()

    def expect(self, packs: Sequence[str]) -> None:
        """See `PlacesIndex.expect`."""
        if packs and not self._is_local:
            self._hints.append(tuple(packs))

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `ChunkIndex.find`."""
        return self._find(ids, self._bring)

    def find_here(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `PlacesIndex.find_here`."""
        return self._find(ids, lambda _: False)

    def find_sizes(self, ids: Collection[bytes]) -> dict[bytes, int]:
        """See `PlacesIndex.find_sizes`."""
        return self._measure(ids)

    def _find(
        self, ids: Sequence[bytes], bring: Callable[[Collection[bytes]], bool]
    ) -> dict[bytes, Location]:
        found = super().find(ids)
        if len(found) == len(ids) or all(id_ in found for id_ in ids):
            return found
        found = self._find_learning(ids, self._iter_learning())
        if (missing := [id_ for id_ in ids if id_ not in found]) and bring(missing):
            found = super().find(ids)
        if not self._is_local and not all(id_ in found for id_ in ids):
            found = self._find_learning(ids, self._iter_learning_all())
        return found

    def _find_learning(self, ids: Sequence[bytes], steps: Iterable[None]) -> dict[bytes, Location]:
        """Find chunks, learning more about where they are, at each step what takes longer, until all are found."""
        found: dict[bytes, Location] = {}
        with self._learning:
            for _ in steps:
                found = super().find(ids)
                if all(id_ in found for id_ in ids):
                    break
        return found

    def _iter_learning(self) -> Iterator[None]:
        yield  # another thread may have learned it meanwhile
        if self._is_local:
            yield from self._iter_learning_all()
        while self._hints:
            packs = iter(self._hints.pop())
            while some := tuple(islice(packs, _THREADS)):
                if learn_packs(self._storage, self._catalog, some):
                    yield

    def _iter_learning_all(self) -> Iterator[None]:
        self._learn_all()
        yield

    def _reaches(self, pack: str, end: int) -> bool:
        return not self._is_local or super()._reaches(pack, end)

    def _list_where_many(self, packs: Collection[str]) -> None:
        """Look for no pack before it is read."""

    def find_places(self, ids: Sequence[bytes]) -> dict[bytes, list[Location]]:
        """See `PlacesIndex.find_places`."""
        self._learn_all()
        found: dict[bytes, list[Location]] = {}
        for id_, place in self._catalog.chunks.iter_places(ids):
            found.setdefault(id_, []).append(place)
        return found

    def forget(self, pack: str) -> None:
        """See `PlacesIndex.forget`."""
        self._present.clear()  # where one pack went, others may have gone
        self._catalog.chunks.forget_pack(pack)

    def _learn_all(self) -> None:
        learn_packs(self._storage, self._catalog, list_packs(self._storage))


def _ends_of(places: Iterable[Location]) -> dict[str, int]:
    """Return each pack that some chunks are in, with where the last of them ends."""
    ends: dict[str, int] = {}
    for place in places:
        end = place.offset + place.stored
        if end > ends.get(place.pack, 0):
            ends[place.pack] = end
    return ends


def learn_packs(storage: Storage, catalog: Catalog, names: Iterable[str]) -> int:
    """Learn what is in those of some packs that the catalog does not know and that are there; return how many.

    That takes a request for each, or two for one with many chunks; over a network several are under way at once.
    """
    unknown = catalog.chunks.unknown_packs(sorted(filter(is_pack_name, names)))
    if isinstance(storage, FolderStorage) or len(unknown) < 2:
        found: Iterable[tuple[PackEntry, ...] | None] = (find_entries(storage, pack) for pack in unknown)
    else:
        found = iter_ahead(lambda pack: find_entries(storage, pack), unknown, _THREADS)
    learned = 0
    for pack, entries in zip(unknown, found, strict=True):
        if entries is not None:
            catalog.chunks.add(pack, entries)
            learned += 1
    return learned


def find_entries(storage: Storage, pack: str) -> tuple[PackEntry, ...] | None:
    """Return what a pack holds, or None where it is gone or damaged: who needs a chunk of it is told then."""
    try:
        return read_pack_index(storage, pack)
    except (NotFoundError, IntegrityError):
        return None


def list_packs(storage: Storage) -> dict[str, Entry]:
    """Return what the storage says of each pack, by name. What lies below `packs/` and is none is passed over."""
    found = {}
    for entry in list_bounded(storage, "packs/"):
        _, area, _, file = (entry.key.split("/") + [""] * 3)[:4]
        name = f"{area}/{file.removesuffix('.pack')}"
        if is_pack_name(name) and pack_key(name) == entry.key:
            found[name] = entry
    return found
