"""A task leaves the process as it found it, for the next task in it."""

from __future__ import annotations

import os
import signal
import threading
from _signal import getsignal  # type: ignore[import-not-found]  # the other one looks each up in an enum
from contextlib import AbstractContextManager, suppress
from typing import Any, Final

import msgspec

from stook.pipeline.running.performing.place import current_folder

__all__ = ["restoring"]

_SIGNALS: Final = tuple(
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGUSR1", "SIGUSR2")
    if (number := getattr(signal, name, None)) is not None
)


def restoring() -> AbstractContextManager[None]:
    """Bring back, after the block: the current folder, variables of the environment, the umask, handlers of signals.

    An alarm that is set in the block is taken back.
    These are the whole process's, so nothing is brought back in other threads than the first: it would be undone there
    what others are at.
    """
    return _Restoring()


class _Restoring:
    __slots__ = ("_found",)

    def __enter__(self) -> None:
        is_first = threading.current_thread() is threading.main_thread()
        self._found = _look_around() if is_first else None

    def __exit__(self, *raised: object) -> None:
        if self._found is not None:
            _bring_back(self._found)


class _Found(msgspec.Struct, frozen=True):
    """What of the process a task may change.

    Attributes:
        folder: The current one; empty where it is gone.
        environ: `os.environ`, the very object, as a task may put another in its place.
        variables: What is in it.
        umask: The umask.
        handlers: Those of signals, by number.
        has_alarm: Whether one is set.
    """

    folder: str
    environ: os._Environ[str]
    variables: dict[bytes, bytes]
    umask: int
    handlers: dict[int, Any]
    has_alarm: bool


def _look_around() -> _Found:
    umask = os.umask(0o077)
    os.umask(umask)
    handlers = {number: getsignal(number) for number in _SIGNALS}
    has_alarm = signal.getitimer(signal.ITIMER_REAL)[0] > 0
    return _Found(current_folder(), os.environ, _variables(), umask, handlers, has_alarm)


def _bring_back(found: _Found) -> None:
    if not found.has_alarm:
        signal.setitimer(signal.ITIMER_REAL, 0)
    os.environ = found.environ  # noqa: B003 - where a task has put another in its place
    if found.folder and current_folder() != found.folder:
        with suppress(OSError):  # it may be gone
            os.chdir(found.folder)
    if _variables() != found.variables:
        _restore_environment(found.variables)
    os.umask(found.umask)
    for number, handler in found.handlers.items():
        if handler is not None and getsignal(number) is not handler:
            signal.signal(number, handler)


def _variables() -> dict[bytes, bytes]:
    """Return the environment as the system has it; through `os.environb` that would take as long as a small task."""
    return dict(os.environb._data)  # type: ignore[attr-defined]


def _restore_environment(variables: dict[bytes, bytes]) -> None:
    for name in _variables().keys() - variables.keys():
        del os.environb[name]
    for name, value in variables.items():
        if os.environb.get(name) != value:
            os.environb[name] = value
