"""Files that a task writes while it runs, which become items of its output: `self.path("x.csv")`."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from pathlib import Path
from typing import Final

from stook.errors import InputError
from stook.model.paths import find_path_problem

__all__ = ["path", "path_in", "writing_in"]

_folder: Final[ContextVar[str | os.PathLike[str] | None]] = ContextVar("stook_output_folder", default=None)


def writing_in(folder: str | os.PathLike[str]) -> AbstractContextManager[None]:
    """Let `path` in the block give paths in a folder."""
    return _WritingIn(folder)


def path(name: str) -> Path:
    """Return where a task that is a function may write a file, or make a folder, that becomes an item of its output.

    Args:
        name: The item's name, such as `model.bin`; folders on the way are made.

    Raises:
        InputError: No task is running here, or the name is none for a file.
    """
    return path_in(None, name)


def path_in(folder: str | os.PathLike[str] | None, name: str) -> Path:
    """Return a path in a folder; where none is given, in that of the task that is running here. Raises as `path`."""
    folder = folder or _folder.get()
    if folder is None:
        raise InputError(
            f"path({name!r}) was asked for outside of a running task",
            kind="not-running",
            hint="call it in run; in a thread of your own, call self.path or pass the path on",
        )
    problem = find_path_problem(name) if isinstance(name, str) else "it is no text"
    if problem:
        raise InputError(
            f"{name!r} is no name for a file of the output: {problem}",
            kind="bad-file-name",
            hint="give a plain relative path such as model.bin or plots/roc.png",
        )
    found = Path(folder, name)
    found.parent.mkdir(parents=True, exist_ok=True)
    return found


class _WritingIn:
    __slots__ = ("_path", "_token")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._token: Token[str | os.PathLike[str] | None] = _folder.set(self._path)

    def __exit__(self, *raised: object) -> None:
        _folder.reset(self._token)
