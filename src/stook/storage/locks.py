"""Locks on open files, which go with the file wherever it is let go of."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["locked", "unlock"]


@contextmanager
def locked(descriptor: int, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold a lock on an open file for the time of the block, and close the file in any case. Raises OSError."""
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        unlock(descriptor)


def unlock(descriptor: int) -> None:
    """Let go of a lock and close its file, also where the disk has no locks, which is an OSError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough where a forked process has it too
    finally:
        os.close(descriptor)
