"""Where the tests have their folders: in memory where there is room, else where the machine has such things.

Stook waits for the disk whenever it commits, as it must; that is most of what the tests would wait for.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["NEEDED", "scratch"]

# GiB: two for files, most of them the environment that the wheel is tried in, and four for those at work.
NEEDED = 6 << 30
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it is made for one run and its user
_MEMORY = Path("/proc/meminfo")


@contextmanager
def scratch(
    environment: Mapping[str, str], place: Path = _IN_MEMORY, memory: Path = _MEMORY
) -> Iterator[dict[str, str]]:
    """Yield the variables by which a process has its temporary files in memory; none where it shall not.

    It shall not where the caller says by TMPDIR where they are, nor where there is little room. What is there is
    deleted at the end.

    Args:
        environment: The caller's.
        place: A file system in memory.
        memory: What says how much memory is available, as Linux does.
    """
    if environment.get("TMPDIR") or not has_room(place, memory):
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="stook-tests-", dir=place, ignore_cleanup_errors=True) as folder:
        # A test that is another user for a while finds there what is open to all.
        Path(folder).chmod(0o711)
        yield {"TMPDIR": folder}


def has_room(place: Path, memory: Path) -> bool:
    """Tell whether a file system in memory has room for the tests, and the memory too."""
    if not place.is_dir() or not memory.is_file():
        return False
    lines = (line.split() for line in memory.read_text(encoding="ascii").splitlines())
    available = next((int(words[1]) * 1024 for words in lines if words[0] == "MemAvailable:"), 0)
    return min(shutil.disk_usage(place).free, available) >= NEEDED
