"""The chunks decoded last, within a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

__all__ = ["ChunkCache"]


class ChunkCache:
    """Least recently used goes first. Safe to share between threads.

    Args:
        limit: Bytes to keep at the most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._chunks: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, ids: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return those of the chunks that are here."""
        with self._lock:
            found = {id_: self._chunks[id_] for id_ in ids if id_ in self._chunks}
            for id_ in found:
                self._chunks.move_to_end(id_)
            return found

    def add(self, id_: bytes, data: bytes) -> None:
        """Keep a chunk for a while."""
        with self._lock:
            if id_ in self._chunks:
                return
            self._chunks[id_] = data
            self._size += len(data)
            while self._size > self._limit:
                _, dropped = self._chunks.popitem(last=False)
                self._size -= len(dropped)
