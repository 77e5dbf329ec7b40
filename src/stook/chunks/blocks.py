"""Large buffers that are used over and over: fresh memory costs more than what is done with it."""

from __future__ import annotations

from typing import Final

__all__ = ["BLOCK_BYTES", "BlockPool"]

BLOCK_BYTES: Final = 8 * 1024 * 1024
_MANY = 24


class BlockPool:
    """Lends blocks of `BLOCK_BYTES`; a block is free again once nobody holds a view of any part of it.

    Not to be shared between threads, though views may be dropped by any.
    """

    def __init__(self) -> None:
        self._blocks: list[bytearray] = []

    @property
    def is_crowded(self) -> bool:
        """Whether so many blocks were in use at once that who can copy a few bytes shall not hold a block for them."""
        return len(self._blocks) >= _MANY

    def take(self) -> memoryview:
        """Return a view of a free block. What is in it has no meaning."""
        for block in self._blocks:
            if _is_free(block):
                return memoryview(block)
        self._blocks.append(bytearray(BLOCK_BYTES))
        return memoryview(self._blocks[-1])

    def clear(self) -> None:
        """Keep no block; views that are still held stay valid."""
        self._blocks.clear()


def _is_free(block: bytearray) -> bool:
    """Tell whether there is no view of a block: Python refuses to resize what has one."""
    try:
        block.pop()
    except BufferError:
        return False
    block.append(0)
    return True
