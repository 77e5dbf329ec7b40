"""Content in blocks to a blob: digest of the whole, ids of the chunks, chunks to the packer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from blake3 import blake3

from stook.chunks.packing import Packer
from stook.format.limits import MAX_LISTED
from stook.model.tree import Blob

__all__ = ["BlobBuilder"]


class BlobBuilder:
    """Hashes each chunk for both digests while it is in the processor's cache.

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

    def feed(self, block: memoryview, ends: Sequence[int]) -> None:
        """Take the next chunks: those of `block` that end at `ends`, the first of which begins where `block` does."""
        start = 0
        for end in ends:
            chunk = block[start:end]
            self._whole.update(chunk)
            id_ = blake3(chunk).digest()
            self._ids.append(id_)
            self._packer.add(id_, chunk)
            start = end
        self._size += start

    def finish(self) -> Blob:
        """Return the blob of all that was fed."""
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
