"""Content in blocks to a blob: digest of the whole, ids of the chunks, chunks to the packer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from blake3 import blake3

from stook.chunks.packing import Packer
from stook.format.limits import MAX_LISTED
from stook.model.tree import Blob

__all__ = ["BlobBuilder"]


class BlobBuilder:
    """Hashes one block in a thread while the next is read and cut.

    Args:
        packer: Takes the chunks.
        add_bytes: Stores a listing of chunks, where there are many.
    """

    def __init__(self, packer: Packer, add_bytes: Callable[[bytes], Blob]) -> None:
        self._packer = packer
        self._add_bytes = add_bytes
        self._whole = blake3()
        self._size = 0
        self._ids: list[bytes] = []
        self._block = memoryview(b"")
        self._ends: list[int] = []
        self._hashing: Future[list[bytes]] | None = None

    def feed(self, block: memoryview, ends: list[int]) -> None:
        """Take the next chunks: those of `block` that end at `ends`, the first of which begins where `block` does."""
        self._finish_block()
        self._block, self._ends = block, ends
        self._size += ends[-1]
        self._hashing = self._packer.submit(_hash, self._whole, block, ends)

    def finish(self) -> Blob:
        """Return the blob of all that was fed."""
        self._finish_block()
        digest = self._whole.hexdigest()
        if len(self._ids) == 1:
            return Blob(self._size, digest)
        if len(self._ids) <= MAX_LISTED:
            return Blob(self._size, digest, chunks=tuple([id_.hex() for id_ in self._ids]))
        return Blob(self._size, digest, listing=self._add_bytes(self.listing))

    @property
    def listing(self) -> bytes:
        """The ids of the chunks so far, 32 bytes each."""
        return b"".join(self._ids)

    def _finish_block(self) -> None:
        if self._hashing is None:
            return
        ids = self._hashing.result()
        self._hashing = None
        block, self._block = self._block, memoryview(b"")
        start = 0
        for id_, end in zip(ids, self._ends, strict=True):
            self._packer.add(id_, block[start:end])
            start = end
        self._ids.extend(ids)


def _hash(whole: blake3, block: memoryview, ends: list[int]) -> list[bytes]:
    ids = []
    start = 0
    for end in ends:
        chunk = block[start:end]  # for both digests while it is in the processor's cache
        whole.update(chunk)
        ids.append(blake3(chunk).digest())
        start = end
    return ids
