"""A task leaves the process as it found it, for the next task in it."""

from __future__ import annotations

import os
import signal
import threading
from _signal import getsignal  # type: ignore[import-not-found]  # the other one looks each up in an enum
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from stook.pipeline.running.performing.place import current_folder

__all__ = ["restoring"]

_SIGNALS: Final = tuple(
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGUSR1", "SIGUSR2")
    if (number := getattr(signal, name, None)) is not None
)


@contextmanager
def restoring() -> Iterator[None]:
    """Bring back, after the block: the current folder, variables of the environment, the umask, handlers of signals.

    An alarm that is set in the block is taken back.
    These are the whole process's, so nothing is brought back in other threads than the first: it would be undone there
    what others are at.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    folder, variables, umask = current_folder(), _variables(), os.umask(0o077)
    os.umask(umask)
    environ = os.environ
    handlers = {number: getsignal(number) for number in _SIGNALS}
    has_alarm = signal.getitimer(signal.ITIMER_REAL)[0] > 0
    try:
        yield
    finally:
        if not has_alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
        os.environ = environ  # noqa: B003 - the very object, where a task has put another in its place
        if folder and current_folder() != folder:
            with suppress(OSError):  # it may be gone
                os.chdir(folder)
        if _variables() != variables:
            _restore_environment(variables)
        os.umask(umask)
        for number, handler in handlers.items():
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
