"""Where chunks are: what the catalog knows of it, held against what the storage has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from stook.catalog import Catalog
from stook.chunks import read_pack_index
from stook.errors import IntegrityError, NotFoundError
from stook.format.packs import Location, PackEnd, PackEntry, is_pack_name, pack_key
from stook.storage.protocol import Entry, Storage

__all__ = ["KnownIndex", "ReadingIndex", "learn_packs", "list_packs"]

_AT_ONCE = 512


class KnownIndex:
    """The catalog's index; a chunk counts as known only where its pack is there.

    The catalog may be ahead of the storage, as when that was restored from an older copy; whoever trusted it would
    commit a bundle whose content is nowhere. Each pack is looked for once, so an index is to be made for each writer.
    """

    def __init__(self, storage: Storage, catalog: Catalog) -> None:
        self._storage = storage
        self._catalog = catalog
        self._present: dict[str, int] = {}

    @property
    def ends(self) -> tuple[PackEnd, ...]:
        """The packs that were seen to be there, each with where the last chunk ends that was found or added in it."""
        return tuple(self._present.items())

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `ChunkIndex.find`."""
        while True:
            found = self._catalog.chunks.find(ids)
            gone = [pack for pack, end in _ends_of(found.values()).items() if not self._reaches(pack, end)]
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
        return all(self._reaches(pack, end) for pack, end in ends)

    def add(self, pack: str, entries: Sequence[PackEntry]) -> None:
        """See `ChunkIndex.add`."""
        self._catalog.chunks.add(pack, entries)
        self._present[pack] = max((entry.offset + entry.stored for entry in entries), default=0)

    def _has_group(self, ids: Sequence[bytes]) -> bool:
        count, places = self._catalog.chunks.count_known(ids)
        if count < len(ids):
            return False
        return all(map(self._is_there, places)) or len(self.find(ids)) == len(ids)

    def _is_there(self, some: Location) -> bool:
        return self._reaches(some.pack, some.offset + some.stored)

    def _reaches(self, pack: str, end: int) -> bool:
        if pack not in self._present:
            try:
                self._storage.get_range(pack_key(pack), end, 1)
            except (NotFoundError, IntegrityError):
                return False
        self._present[pack] = max(end, self._present.get(pack, 0))
        return True


class ReadingIndex(KnownIndex):
    """The same for a reader, which also looks through all packs where a chunk is in none that is known."""

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `ChunkIndex.find`."""
        found = super().find(ids)
        if all(id_ in found for id_ in ids):
            return found
        self._learn_all()
        return super().find(ids)

    def find_places(self, id_: bytes) -> list[Location]:
        """See `PlacesIndex.find_places`."""
        self._learn_all()
        return [place for _, place in self._catalog.chunks.iter_places([id_])]

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


def learn_packs(storage: Storage, catalog: Catalog, names: Iterable[str]) -> None:
    """Learn what is in those of some packs that the catalog does not know and that are there."""
    for pack in catalog.chunks.unknown_packs(sorted(filter(is_pack_name, names))):
        try:
            entries = read_pack_index(storage, pack)
        except (NotFoundError, IntegrityError):
            continue  # gone or damaged: who needs a chunk of it is told, and nobody else is held up
        catalog.chunks.add(pack, entries)


def list_packs(storage: Storage) -> dict[str, Entry]:
    """Return what the storage says of each pack, by name. What lies below `packs/` and is none is passed over."""
    found = {}
    for entry in storage.list("packs/"):
        _, area, _, file = (entry.key.split("/") + [""] * 3)[:4]
        name = f"{area}/{file.removesuffix('.pack')}"
        if is_pack_name(name) and pack_key(name) == entry.key:
            found[name] = entry
    return found
