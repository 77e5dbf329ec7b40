"""A pack in the making: stored chunks, copied one behind another."""

from __future__ import annotations

from stook.chunks.blocks import BlockPool
from stook.chunks.compress import Bytes, Packed
from stook.format.packs import MAGIC, PackEntry, build_footer

__all__ = ["Assembly"]


class Assembly:
    """Takes stored chunks for one pack.

    Args:
        pool: Lends memory to copy to, so that the blocks that raw chunks are views of are soon free, and what is
            written are whole pages of memory, which the system can hand to the disk as they are.
    """

    def __init__(self, pool: BlockPool) -> None:
        self._pool = pool
        self._entries: list[PackEntry] = []
        self._blocks: list[memoryview] = []
        self._room = memoryview(bytearray())
        self.size = 0

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
        if self.is_empty:
            self._copy(MAGIC)
        id_, codec, size, stored = chunk
        self._entries.append(PackEntry(id_, self.size, len(stored), size, codec))
        self._copy(stored)

    def finish(self) -> list[memoryview]:
        """Return the bytes of the pack, its index at the end: whole blocks but for the last."""
        self._copy(build_footer(self._entries))
        last = self._blocks.pop()
        return [*self._blocks, last[: len(last) - len(self._room)]]

    def _copy(self, data: Bytes) -> None:
        self.size += len(data)
        rest = memoryview(data)
        while len(rest) > len(self._room):
            fitting = len(self._room)
            self._room[:] = rest[:fitting]
            rest = rest[fitting:]
            self._room = self._pool.take()
            self._blocks.append(self._room)
        self._room[: len(rest)] = rest
        self._room = self._room[len(rest) :]
