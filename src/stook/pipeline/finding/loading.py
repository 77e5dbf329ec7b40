"""Find a task by `FILE_OR_MODULE:Task`, as the command line names it."""

from __future__ import annotations

import importlib
import unicodedata
from pathlib import Path
from types import ModuleType

from stook.config import find_workspace
from stook.errors import InputError, NotFoundError
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.user_code import user_code
from stook.pipeline.finding.importing import importable
from stook.pipeline.finding.locate import module_name, roots_of

__all__ = ["load_task", "load_tasks"]


def load_task(target: str, *, folder: Path | None = None) -> type[Task]:
    """Return the task that a text names.

    Args:
        target: `pipeline.py:Features`, `package.module:Features`; the task may be left out where there is only one.
        folder: Where relative paths and modules start; the current folder by default.

    Raises:
        InputError: No task is named, and there are several.
        NotFoundError: There is no such file, module or task; the message names the tasks that there are.
        TaskError: The file raised when it was imported; `facts["traceback"]` shows where.
    """
    location, name = _split(target)
    name = unicodedata.normalize("NFKC", name)  # as Python reads names
    module = _import(location, (folder or Path.cwd()).resolve())
    tasks = _tasks_of(module)
    if name in tasks:
        return tasks[name]
    if "." in name and (inner := _find_inner(module, name)):
        return inner
    names = ", ".join(sorted(tasks)) or "none"
    if name:
        raise NotFoundError(
            f"{location} has no task {name}; it has {names}",
            kind="task-not-found",
            hint=f"stook run {location}:{next(iter(tasks), 'Task')}",
        )
    if len(tasks) == 1:
        return next(iter(tasks.values()))
    raise InputError(
        f"{location} has several tasks: {names}" if tasks else f"{location} has no task",
        kind="no-task-named",
        hint=f"name one: stook run {location}:{next(iter(tasks), 'Task')}",
    )


def load_tasks(location: str, *, folder: Path | None = None) -> dict[str, type[Task]]:
    """Return the tasks of a file or module by name. Raises as `load_task` does."""
    return _tasks_of(_import(location, (folder or Path.cwd()).resolve()))


def _tasks_of(module: ModuleType) -> dict[str, type[Task]]:
    """Return the tasks that a module has, those that it imports last; a base without `run` is none."""
    found = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Task)
        and value.run is not Task.run
        and not value.__module__.startswith("stook.pipeline.")
    }
    own = {name: task for name, task in found.items() if task.__module__ == module.__name__}
    return own or found


def _find_inner(module: ModuleType, name: str) -> type[Task] | None:
    """Return a task that is defined within a class: `Outer.Inner`."""
    found: object = module
    for part in name.split("."):
        found = vars(found).get(part) if isinstance(found, type | ModuleType) else None
    return found if isinstance(found, type) and issubclass(found, Task) else None


def _split(target: str) -> tuple[str, str]:
    location, colon, name = target.rpartition(":")
    return (location, name) if colon else (target, "")


def _import(location: str, folder: Path) -> ModuleType:
    path = folder / location
    if location.endswith(".py") or path.is_file():
        return _import_file(path.resolve(), location)
    roots = tuple(dict.fromkeys([find_workspace(folder) or folder, folder]))
    with importable(roots):
        return _import_module(location, location)


def _import_file(path: Path, location: str) -> ModuleType:
    if not path.is_file():
        raise NotFoundError(
            f"there is no file {location}", kind="file-not-found", hint="see ls, and mind the folder"
        )
    roots = roots_of(path)
    name = module_name(path, roots[0])
    if "." in path.stem:
        raise InputError(f"{location}: Python imports no file with a dot in its name", kind="bad-file-name")
    with importable(roots):
        module = _import_module(name, location)
    file = getattr(module, "__file__", None)
    if file is None or Path(file).resolve() != path:
        raise InputError(
            f"{location} would be imported as {name}, which is {file or 'a part of Python'}",
            kind="module-taken",
            hint="give the file another name",
        )
    return module


def _import_module(name: str, location: str) -> ModuleType:
    importlib.invalidate_caches()
    with user_code(name, f"{location} cannot be imported", kind="import-failed", hint="mend the file"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if not error.name or not f"{name}.".startswith(f"{error.name}."):
                raise
    raise NotFoundError(
        f"there is no file or module {location}", kind="module-not-found", hint="see ls, and mind the folder"
    )
