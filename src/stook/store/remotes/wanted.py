"""Which chunks are to go over, and in which packs they are: by the million, in little memory."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence

from stook.chunks import ChunkIndex
from stook.errors import IntegrityError
from stook.format.packs import Location, PackEntry

__all__ = ["Wanted", "iter_wanted"]

_BATCH = 16_384
_SEEN = 200_000
_MOST_BYTES = 64 * 1024 * 1024
_PACK_BYTES = 400
_ROW = struct.Struct("<32sQIIB")


class Wanted:
    """Chunks by the pack that they are in. Takes 49 bytes a chunk, and some hundreds a pack.

    Attributes:
        stored: Bytes of them as they are stored.
    """

    def __init__(self) -> None:
        self._rows: dict[str, bytearray] = {}
        self._bytes = 0
        self.stored = 0

    @property
    def is_full(self) -> bool:
        """Whether this is as much as shall be in memory at once: a million chunks."""
        return self._bytes >= _MOST_BYTES

    @property
    def packs(self) -> list[str]:
        """The packs by name, and so those with data first."""
        return sorted(self._rows)

    def add(self, id_: bytes, at: Location) -> None:
        """Take a chunk that is there."""
        rows = self._rows.get(at.pack)
        if rows is None:
            rows = self._rows[at.pack] = bytearray()
            self._bytes += _PACK_BYTES
        rows += _ROW.pack(id_, at.offset, at.stored, at.size, at.codec)
        self._bytes += _ROW.size
        self.stored += at.stored

    def entries(self, pack: str) -> list[PackEntry]:
        """Return the chunks of a pack in their order there, none twice."""
        found = {fields[0]: PackEntry(*fields) for fields in _ROW.iter_unpack(self._rows[pack])}
        return sorted(found.values(), key=lambda entry: entry.offset)


def iter_wanted(ids: Iterable[bytes], target: ChunkIndex, source: ChunkIndex) -> Iterator[Wanted]:
    """Yield which of some chunks one side lacks and where the other has them, up to a million at a time.

    Args:
        ids: The chunks; some may come twice.
        target: Says what is not lacking.
        source: Says where the others are.

    Raises:
        IntegrityError: One is nowhere; it is named.
    """
    wanted = Wanted()
    for batch in _iter_batches(ids):
        known = target.find(batch)
        lacking = [id_ for id_ in batch if id_ not in known]
        found = source.find(lacking) if lacking else {}
        for id_ in lacking:
            if id_ not in found:
                raise _nowhere(id_)
            wanted.add(id_, found[id_])
        if wanted.is_full:
            yield wanted
            wanted = Wanted()
    if wanted.packs:
        yield wanted


def _iter_batches(ids: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield some thousand chunks at a time, but for most of those that came before."""
    seen: set[bytes] = set()
    batch: list[bytes] = []
    for id_ in ids:
        if id_ in seen:
            continue
        seen.add(id_)
        batch.append(id_)
        if len(batch) == _BATCH:
            yield batch
            batch = []
            if len(seen) > _SEEN:
                seen.clear()
    if batch:
        yield batch


def _nowhere(id_: bytes) -> IntegrityError:
    return IntegrityError(
        f"the chunk {id_.hex()} is in no pack that is known",
        kind="missing-chunk",
        hint="stook verify",
        chunk=id_.hex(),
    )
