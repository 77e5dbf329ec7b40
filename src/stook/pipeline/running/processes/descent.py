"""What the system knows of processes and those that they have started."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["adopt_orphans", "children_of", "die_with", "memory_of"]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PAGE = os.sysconf("SC_PAGE_SIZE")


def die_with(parent: int, number: int) -> bool:
    """Let this process get a signal when its parent ends, where the system can do that; False where it has ended."""
    _prctl(_PR_SET_PDEATHSIG, number)
    return os.getppid() == parent


def adopt_orphans() -> None:
    """Become the parent of what processes below this one leave behind, where the system can do that."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def children_of(process: int) -> list[int]:
    """Return the processes that one has started and that are still there; none where the system does not tell."""
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{process}/task"):
            with suppress(OSError):
                found += map(int, Path(f"/proc/{process}/task/{thread}/children").read_text().split())
    return found


def memory_of(process: int) -> int:
    """Return the bytes of memory that a process and all below it hold; 0 where it is gone."""
    if sys.platform != "linux":
        return _memory_by_ps(process)
    return sum(_resident(each) for each in _iter_tree(process))


def _iter_tree(process: int) -> Iterator[int]:
    yield process
    for child in children_of(process):
        yield from _iter_tree(child)


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _memory_by_ps(process: int) -> int:
    import subprocess

    done = subprocess.run(["ps", "-A", "-o", "pgid=,rss="], capture_output=True, text=True, check=False)
    rows = (line.split() for line in done.stdout.splitlines())
    return sum(int(rss) * 1024 for group, rss in rows if int(group) == process)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value)
