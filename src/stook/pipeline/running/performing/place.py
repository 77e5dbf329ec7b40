"""Where a task runs: the current folder is the workspace, and a fork of the process is not the process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["current_folder", "in_folder", "in_this_process"]

_lock: Final = threading.Lock()
_before: Final[list[str]] = []
_inside: Final[list[Path]] = []


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Have a folder as the current one within the block; afterwards it is what it was.

    The current folder is that of the whole process: of tasks in several threads, the first to begin finds what to go
    back to, and the last to end goes back.
    """
    with _lock:
        if not _inside:
            _before[:] = [current_folder()]
        _inside.append(folder)
        os.chdir(folder)
    try:
        yield
    finally:
        with _lock:
            _inside.remove(folder)
            back = str(_inside[-1]) if _inside else _before[0]
            if back:
                with suppress(OSError):  # it may be gone
                    os.chdir(back)


@contextmanager
def in_this_process() -> Iterator[None]:
    """End a process here that was forked within the block: its parent goes on, and alone publishes and cleans up."""
    pid = os.getpid()
    try:
        yield
    except BaseException as error:
        if os.getpid() != pid:
            _end(error)
        raise
    if os.getpid() != pid:
        _end(None)


def _end(error: BaseException | None) -> None:
    """End this process at once, as Python would have, but without what is done at its end."""
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    else:
        code = int(error is not None)
    if error is not None and not isinstance(error, SystemExit):
        import traceback

        traceback.print_exception(error)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def current_folder() -> str:
    """Return the current folder; empty where it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""
