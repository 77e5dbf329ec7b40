"""Files that processes which died left in a folder: temporary ones go, what was cut off the log stays."""

from __future__ import annotations

import os
from pathlib import Path

from stook._io import TEMP_PREFIX
from stook.storage.disk_errors import translate_os_errors
from stook.store.gc.report import Amount

__all__ = ["find_cuts", "remove_temporary"]

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


def find_cuts(root: Path) -> tuple[str, ...]:
    """Return the paths of what was cut off the log: half a commit as a rule, but it may be damage."""
    return tuple(sorted(str(path) for path in root.glob("log/*/.cut-*")))


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
