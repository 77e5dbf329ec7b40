"""A storage in memory, for as long as the process runs."""

from __future__ import annotations

from collections.abc import Mapping

from obstore.store import MemoryStore

from stook.errors import InputError
from stook.storage.object_storage import ObjectStorage

__all__ = ["open_memory"]


def open_memory(url: str, options: Mapping[str, str]) -> ObjectStorage:
    """Open a new, empty storage in memory.

    Raises:
        InputError: The URL is not `memory:`, or options are given, of which there are none.
    """
    if url.rstrip("/").lower() != "memory:" or options:
        raise InputError("memory has neither a name nor options", kind="bad-url", hint="write memory:")
    store = MemoryStore()
    return ObjectStorage(lambda _purpose: store, "memory:")
