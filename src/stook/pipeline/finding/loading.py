"""Find a task by `FILE_OR_MODULE:Task`, as the command line names it."""

from __future__ import annotations

import importlib
import inspect
import unicodedata
from pathlib import Path
from types import ModuleType

from stook.config import find_workspace
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
    folder = (folder or Path.cwd()).resolve()
    module = _import(location, name, folder)
    tasks = _tasks_of(module)
    if name in tasks:
        return tasks[name]
    if "." in name and (inner := _find_inner(module, name)):
        return inner
    if len(tasks) == 1 and not name:
        return next(iter(tasks.values()))
    from stook.pipeline.finding import near_misses  # which a task that is there does not need

    if not tasks and getattr(module, "__file__", None) is None:
        raise near_misses.no_such_place(location.replace(".", "/"), name, folder)
    if name:
        raise near_misses.no_such_task(location, name, module, tasks)
    raise near_misses.no_task_named(location, tasks)


def load_tasks(location: str, *, folder: Path | None = None) -> dict[str, type[Task]]:
    """Return the tasks of a file or module by name. Raises as `load_task` does."""
    return _tasks_of(_import(location, "", (folder or Path.cwd()).resolve()))


def _tasks_of(module: ModuleType) -> dict[str, type[Task]]:
    """Return the tasks that a module has, those that it imports last; a base without `run`, or abstract, is none."""
    found = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Task)
        and inspect.getattr_static(value, "run") is not Task.run
        and not inspect.isabstract(value)
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


def _import(location: str, name: str, folder: Path) -> ModuleType:
    path = folder / location
    if path.is_file():
        return _import_file(path.resolve(), location)
    roots = tuple(dict.fromkeys([find_workspace(folder) or folder, folder]))
    module = None
    if not location.endswith(".py") and not location.startswith(".") and "/" not in location:
        with importable(roots):
            module = _import_module(location, location)
    if module is None:
        from stook.pipeline.finding.near_misses import no_such_place

        raise no_such_place(location, name, folder)
    return module


def _import_file(path: Path, location: str) -> ModuleType:
    if path.suffix != ".py" or "." in path.stem:
        from stook.pipeline.finding.near_misses import bad_file_name

        raise bad_file_name(path, location)
    roots = roots_of(path)
    name = module_name(path, roots[0])
    with importable(roots):
        module = _import_module(name, location)
    file = getattr(module, "__file__", None)
    if module is None or file is None or Path(file).resolve() != path:
        from stook.pipeline.finding.near_misses import module_taken

        raise module_taken(location, name, file)
    return module


def _import_module(name: str, location: str) -> ModuleType | None:
    """Return a module; None where there is none of this name."""
    importlib.invalidate_caches()
    with user_code(name, f"{location} cannot be imported", kind="import-failed", hint="mend the file"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if not error.name or not f"{name}.".startswith(f"{error.name}."):
                raise
    return None
