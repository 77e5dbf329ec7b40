"""Blocks in which what is opened counts, or does not, since it is not the task that opens it."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Final

__all__ = ["is_observed", "observed", "unobserved"]

_busy: Final = threading.local()


def is_observed() -> bool:
    """Tell whether what this thread opens now counts."""
    return not getattr(_busy, "is_on", False)


def observed() -> AbstractContextManager[None]:
    """Let what is opened within the block count again, though it is within an unobserved one."""
    return _Block(False)


def unobserved() -> AbstractContextManager[None]:
    """Let what is opened within the block not count, since it is not the task that opens it."""
    return _Block(True)


class _Block:
    """A block in which it is said whether what is opened is our doing; written out, as there are many a task."""

    __slots__ = ("_before", "_is_on")

    def __init__(self, is_on: bool) -> None:
        self._is_on = is_on
        self._before = False

    def __enter__(self) -> None:
        self._before = getattr(_busy, "is_on", False)
        _busy.is_on = self._is_on

    def __exit__(self, *raised: object) -> None:
        _busy.is_on = self._before
