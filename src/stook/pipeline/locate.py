"""Where the code of a task is, under a name that does not depend on how it was loaded."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from stook.config import find_workspace
from stook.errors import InputError
from stook.pipeline.closure.packages import is_installed
from stook.pipeline.tasks import Task

__all__ = ["CodePlace", "locate", "roots_of"]


@dataclass(frozen=True, slots=True)
class CodePlace:
    """Where a class is defined.

    Attributes:
        module: Dotted name of its module; that of the file where it runs as a script.
        name: The class's name within the module.
        file: The module's file.
        roots: Folders that its code imports from first; the first one is the workspace.
    """

    module: str
    name: str
    file: Path
    roots: tuple[Path, ...]


def locate(task: type[Task]) -> CodePlace:
    """Return where a class of a task is defined.

    Raises:
        InputError: Its source is not in a file, or it is defined within a function.
    """
    if "<" in task.__qualname__:
        raise _unseen(task, "is defined within a function, whose variables would not be seen")
    file = getattr(sys.modules.get(task.__module__), "__file__", None)
    if file is None:
        raise _unseen(task, "is not in a file, so a change of its code would not be seen")
    path = Path(file).resolve()
    module = task.__module__
    roots = roots_of(path, "" if module == "__main__" else module)
    if module == "__main__":
        spec = getattr(sys.modules["__main__"], "__spec__", None)
        module = spec.name if spec else module_name(path, roots[0])
    return CodePlace(module, task.__qualname__, path, roots)


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


def _unseen(task: type[Task], problem: str) -> InputError:
    return InputError(
        f"task {task.__qualname__} {problem}",
        kind="no-source",
        hint="define it at the top level of a .py file",
        task=task.__name__,
    )
