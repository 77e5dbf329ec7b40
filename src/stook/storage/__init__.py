"""Where bytes live: one small protocol over folders, memory and object stores."""

from __future__ import annotations

from stook.storage.opening import open_storage
from stook.storage.protocol import Entry, Storage, Stored

__all__ = ["Entry", "Storage", "Stored", "open_storage"]
