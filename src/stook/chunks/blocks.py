"""Large buffers that are used over and over: fresh memory costs more than what is done with it."""

from __future__ import annotations

import mmap
from contextlib import suppress
from typing import Final

__all__ = ["BLOCK_BYTES", "BlockPool"]

BLOCK_BYTES: Final = 8 * 1024 * 1024


class BlockPool:
    """Lends blocks of `BLOCK_BYTES`, whole pages of memory; a block is free again once nobody views any part of it.

    Not to be shared between threads, though views may be dropped by any.
    """

    def __init__(self) -> None:
        self._blocks: list[mmap.mmap] = []

    def take(self) -> memoryview:
        """Return a view of a free block. What is in it has no meaning."""
        for block in self._blocks:
            if _is_free(block):
                return memoryview(block)
        fresh = _new_block(in_large_pages=bool(self._blocks))
        if hasattr(fresh, "resize"):  # else nobody could tell when it is free, so it goes when its views do
            self._blocks.append(fresh)
        return memoryview(fresh)

    def clear(self) -> None:
        """Keep no block; views that are still held stay valid."""
        self._blocks.clear()


def _new_block(*, in_large_pages: bool) -> mmap.mmap:
    """Return a block; large pages are quicker where all of it is used, and slower where a pack is a few bytes."""
    block = mmap.mmap(-1, BLOCK_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if in_large_pages:
        with suppress(AttributeError, OSError):  # not every system has them
            block.madvise(mmap.MADV_HUGEPAGE)
    return block


def _is_free(block: mmap.mmap) -> bool:
    """Tell whether there is no view of a block: Python refuses to resize what has one."""
    try:
        block.resize(BLOCK_BYTES)
    except BufferError:
        return False
    except SystemError:  # without `mremap` Python resizes no block, but looks for views before it says so
        return True
    return True
