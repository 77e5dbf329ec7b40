"""Project code can be imported for as long as it is needed, and old bytecode never stands in for new source."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from importlib.machinery import ModuleSpec
from importlib.util import cache_from_source
from pathlib import Path
from types import ModuleType
from typing import Final

from stook.pipeline.closure.packages import is_installed
from stook.pipeline.meeting.at_import import watching_imports

__all__ = ["RACY_SECONDS", "forget_bytecode", "found_at", "importable"]

RACY_SECONDS = 2.5
"""For how long after a change bytecode may be taken for that of the file, though it is not."""

_LIBRARY: Final = f"{os.path.dirname(os.__file__)}/"


def importable(roots: tuple[Path, ...]) -> AbstractContextManager[None]:
    """Let modules in some folders be imported within the block; afterwards `sys.path` is as it was."""
    return _Importable(roots)


class _Importable:
    """The block; several threads may be in one at once, so entries are added and taken away one by one."""

    __slots__ = ("_added", "_roots", "_watched")

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._roots = roots
        self._watched = watching_imports(roots[0])

    def __enter__(self) -> None:
        self._added = [entry for entry in map(str, self._roots) if entry not in sys.path]
        sys.path[:0] = self._added
        sys.meta_path.insert(0, _FINDER)
        self._watched.__enter__()

    def __exit__(self, *raised: object) -> None:
        self._watched.__exit__(None, None, None)
        with suppress(ValueError):
            sys.meta_path.remove(_FINDER)
        for entry in self._added:
            if entry in sys.path:
                sys.path.remove(entry)


class _Finder:
    """Finds modules as Python does, and removes bytecode that may be of another source.

    Python takes bytecode for current when the source's size and whole second of change are the same, so it would run
    old code after two quick edits, or a file put back with its time, under a fingerprint of the new.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders find first."""
        for finder in tuple(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find else None
            if spec is not None:
                spec.stook_found = time.time_ns()  # type: ignore[attr-defined]
                if spec.cached and spec.origin:
                    _forget_older_bytecode(spec.origin, spec.cached)
                return spec
        return None


_FINDER: Final = _Finder()


def found_at(names: Mapping[str, object]) -> int:
    """Return when a module was looked for, just before it was imported: its file was read later.

    Args:
        names: The names of the module.

    Returns:
        Nanoseconds since the epoch; 0 where that was not within `importable`.
    """
    return int(getattr(names.get("__spec__"), "stook_found", 0))


def _forget_older_bytecode(source: str, bytecode: str) -> None:
    if source.startswith(_LIBRARY) or is_installed(Path(source)):
        return
    with suppress(OSError):
        changed = max(os.stat(source).st_ctime, os.lstat(source).st_ctime)  # a link may lead elsewhere now
        if os.stat(bytecode).st_mtime < changed + RACY_SECONDS:
            os.unlink(bytecode)


def forget_bytecode(file: str) -> None:
    """Have a file compiled anew when it is imported next."""
    with suppress(OSError, NotImplementedError):
        os.unlink(cache_from_source(file))
