"""Garbage collection: delete packs of chunks that no bundle refers to, and lose nothing else, whatever happens."""

from stook.store.gc.collect import GRACE, collect
from stook.store.gc.report import Amount, Collected

__all__ = ["GRACE", "Amount", "Collected", "collect"]
