"""The SQLite view of the log, rebuildable at any time; nobody else speaks SQL to it."""

from stook.catalog.catalog import Batch, BundleRow, Catalog

__all__ = ["Batch", "BundleRow", "Catalog"]
