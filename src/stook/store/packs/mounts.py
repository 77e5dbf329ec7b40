"""Which kind of file system a folder is on."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["find_file_system"]

_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = r"\\([0-7]{3})"


def find_file_system(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the kind of file system of a folder, such as `ext4`; None where the system does not say.

    Args:
        folder: The folder, which need not exist.
        mounts: The file in which Linux lists its mounts (proc(5)).
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    resolved = folder.resolve()
    places = {resolved, *resolved.parents}
    best, kind = -1, None
    for line in lines:
        head, found, tail = line.partition(" - ")
        fields = head.split(" ")
        if not found or len(fields) < 5:
            continue
        point = Path(re.sub(_ESCAPED, lambda match: chr(int(match[1], 8)), fields[4]))
        if point in places and len(point.parts) >= best:  # of two on one place the later hides the first
            best, kind = len(point.parts), tail.split(" ")[0]
    return kind
