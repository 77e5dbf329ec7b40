"""Old runs go when new ones come."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from stook.app.run_records.layout import EVENTS, HEAD

__all__ = ["is_alive", "prune"]

_KEPT = 200
_KEPT_SECONDS = 30 * 86_400
_MOST = 2_000


def prune(runs: Path) -> None:
    """Remove runs that are older than 30 days, but for the newest 200; and whatever is beyond the newest 2,000."""
    try:
        names = os.listdir(runs)
    except OSError:
        return
    if len(names) <= _KEPT:
        return
    began = sorted(((_began(runs / name), name) for name in names), reverse=True)
    limit = time.time() - _KEPT_SECONDS
    for place, (when, name) in enumerate(began[_KEPT:], _KEPT):
        if (when < limit or place >= _MOST) and not is_alive(runs / name):
            import shutil  # takes long

            shutil.rmtree(runs / name, ignore_errors=True)


def is_alive(folder: Path) -> bool:
    """Tell whether the process that writes a run may be there: it holds a lock for as long as it lives."""
    try:
        file = os.open(folder / EVENTS, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return True
    finally:
        os.close(file)
    return False


def _began(folder: Path) -> float:
    with suppress(OSError):
        return (folder / HEAD).stat().st_mtime
    with suppress(OSError):  # one that is just beginning, or never got to it
        return folder.stat().st_mtime
    return 0.0
