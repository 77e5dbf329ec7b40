"""What somebody may have meant who named a task, file or module that is not there."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import FunctionType, ModuleType

from stook.config import find_workspace
from stook.errors import InputError, NotFoundError
from stook.pipeline.authoring.tasks import Task

__all__ = ["bad_file_name", "module_taken", "no_such_place", "no_such_task", "no_task_named"]

_MOST_FILES = 100
_LOOK = "see ls, and mind the folder"
_WRITE_ONE = "write class …(stook.Task), or @stook.task as the first line above a function"


def no_such_task(
    location: str, name: str, module: ModuleType, tasks: Mapping[str, type[Task]]
) -> NotFoundError:
    """Return the error for a name that is no task of a module: it says what else it is there, or which is like it."""
    found = vars(module).get(name)
    if isinstance(found, FunctionType):
        problem, hint = (
            f"{name} in {location} is a function, and no task yet",
            f"write @stook.task above def {name}",
        )
    elif isinstance(found, type) and issubclass(found, Task):
        problem, hint = f"{name} in {location} has no run", f"write def run(self, …): in class {name}"
    elif isinstance(found, type):
        problem, hint = (
            f"{name} in {location} is a class, and no task yet",
            f"write class {name}(stook.Task):",
        )
    else:
        problem = f"{location} has no task {name}; it has {_list(tasks)}"
        hint = f"stook run {location}:{_nearest(name, tasks) or _main(tasks)}" if tasks else _WRITE_ONE
    return NotFoundError(problem, kind="task-not-found", hint=hint)


def no_task_named(location: str, tasks: Mapping[str, type[Task]]) -> InputError:
    """Return the error for a module of which no task was named, though it has none, or several."""
    if tasks:
        problem, hint = (
            f"{location} has several tasks: {_list(tasks)}",
            f"stook run {location}:{_main(tasks)}",
        )
        return InputError(problem, kind="no-task-named", hint=f"name one: {hint}")
    return InputError(f"{location} has no task", kind="no-task-named", hint=_WRITE_ONE)


def no_such_place(location: str, name: str, folder: Path) -> NotFoundError:
    """Return the error for a place where there is neither a file nor a module.

    Args:
        location: What was named, up to the last colon.
        name: The task that was named; empty where none was.
        folder: Where it was looked for.
    """
    if (folder / location).is_dir():
        file = next((path for path, _ in _texts_of_tasks(folder / location)), None)
        hint = f"name a file in it: {_run(_typed(file, folder), name)}" if file else _LOOK
        return NotFoundError(f"{location} is a folder", kind="module-not-found", hint=hint)
    is_file = location.endswith(".py")
    meant = next(
        _meant_file(location, name, folder) if is_file else _meant_module(location, name, folder), ""
    )
    what, kind = ("file", "file-not-found") if is_file else ("file or module", "module-not-found")
    return NotFoundError(f"there is no {what} {location}", kind=kind, hint=meant or _LOOK)


def bad_file_name(path: Path, location: str) -> InputError:
    """Return the error for a file that Python does not import because of its name."""
    if path.suffix != ".py":
        problem, other = "its name does not end in .py, so Python does not import it", f"{path.stem}.py"
    else:
        problem, other = "Python imports no file with a dot in its name", f"{path.stem.replace('.', '_')}.py"
    return InputError(f"{location}: {problem}", kind="bad-file-name", hint=f"call it {other}")


def module_taken(location: str, name: str, file: str | None) -> InputError:
    """Return the error for a file that Python does not come to by the name of its module.

    Args:
        location: The file, as it was named.
        name: Its module.
        file: What Python finds by that name; None where that is nothing, or a part of Python.
    """
    top = name.partition(".")[0]
    other = getattr(sys.modules.get(top), "__file__", None)
    if file is None and other and "." in name:
        problem = f"{location} would be imported as {name}, but {top} is {other}"
        hint = f"give {Path(other).name} another name than that of a folder"
    else:
        problem = f"{location} would be imported as {name}, which is {file or 'a part of Python'}"
        hint = "give the file another name"
    return InputError(problem, kind="module-taken", hint=hint)


def _meant_file(location: str, name: str, folder: Path) -> Iterator[str]:
    """Yield commands for files of this name elsewhere in the workspace, and for those of similar names here."""
    top = find_workspace(folder)
    for place in (top, *folder.parents[:3]) if top else folder.parents[:3]:
        if (place / location).is_file():
            yield _run(_typed(place / location, folder), name)
    for path in islice((top or folder).glob(f"*/{Path(location).name}"), 1):
        yield _run(_typed(path, folder), name)
    near = (folder / location).parent
    for similar in difflib.get_close_matches(
        Path(location).name, [path.name for path in near.glob("*.py")], 1
    ):
        yield _run(str(Path(location).with_name(similar)), name)


def _meant_module(location: str, name: str, folder: Path) -> Iterator[str]:
    """Yield commands for what is written otherwise: `file.py::Task`, `module.Task`, a file without `.py`, a task."""
    bare = location.rstrip(":")
    head, _, last = bare.rpartition(".")
    if bare != location:
        yield _run(bare, name)
    if head and not name and (folder / f"{head.replace('.', '/')}.py").is_file():
        yield _run(head, last)
    if (folder / f"{bare}.py").is_file():
        yield _run(f"{bare}.py", name)
    if not name and bare.isidentifier():
        yield from _defining(bare, folder)
    for similar in difflib.get_close_matches(bare, [path.stem for path in folder.glob("*.py")], 1):
        yield _run(similar, name)


def _defining(name: str, folder: Path) -> Iterator[str]:
    """Yield commands for files of a folder that define a task of this name, or of its name in the store."""
    plain = name.replace("_", "").casefold()
    for path, text in _texts_of_tasks(folder):
        for found in re.findall(r"^(?:class|def)\s+(\w+)", text, re.MULTILINE):
            if found.replace("_", "").casefold() == plain:
                yield _run(path.name, found)


def _texts_of_tasks(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of a folder that may have tasks, with their texts."""
    for path in islice(sorted(folder.glob("*.py")), _MOST_FILES):
        with contextlib.suppress(OSError):
            text = path.read_text("utf-8", errors="replace")
            if "stook" in text and "." not in path.stem:
                yield path, text


def _nearest(name: str, tasks: Iterable[str]) -> str:
    alike = {known.casefold(): known for known in tasks}
    near = difflib.get_close_matches(name.casefold(), alike, 1)
    return alike[near[0]] if near else ""


def _main(tasks: Mapping[str, type[Task]]) -> str:
    """Return the task that is most likely meant: what is asked for mostly stands last in a file."""
    return [*tasks][-1]


def _list(tasks: Iterable[str]) -> str:
    return ", ".join(sorted(tasks)) or "none"


def _run(location: str, name: str) -> str:
    return f"stook run {location}:{name}" if name else f"stook run {location}"


def _typed(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder)
