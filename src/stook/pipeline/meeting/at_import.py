"""Files that the modules of a project open while they are imported: a module is imported once for many tasks."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final, Generic, TypeVar

from stook.model.lineage import Read
from stook.pipeline.meeting.bystander import Bystander
from stook.pipeline.meeting.counting import counted_at
from stook.pipeline.meeting.file_digests import FileDigests
from stook.pipeline.meeting.observation import CHANGED
from stook.pipeline.meeting.observing import attending

__all__ = ["ByReader", "files_read_at_import", "merge_reads", "watching_imports"]

_T = TypeVar("_T")
_STOOK: Final = f"{Path(__file__).parents[2]}/"
_OWN: Final = tuple(
    str(Path(__file__).with_name(name))
    for name in ("at_import.py", "audit_events.py", "bystander.py", "observing.py")
)


def watching_imports(root: Path) -> AbstractContextManager[None]:
    """Note which modules open files while they are imported within the block.

    Args:
        root: The workspace.
    """
    return attending(_Imports(root))


class ByReader(Generic[_T]):
    """What was read in this process, by who read it: a module, or `module:function` where that remembers results."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[dict[str, Any], dict[str, _T]]] = {}

    def of(self, code: Mapping[str, str], *, with_functions: bool) -> dict[str, _T]:
        """Return what was read on behalf of a closure, by name.

        Args:
            code: The closure, whose modules are meant; a script counts for all that it runs.
            with_functions: Functions that remember, too. What those have read depends on who has called them so far.
        """
        if not self._known:
            return {}
        keys = {"__main__", *(key.partition(":")[0] for key in code), *(code if with_functions else ())}
        return {
            name: value for key in keys if self._is_alive(key) for name, value in self._known[key][1].items()
        }

    def open(self, frame: FrameType | None) -> list[tuple[str, dict[str, _T]]]:
        """Return what there is of each on whose behalf a frame runs, to add to."""
        found = []
        for key, names in readers_of(frame):
            if key not in self._known or self._known[key][0] is not names:
                self._known[key] = names, {}
            found.append((key, self._known[key][1]))
        return found

    def _is_alive(self, key: str) -> bool:
        """Tell whether the module is the one that read, and not another of the name that was imported since."""
        module = sys.modules.get(key.partition(":")[0])
        return key in self._known and module is not None and vars(module) is self._known[key][0]


def files_read_at_import(code: Mapping[str, str], *, with_functions: bool = False) -> dict[str, Read]:
    """Return files and folders that modules have read when they were imported. Arguments are those of `ByReader.of`."""
    return _reads().of(code, with_functions=with_functions)


def merge_reads(seen: tuple[Read, ...], at_import: Mapping[str, Read]) -> tuple[Read, ...]:
    """Return what a task has read by itself and through its modules; what it found to be both is spoilt.

    Args:
        seen: What it has read by itself.
        at_import: What its modules have read.
    """
    if not seen and not at_import:
        return ()
    found = dict(at_import)
    for read in seen:
        other = found.get(read.path, read)
        found[read.path] = read if other.digest == read.digest else Read(read.path, CHANGED, read.is_folder)
    return tuple(sorted(found.values(), key=lambda read: read.path))


class _Imports(Bystander):
    """Knows on whose behalf files are opened."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._digests = FileDigests()

    def note(self, path: str) -> None:
        """Take a file or folder for one that is read."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(_OWN):
            frame = frame.f_back
        readers = _reads().open(frame)
        name = counted_at(self._root, ()).name_of(path) if readers else None
        if name is None:
            return
        read = Read(name, self._digests.of(path), os.path.isdir(path))
        for key, known in readers:
            is_same = ":" not in key or known.get(name, read) == read  # a module that is reloaded reads again
            known[name] = read if is_same else Read(name, CHANGED, read.is_folder)


@lru_cache(maxsize=1)
def _reads() -> ByReader[Read]:
    """Return the files that this process has read."""
    return ByReader()


def readers_of(frame: FrameType | None) -> list[tuple[str, dict[str, Any]]]:
    """Return on whose behalf a frame runs, besides the task: others get what these have read without reading.

    Returns:
        Modules whose code runs on the way from an import, and `module:function` of those that remember results; each
        with the names of its module.
    """
    modules: list[tuple[str, dict[str, Any]]] = []
    remembering: list[tuple[str, dict[str, Any]]] = []
    while frame is not None and not frame.f_code.co_filename.startswith(_STOOK):
        code, names = frame.f_code, frame.f_globals
        module = names.get("__name__", "")
        modules.append((module, names))
        if code.co_name == "<module>":
            return [*modules, *remembering]
        if _remembers(code) or _is_cached(frame):
            remembering.append((f"{module}:{code.co_qualname.partition('.')[0]}", names))
        frame = frame.f_back
    return remembering


def _is_cached(frame: FrameType) -> bool:
    """Tell whether a function is under `functools.lru_cache`."""
    names = frame.f_code.co_qualname.split(".")
    held = frame.f_globals.get(names[0])
    for name in names[1:]:
        held = getattr(held, "__dict__", {}).get(name)
    return hasattr(getattr(held, "__func__", held), "cache_info")


@lru_cache(maxsize=4096)
def _remembers(code: CodeType) -> bool:
    """Tell whether a function sets a variable of its module, or an item of one, or of one of a function around it."""
    import dis

    steps = [step for step in dis.get_instructions(code) if step.opname != "CACHE"]
    return any(
        step.opname == "STORE_GLOBAL"
        or (step.opname == "STORE_SUBSCR" and steps[at - 2].opname in {"LOAD_GLOBAL", "LOAD_DEREF"})
        for at, step in enumerate(steps)
    )
