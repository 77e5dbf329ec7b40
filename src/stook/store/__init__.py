"""Store and Bundle, one verb a file; the only room that knows the order of writes."""

from stook.store.bundle import Bundle
from stook.store.open import open_store
from stook.store.store import Store

__all__ = ["Bundle", "Store", "open_store"]
