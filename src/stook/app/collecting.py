"""Free room: what no bundle needs, and what is in the cache."""

from __future__ import annotations

import shutil
from datetime import timedelta

from stook.storage.disk_errors import translate_os_errors
from stook.store import Store
from stook.store.gc import Amount, Collected, collect
from stook.store.usage import CACHED, measure_folder

__all__ = ["collect_garbage", "empty_cache"]


def collect_garbage(store: Store, *, dry_run: bool, grace: timedelta) -> Collected:
    """Delete what no bundle of any context needs; see `stook.store.gc.collect`."""
    return collect(store.repository, dry_run=dry_run, grace=grace)


def empty_cache(store: Store, *, dry_run: bool) -> Amount:
    """Remove the files that were made from bundles for reading, and return how much that is. They are made again."""
    found = Amount()
    for name in CACHED:
        folder = store.repository.cache / name
        found += measure_folder(folder)
        if not dry_run and folder.exists():
            with translate_os_errors(folder):
                shutil.rmtree(folder)
    return found
