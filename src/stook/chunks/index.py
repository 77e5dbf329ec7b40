"""Which pack has which chunk."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Protocol

from stook.errors import NotFoundError
from stook.format.packs import (
    TRAILER_BYTES,
    Location,
    PackEnd,
    PackEntry,
    pack_key,
    parse_index,
    parse_trailer,
)
from stook.storage.protocol import Storage

__all__ = ["ChunkIndex", "MemoryIndex", "PlacesIndex", "read_pack_index"]

_TAIL_GUESS = 128 * 1024


class ChunkIndex(Protocol):
    """Finds chunks, and learns of new packs. Safe to share between threads."""

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """Return where those of the chunks are that are known."""
        ...

    def add(self, pack: str, entries: Sequence[PackEntry]) -> None:
        """Learn what a pack holds; no error when it is known."""
        ...

    def has_packs(self, ends: Collection[PackEnd]) -> bool:
        """Tell whether packs are there, each up to its end; if so all chunks in them before it are known."""
        ...


class PlacesIndex(ChunkIndex, Protocol):
    """An index for a reader, which goes on where a pack turns out to be gone or damaged."""

    def expect(self, packs: Sequence[str]) -> None:
        """Take a hint: these packs may have what is asked for next. They may be gone, or known already."""
        ...

    def find_here(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """Return where those of the chunks are that are here; none is fetched."""
        ...

    def find_sizes(self, ids: Collection[bytes]) -> dict[bytes, int]:
        """Return the bytes of those chunks that are elsewhere, as is said there; none is fetched."""
        ...

    def find_places(self, ids: Sequence[bytes]) -> dict[bytes, list[Location]]:
        """Return every place where chunks are, since packs may share some; those that are nowhere are left out."""
        ...

    def forget(self, pack: str) -> None:
        """Forget a pack, because it is not there any more."""
        ...


class MemoryIndex:
    """An index that forgets, for stores in memory and for tests."""

    def __init__(self) -> None:
        self._places: dict[bytes, dict[str, Location]] = {}
        self._lock = threading.Lock()

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `ChunkIndex.find`."""
        with self._lock:
            found = {id_: self._places.get(id_) for id_ in ids}
            return {id_: next(iter(places.values())) for id_, places in found.items() if places}

    def expect(self, packs: Sequence[str]) -> None:
        """See `PlacesIndex.expect`. Nothing is to be learned."""

    def find_here(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `PlacesIndex.find_here`."""
        return self.find(ids)

    def find_sizes(self, _ids: Collection[bytes]) -> dict[bytes, int]:
        """See `PlacesIndex.find_sizes`. Nothing is elsewhere."""
        return {}

    def find_places(self, ids: Sequence[bytes]) -> dict[bytes, list[Location]]:
        """See `PlacesIndex.find_places`."""
        with self._lock:
            return {id_: list(places.values()) for id_ in ids if (places := self._places.get(id_))}

    def forget(self, pack: str) -> None:
        """See `PlacesIndex.forget`."""
        with self._lock:
            for places in self._places.values():
                places.pop(pack, None)

    def has_packs(self, ends: Collection[PackEnd]) -> bool:
        """See `ChunkIndex.has_packs`."""
        with self._lock:
            known = {pack for places in self._places.values() for pack in places}
        return known.issuperset(pack for pack, _ in ends)

    def add(self, pack: str, entries: Sequence[PackEntry]) -> None:
        """See `ChunkIndex.add`."""
        with self._lock:
            for entry in entries:
                location = Location(pack, entry.offset, entry.stored, entry.size, entry.codec)
                self._places.setdefault(entry.id, {}).setdefault(pack, location)


def read_pack_index(storage: Storage, pack: str) -> tuple[PackEntry, ...]:
    """Read what a pack holds from its last bytes, by one request, or two where the index is long.

    Args:
        storage: Where the repository is.
        pack: Name of the pack, such as `"data/3f…"`.

    Raises:
        NotFoundError: There is no such pack.
        FormatError: It is not a pack.
    """
    key = pack_key(pack)
    tail, size = _read_tail(storage, key)
    trailer = parse_trailer(tail, size)
    wanted = trailer.index_bytes + TRAILER_BYTES
    if wanted > len(tail):
        tail = storage.get_range(key, size - wanted, wanted)
    return parse_index(tail[len(tail) - wanted : len(tail) - TRAILER_BYTES], trailer, size)


def _read_tail(storage: Storage, key: str) -> tuple[bytes, int]:
    try:
        return storage.get_tail(key, _TAIL_GUESS)
    except NotFoundError:
        raise NotFoundError(
            f"there is no {key} in {storage.url}", kind="pack-not-found", hint="stook verify --deep"
        ) from None
