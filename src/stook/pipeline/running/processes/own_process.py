"""What a process of tasks does to itself: signals, what it prints, threads, and what a task has left in it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Final, NoReturn, TextIO

__all__ = ["Output", "flush", "interrupt", "is_ending", "is_spent", "limit_threads", "take_signals"]

_THREADS_OF: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
)


def take_signals() -> None:
    """Leave Ctrl-C to the run, and end on SIGTERM as on Ctrl-C, so that what the task has begun is closed."""
    for number in (signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, interrupt)
    os.register_at_fork(before=_hold_back, after_in_parent=_let_through, after_in_child=_be_a_child)


def _hold_back() -> None:
    """Let SIGTERM wait: a fork that gets one before it is Python again would forget it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _let_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _be_a_child() -> None:
    """End on SIGTERM as any process does: so `multiprocessing` ends those that a task starts."""
    if signal.getsignal(signal.SIGTERM) is interrupt:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _let_through()


def is_ending() -> bool:
    """Tell whether this process was interrupted."""
    return signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


def interrupt(*_: object) -> NoReturn:
    """End what the process does, once."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


class Output:
    """Takes all that is printed, also what a crash in C has to say, and lets it go to a descriptor.

    Args:
        descriptor: Where it goes; it is this object's from now on.
    """

    def __init__(self, descriptor: int) -> None:
        import faulthandler

        os.set_inheritable(descriptor, False)
        self._descriptor = descriptor
        self._is = os.fstat(descriptor)
        self._streams = self._open()
        faulthandler.enable(file=2, all_threads=False)

    def put_back(self) -> None:
        """Take it again after a task, which may have put anything there, or closed what was there."""
        with suppress(OSError):  # the task may have closed this one too
            if os.path.samestat(os.fstat(self._descriptor), self._is):
                self._take_descriptors()
        try:
            is_open = not any(stream.closed for stream in self._streams)
        except ValueError:  # taken apart
            is_open = False
        if not is_open:
            self._streams = self._open()
        sys.stdout, sys.stderr = self._streams

    def _take_descriptors(self) -> None:
        for descriptor in (1, 2):
            os.dup2(self._descriptor, descriptor)

    def _open(self) -> tuple[TextIO, TextIO]:
        self._take_descriptors()
        sys.stdout, sys.stderr = _open_text(1), _open_text(2)
        sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr  # type: ignore[misc,assignment]
        return sys.stdout, sys.stderr


def _open_text(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)


def limit_threads(threads: int) -> None:
    """Let libraries use so many threads, unless the user has said otherwise; 0 for any number."""
    for name in _THREADS_OF if threads else ():
        os.environ.setdefault(name, str(threads))


def flush() -> None:
    """Let what was printed go out: Python's, and what C has not written yet."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            stream.flush()  # type: ignore[union-attr]
        except (AttributeError, OSError, ValueError):  # a task may have put anything there
            continue
    if "ctypes" in sys.modules:
        sys.modules["ctypes"].CDLL(None).fflush(None)


def is_spent() -> bool:
    """Tell whether threads that would keep a process alive are left, or processes; those that have ended are buried."""
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        return True
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True
