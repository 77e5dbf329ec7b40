"""Disks that are soon full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import MOUNTING_REFUSED

__all__ = ["small_disk_at"]


@contextmanager
def small_disk_at(place: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk in memory of so many MB for as long as the block lasts; skip the test where that is refused."""
    place.mkdir()
    options = f"size={megabytes}m,mode=755"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(MOUNTING_REFUSED)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)
