"""Where the code of a task is, under a name that does not depend on how it was loaded."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FunctionType

import msgspec

from stook.config import find_workspace
from stook.errors import InputError
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.where import where_is
from stook.pipeline.closure.packages import is_installed

__all__ = [
    "CodePlace",
    "is_here_alone",
    "is_live",
    "locate",
    "module_name",
    "roots_of",
    "script_name",
]

_CELLS = "<notebook>"


class CodePlace(msgspec.Struct, frozen=True):
    """Where a class is defined.

    Attributes:
        module: Dotted name of its module; that of the file where it runs as a script.
        name: The class's name within the module.
        file: The module's file.
        roots: Folders that its code imports from first; the first one is the workspace.
        is_live: Whether it is in cells of a notebook, which are no file; `file` is then only a name.
    """

    module: str
    name: str
    file: Path
    roots: tuple[Path, ...]
    is_live: bool = False


def locate(task: type[Task]) -> CodePlace:
    """Return where a class of a task is defined.

    Raises:
        InputError: Its source is neither in a file nor in a notebook's cells, or it is defined within a function.
    """
    if "<" in task.__qualname__:
        raise _unseen(task, "is defined within a function, whose variables would not be seen")
    file = getattr(sys.modules.get(task.__module__), "__file__", None) or _file_of_run(task)
    if file is None and is_live(task):
        folder = find_workspace(Path.cwd()) or Path.cwd()
        return CodePlace(task.__module__, task.__qualname__, folder / _CELLS, (folder,), is_live=True)
    if file is None:
        raise _unseen(task, "is not in a file, so a change of its code would not be seen")
    path = Path(file).resolve()
    module = task.__module__
    roots = roots_of(path, "" if module == "__main__" else module)
    if module == "__main__":
        module = module_name(path, roots[0]) if _file_of_run(task) else script_name(path, roots[0])
    return CodePlace(module, task.__qualname__, path, roots)


def is_live(task: type[Task]) -> bool:
    """Tell whether a class was typed into IPython, or another prompt that keeps the source of what is typed."""
    main = sys.modules.get("__main__")
    if task.__module__ != "__main__" or main is None or getattr(main, "__file__", None) or _file_of_run(task):
        return False
    if "get_ipython" in vars(main) and "In" in vars(main):
        return True
    functions = [*_functions_of(task)]
    return bool(functions) and all(function.__code__.co_filename in linecache.cache for function in functions)


def is_here_alone(tasks: Iterable[object]) -> bool:
    """Tell whether no other process can have the class of any of some tasks: it was typed, or made by `%run`."""
    if getattr(sys.modules.get("__main__"), "__file__", None):
        return False
    return any(type(task).__module__ == "__main__" for task in tasks)


def _file_of_run(task: type[Task]) -> str | None:
    """Return the file that has a class which IPython's `%run` has made; it has names of its own."""
    main = sys.modules.get("__main__")
    for function in _functions_of(task) if task.__module__ == "__main__" and main is not None else ():
        names = function.__globals__
        if names is not vars(main) and names.get("__name__", "__main__") == "__main__":
            return names.get("__file__")
    return None


def _functions_of(task: type[Task]) -> Iterator[FunctionType]:
    for value in vars(task).values():
        function = getattr(value, "__func__", value)
        if isinstance(function, FunctionType):
            yield function


def roots_of(path: Path, module: str = "") -> tuple[Path, ...]:
    """Return the folders that code in a file imports from first.

    Args:
        path: The file, absolute.
        module: Its dotted name, where it has been imported.

    Returns:
        The workspace, or the folder that holds the outermost package of the file; the folder that the module was
        imported from; the file's own folder, unless that is a package.
    """
    package = path.parent
    while (package / "__init__.py").is_file():
        package = package.parent
    above = module.count(".") + (path.name == "__init__.py")
    imported_from = path.parents[above] if module and above < len(path.parents) else package
    workspace = None if is_installed(path) else find_workspace(path.parent)
    return tuple(dict.fromkeys([workspace or imported_from, imported_from, package]))


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of a file below a root; the bare stem of one that is elsewhere."""
    if not path.is_relative_to(root):
        return path.stem
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and parts[1:] else parts)


def script_name(path: Path, root: Path) -> str:
    """Return the dotted name by which a file that runs as `__main__` would be imported."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return str(spec.name) if spec else module_name(path, root)


def _unseen(task: type[Task], problem: str) -> InputError:
    return InputError(
        f"{where_is(task)}task {task.__qualname__} {problem}",
        kind="no-source",
        hint="define it at the top level of a .py file, or in a notebook's cell",
        task=task.__name__,
    )
