"""Where chunks are: what the catalog knows of it, held against what the storage has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stook.catalog import Catalog
from stook.chunks import read_pack_index
from stook.errors import IntegrityError, NotFoundError
from stook.format.packs import Location, PackEntry, is_pack_name, pack_key
from stook.storage.protocol import Storage

__all__ = ["ReadingIndex", "WritingIndex", "learn_packs"]


class WritingIndex:
    """The catalog's index, for a writer: a chunk counts as known only where its pack is there.

    The catalog may be ahead of the storage, as when that was restored from an older copy; whoever trusted it would
    commit a bundle whose content is nowhere. Each pack is looked for once, so an index is to be made for each writer.
    """

    def __init__(self, storage: Storage, catalog: Catalog) -> None:
        self._storage = storage
        self._catalog = catalog
        self._present: set[str] = set()

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `ChunkIndex.find`."""
        while True:
            found = self._catalog.find(ids)
            ends = {location.pack: location for location in found.values()}
            gone = [
                pack for pack, some in ends.items() if pack not in self._present and not self._is_there(some)
            ]
            if not gone:
                self._present.update(ends)
                return found
            for pack in gone:
                self._catalog.forget_pack(pack)

    def add(self, pack: str, entries: Sequence[PackEntry]) -> None:
        """See `ChunkIndex.add`."""
        self._catalog.add(pack, entries)
        self._present.add(pack)

    def _is_there(self, some: Location) -> bool:
        try:
            self._storage.get_range(pack_key(some.pack), some.offset + some.stored, 1)
        except (NotFoundError, IntegrityError):
            return False
        return True


class ReadingIndex(WritingIndex):
    """The same for a reader, which also looks through all packs where a chunk is in none that is known."""

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `ChunkIndex.find`."""
        found = super().find(ids)
        if all(id_ in found for id_ in ids):
            return found
        learn_packs(
            self._storage, self._catalog, [_pack_of(entry.key) for entry in self._storage.list("packs/")]
        )
        return super().find(ids)


def learn_packs(storage: Storage, catalog: Catalog, names: Iterable[str]) -> None:
    """Learn what is in those of some packs that the catalog does not know and that are there."""
    for pack in catalog.unknown_packs(sorted(filter(is_pack_name, names))):
        try:
            entries = read_pack_index(storage, pack)
        except (NotFoundError, IntegrityError):
            continue  # gone or damaged: who needs a chunk of it is told, and nobody else is held up
        catalog.add(pack, entries)


def _pack_of(key: str) -> str:
    _, area, _, file = (key.split("/") + [""] * 3)[:4]
    return f"{area}/{file.removesuffix('.pack')}"
