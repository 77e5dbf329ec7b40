"""Where a task runs: the current folder is the workspace, and a fork of the process is not the process."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final

__all__ = ["current_folder", "in_folder", "in_this_process"]

_lock: Final = threading.Lock()
_before: Final[list[str]] = []
_inside: Final[list[Path]] = []


def in_folder(folder: Path) -> AbstractContextManager[None]:
    """Have a folder as the current one within the block; afterwards it is what it was.

    The current folder is that of the whole process: of tasks in several threads, the first to begin finds what to go
    back to, and the last to end goes back.
    """
    return _InFolder(folder)


def in_this_process() -> AbstractContextManager[None]:
    """End a process here that was forked within the block: its parent goes on, and alone publishes and cleans up."""
    return _InThisProcess()


class _InFolder:
    __slots__ = ("_folder",)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        with _lock:
            before = "" if _inside else current_folder()
            os.chdir(self._folder)
            if not _inside:
                _before[:] = [before]
            _inside.append(self._folder)

    def __exit__(self, *raised: object) -> None:
        with _lock:
            _inside.remove(self._folder)
            back = str(_inside[-1]) if _inside else _before[0]
            if back:
                with suppress(OSError):  # it may be gone
                    os.chdir(back)


class _InThisProcess:
    __slots__ = ("_pid",)

    def __enter__(self) -> None:
        self._pid = os.getpid()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if os.getpid() != self._pid:
            _end(error)


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
