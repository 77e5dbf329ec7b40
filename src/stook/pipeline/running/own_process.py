"""What a process of tasks does to itself: signals, what it prints, threads, and what a task has left in it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Final, NoReturn

__all__ = ["flush", "interrupt", "is_ending", "is_spent", "limit_threads", "take_output", "take_signals"]

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


def is_ending() -> bool:
    """Tell whether this process was interrupted."""
    return signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


def interrupt(*_: object) -> NoReturn:
    """End what the process does, once."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def take_output(output: int) -> None:
    """Let all that is printed go to a descriptor, also what a crash in C has to say."""
    import faulthandler

    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.close(output)
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr  # type: ignore[misc]
    faulthandler.enable(file=2, all_threads=False)


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
