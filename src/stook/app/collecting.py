"""Free room: what no bundle needs, and what is in the cache; and say what takes how much."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import timedelta

from stook.storage.disk_errors import translate_os_errors
from stook.store import Store
from stook.store.gc import Amount, Collected, collect
from stook.store.usage import CACHED, Usage, measure, measure_folder

__all__ = ["collect_garbage", "empty_cache", "measure_names"]


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


def measure_names(store: Store, names: Sequence[str]) -> Usage:
    """Return what names take; all of the context where none are given.

    Raises:
        NotFoundError: There is no bundle of one of the names.
    """
    usage = measure(store, names)
    for name in names:
        if not store.versions(name):
            store.get(name)  # which says what is near
    return usage
