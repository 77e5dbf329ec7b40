"""Where the code of a name is: in the project, in an installed package, or in Python itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from stook.pipeline.closure.module import Module, read_module
from stook.pipeline.closure.packages import distribution_of, is_installed

__all__ = ["Codebase", "Found", "Kind"]

_STOOK = Path(__file__).resolve().parents[2]


class Kind(Enum):
    """What a module's name stands for."""

    CODE = auto()
    FOLDER = auto()
    BINARY = auto()
    PACKAGE = auto()
    STOOK = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Found:
    """What a module's name was found to be, and its file or folder."""

    kind: Kind
    path: Path | None = None


_NOTHING = Found(Kind.NOTHING)


class Codebase:
    """The modules that project code can import, as they are on disk now. Make a new one for each run.

    Args:
        roots: Folders to look in first: the workspace and the folder of the pipeline's file.
        path: Where Python looks after that; `sys.path` where None.
    """

    def __init__(self, roots: tuple[Path, ...], path: tuple[str, ...] | None = None) -> None:
        self.roots = roots
        rest = [Path(entry or ".").absolute() for entry in (sys.path if path is None else path)]
        self._search = tuple(dict.fromkeys([*roots, *rest]))
        self._found: dict[str, Found] = {}
        self._modules: dict[str, Module] = {}
        self._packages: dict[str, tuple[str, str]] = {}
        self._listings: dict[Path, frozenset[str]] = {}

    def find(self, name: str) -> Found:
        """Return what the dotted name of a module stands for."""
        found = self._found.get(name)
        if found is None:
            parent, _, last = name.rpartition(".")
            found = self._find_within(self.find(parent), last) if parent else self._find_top(name)
            self._found[name] = found
        return found

    def module(self, name: str) -> Module:
        """Return a module that `find` says is code. Raises InputError where it is no valid Python."""
        module = self._modules.get(name)
        if module is None:
            path = self.find(name).path
            if path is None:
                raise LookupError(name)
            module = self._modules[name] = read_module(path, name)
        return module

    def distribution(self, name: str) -> tuple[str, str]:
        """Return name and version of the distribution that an installed module belongs to."""
        top = name.partition(".")[0]
        if top not in self._packages:
            path = self.find(top).path
            self._packages[top] = distribution_of(top, path.parent) if path else (top, "?")
        return self._packages[top]

    def files(self) -> Iterator[Path]:
        """Yield the Python files below the first root, sorted, without those in hidden folders and environments."""
        root = self.roots[0]
        for path in sorted(root.rglob("*.py")):
            inner = path.relative_to(root)
            is_hidden = any(part.startswith(".") or part == "venv" for part in inner.parts)
            if not is_hidden and not is_installed(inner):
                yield path

    def _find_top(self, name: str) -> Found:
        if name == "stook":
            return Found(Kind.STOOK, _STOOK)
        for folder in self.roots:
            found = self._look_in(folder, name)
            if found.kind in {Kind.CODE, Kind.BINARY}:
                return found
        if name in sys.stdlib_module_names or name == "__future__":
            return _NOTHING
        found = self._first_on_path(name)
        return found if found.kind is not Kind.NOTHING else _find_by_importer(name)

    def _first_on_path(self, name: str) -> Found:
        """A module wins over a folder without `__init__.py`, wherever that is on the path, as in Python."""
        folder_only = _NOTHING
        for folder in self._search:
            found = self._look_in(folder, name)
            if found.kind is Kind.FOLDER and folder_only is _NOTHING:
                folder_only = found
            elif found.kind not in {Kind.FOLDER, Kind.NOTHING}:
                return found
        return folder_only

    def _find_within(self, parent: Found, name: str) -> Found:
        if parent.kind in {Kind.PACKAGE, Kind.STOOK}:
            return parent
        if parent.kind is Kind.FOLDER and parent.path:
            return self._look_in(parent.path, name)
        if parent.kind is Kind.CODE and parent.path and parent.path.name == "__init__.py":
            return self._look_in(parent.path.parent, name)
        return _NOTHING

    def _look_in(self, folder: Path, name: str) -> Found:
        names = self._names_in(folder)
        in_package = is_installed(folder)
        if name in names and (folder / name).is_dir():
            file = folder / name / "__init__.py"
            if file.is_file():
                return Found(Kind.PACKAGE, file.parent) if in_package else Found(Kind.CODE, file)
        if f"{name}.py" in names:
            return Found(Kind.PACKAGE if in_package else Kind.CODE, folder / f"{name}.py")
        for binary in names:
            if binary.startswith(f"{name}.") and binary.endswith((".so", ".pyd")):
                return Found(Kind.PACKAGE if in_package else Kind.BINARY, folder / binary)
        if name in names and (folder / name).is_dir():
            return Found(Kind.PACKAGE if in_package else Kind.FOLDER, folder / name)
        return _NOTHING

    def _names_in(self, folder: Path) -> frozenset[str]:
        names = self._listings.get(folder)
        if names is None:
            try:
                names = frozenset(os.listdir(folder))
            except OSError:
                names = frozenset()
            self._listings[folder] = names
        return names


def _find_by_importer(name: str) -> Found:
    """Ask Python's import hooks, which know editable installs that no folder on the path shows."""
    from importlib.util import find_spec

    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return _NOTHING
    if spec is None or spec.origin is None or not spec.has_location:
        return _NOTHING
    path = Path(spec.origin)
    if is_installed(path):
        return Found(Kind.PACKAGE, path.parent if path.name == "__init__.py" else path)
    return Found(Kind.CODE if path.suffix == ".py" else Kind.BINARY, path)
