"""Locks on open files, which go with the file wherever it is let go of."""

from __future__ import annotations

import fcntl
import os
from types import TracebackType

__all__ = ["locked", "unlock"]


class locked:  # noqa: N801 - read as what the file is in its block
    """Hold a lock on an open file for the time of the block, and close the file in any case. Raises OSError."""

    __slots__ = ("_descriptor", "_how")

    def __init__(self, descriptor: int, how: int = fcntl.LOCK_EX) -> None:
        self._descriptor = descriptor
        self._how = how

    def __enter__(self) -> None:
        """Wait for the lock."""
        try:
            fcntl.flock(self._descriptor, self._how)
        except BaseException:
            unlock(self._descriptor)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of it."""
        unlock(self._descriptor)


def unlock(descriptor: int) -> None:
    """Let go of a lock and close its file, also where the disk has no locks, which is an OSError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough where a forked process has it too
    finally:
        os.close(descriptor)
