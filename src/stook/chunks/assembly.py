"""A pack in the making, as pieces that are written one after another."""

from __future__ import annotations

from typing import Final

from stook.chunks.blocks import BLOCK_BYTES, BlockPool
from stook.chunks.compress import Bytes, Packed
from stook.format.packs import CODEC_RAW, MAGIC, PackEntry, build_footer

__all__ = ["Assembly"]

_COPIED_BELOW: Final = 32 * 1024
_JOINED_BELOW: Final = 1024 * 1024


class Assembly:
    """Takes stored chunks for one pack. What is large and raw stays where it is; the rest is copied together.

    Args:
        pool: Lends memory to copy to.
    """

    def __init__(self, pool: BlockPool) -> None:
        self._pool = pool
        self._entries: list[PackEntry] = []
        self._pieces: list[Bytes] = []
        self._small: list[bytes] = [MAGIC]
        self._small_bytes = len(MAGIC)
        self._room = memoryview(b"")
        self.size = len(MAGIC)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added yet."""
        return not self._entries

    @property
    def entries(self) -> tuple[PackEntry, ...]:
        """What was added."""
        return tuple(self._entries)

    def add(self, chunk: Packed) -> None:
        """Take the next chunk."""
        id_, codec, size, stored = chunk
        length = len(stored)
        self._entries.append(PackEntry(id_, self.size, length, size, codec))
        self.size += length
        if codec == CODEC_RAW and length >= _COPIED_BELOW and not self._pool.is_crowded:
            self._end_small()
            self._pieces.append(stored)
        else:
            self._add_small(stored)

    def finish(self) -> list[Bytes]:
        """Return the pieces of the pack, its index at the end."""
        self._add_small(build_footer(self._entries))
        self._end_small()
        return self._pieces

    def _add_small(self, stored: Bytes) -> None:
        self._small.append(bytes(stored))  # a view would keep its whole block
        self._small_bytes += len(stored)
        if self._small_bytes >= _JOINED_BELOW:
            self._end_small()

    def _end_small(self) -> None:
        """Make one piece of the small ones: in a block where there are many, lest each pack costs fresh memory."""
        if not self._small:
            return
        small, size = self._small, self._small_bytes
        self._small, self._small_bytes = [], 0
        if size < _COPIED_BELOW or size > BLOCK_BYTES or self.size < _JOINED_BELOW:
            self._pieces.append(b"".join(small))
            return
        if len(self._room) < size:
            self._room = self._pool.take()
        end = 0
        for stored in small:
            start, end = end, end + len(stored)
            self._room[start:end] = stored
        self._pieces.append(self._room[:end])
        self._room = self._room[end:]
