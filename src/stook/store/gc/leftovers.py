"""What processes that died left in a folder and its cache: temporary files go, what was cut off the log stays."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from stook._io import TEMP_PREFIX
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store.gc.report import Amount

__all__ = ["find_cuts", "remove_from_cache", "remove_temporary"]

_DEAD_SECONDS = 24 * 60 * 60


def remove_temporary(root: Path, now: float, *, dry_run: bool) -> Amount:
    """Remove temporary files that nobody has written to for a day, and return how much that was."""
    removed = Amount()
    with translate_os_errors(root):
        for folder, _, files in os.walk(root):
            for name in files:
                if name.startswith(TEMP_PREFIX):
                    removed += _remove_old(Path(folder, name), now, dry_run=dry_run)
    return removed


def remove_from_cache(cache: Path, now: float, *, dry_run: bool) -> Amount:
    """Remove what nobody has touched for a day of temporary files, and of damaged folders that were set aside.

    Where bundles' own files are, deeper down, nothing is looked for. What cannot be removed stays.

    Returns:
        How much that was.
    """
    removed = Amount()
    for where in ("", "*/", "folders/*/"):
        found: list[Path] = []
        with suppress(OSError):  # a folder went while it was listed
            found.extend(cache.glob(f"{where}{TEMP_PREFIX}*"))
        for path in found:
            with suppress(OSError):  # it is another user's, or another process was quicker
                removed += _remove_whole(path, now, dry_run=dry_run)
    return removed


def _remove_whole(path: Path, now: float, *, dry_run: bool) -> Amount:
    """Remove a file or folder of the cache, whose files bear a time of their own: only that of a change counts."""
    found = [inner.lstat() for inner in (path, *path.rglob("*"))]
    if now - max(state.st_ctime for state in found) < _DEAD_SECONDS:
        return Amount()
    if not dry_run:
        if stat.S_ISDIR(found[0].st_mode):
            shutil.rmtree(path)
        else:
            path.unlink()
    files = [state.st_size for state in found if not stat.S_ISDIR(state.st_mode)]
    return Amount(len(files), sum(files))


def find_cuts(storage: Storage) -> tuple[str, ...]:
    """Return the paths of what was cut off the log: half a commit as a rule, but it may be damage."""
    found = storage.root.glob("log/*/.cut-*") if isinstance(storage, FolderStorage) else ()
    return tuple(sorted(map(str, found)))


def _remove_old(path: Path, now: float, *, dry_run: bool) -> Amount:
    try:
        found = path.lstat()
        if now - found.st_mtime < _DEAD_SECONDS:
            return Amount()
        if not dry_run:
            path.unlink()
    except FileNotFoundError:
        return Amount()
    return Amount(1, found.st_size)
