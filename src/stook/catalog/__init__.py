"""The SQLite view of the log, rebuildable at any time; nobody else speaks SQL to it."""

from stook.catalog.bundles import BundleTable
from stook.catalog.catalog import Catalog
from stook.catalog.chunks import ChunkTable
from stook.catalog.rows import Batch, BundleLine, BundleRow, CheckpointRow, ContextRow, DamageRow, HeldRow
from stook.catalog.search import ORDERS, Filter, Order
from stook.catalog.whole import Whole

__all__ = [
    "ORDERS",
    "Batch",
    "BundleLine",
    "BundleRow",
    "BundleTable",
    "Catalog",
    "CheckpointRow",
    "ChunkTable",
    "ContextRow",
    "DamageRow",
    "Filter",
    "HeldRow",
    "Order",
    "Whole",
]
