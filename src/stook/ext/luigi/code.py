"""The code of a Luigi task: the closure of its class, as of a task of Stook's."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import luigi

from stook.errors import InputError
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.closure import Closure, Codebase, Entry, Kind, close
from stook.pipeline.finding.locate import CodePlace, locate

__all__ = ["Code", "code_of"]

_OWN_CODE = "_stook_code"
_OURS = ("luigi.", "stook.")
_State = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a class of tasks.

    Attributes:
        place: Where it is.
        closure: What it consists of.
    """

    place: CodePlace
    closure: Closure

    @property
    def task_id(self) -> str:
        """`module:Name` of the task."""
        return f"{self.place.module}:{self.place.name}"


def code_of(task: type[luigi.Task]) -> Code:
    """Return the code of a class as it is on disk; read anew when a file of it, or one that is imported, has changed.

    Raises:
        InputError: Its source is not in a file, or it is defined within a function.
    """
    known: tuple[Code, dict[Path, _State]] | None = task.__dict__.get(_OWN_CODE)
    if known is None or any(_state(path) != state for path, state in known[1].items()):
        known = _read(task)
        setattr(task, _OWN_CODE, known)
    return known[0]


def _read(task: type[luigi.Task]) -> tuple[Code, dict[Path, _State]]:
    place = _locate(task)
    codebase = Codebase(place.roots)
    bases = [cls for cls in task.__mro__ if issubclass(cls, luigi.Task) and not _is_ours(cls)]
    entries = [_entry(_locate(cls), codebase) for cls in bases]
    imported = {path: _state(path) for path in _imported(place.roots)}
    code = Code(place, close(entries, codebase))
    modules = {key.partition(":")[0] for key in code.closure.code if not key.startswith("package:")}
    found = [codebase.find(module) for module in modules]
    used = {one.path: _state(one.path) for one in found if one.path is not None}
    return code, used | imported


def _locate(task: type[luigi.Task]) -> CodePlace:
    return locate(cast(type[Task], task))  # of which it reads module and name alone


def _entry(place: CodePlace, codebase: Codebase) -> Entry:
    found = codebase.find(place.module)
    if found.kind is Kind.CODE and found.path is not None and found.path.resolve() != place.file:
        raise InputError(
            f"{place.file} was imported as {place.module}, which now leads to {found.path}",
            kind="module-taken",
            hint="give one of the files another name",
        )
    return Entry(place.module, place.name.partition(".")[0])


def _imported(roots: tuple[Path, ...]) -> list[Path]:
    """Return the files of the project that are imported: a change in one may bring code in that was not there."""
    files = [getattr(module, "__file__", None) for module in [*sys.modules.values()]]
    paths = [Path(file) for file in files if isinstance(file, str)]
    return [path for path in paths if any(path.is_relative_to(root) for root in roots)]


def _is_ours(cls: type[Any]) -> bool:
    return f"{cls.__module__}.".startswith(_OURS)


def _state(path: Path) -> _State:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
