"""How much memory there is for this process: of the machine, or of the part of it that a container gives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["memory_here"]

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


def memory_here(groups: Path = _GROUPS, own: Path = _OWN_GROUPS) -> int:
    """Return the bytes of memory that processes started here may use in all; 0 where the system does not tell.

    Args:
        groups: Where the system's control groups are.
        own: The file that says in which of them this process is.
    """
    limits = [limit for file in _limit_files(groups, own) if (limit := _read(file)) is not None]
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        whole = 0
    return min([limit for limit in (whole, *limits) if limit > 0], default=0)


def _limit_files(groups: Path, own: Path) -> Iterator[Path]:
    """Yield where limits may be: of the group, and of all above it."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        name, folder = (
            ("memory.max", groups) if not controllers else ("memory.limit_in_bytes", groups / "memory")
        )
        if controllers and "memory" not in controllers.split(","):
            continue
        group = folder / path.strip("/")
        while group.is_relative_to(folder):
            yield group / name
            group = group.parent


def _read(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
