"""Where the module of a name is: in the project, in an installed package, or in Python itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from stook.pipeline.closure.packages import is_installed
from stook.pipeline.closure.sights import Sight, Sights

__all__ = ["Finder", "Found", "Kind", "find_by_importer"]

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


class Finder:
    """Looks for modules as Python does, without importing any.

    Args:
        roots: Folders of the project.
        search: The folders to look in, in order.
        sights: Looks at folders.
    """

    def __init__(self, roots: tuple[Path, ...], search: tuple[Path, ...], sights: Sights) -> None:
        self._roots = roots
        self._search = search
        self._sights = sights

    def find_top(self, name: str) -> Found:
        """Return what a name without dots stands for."""
        if name == "stook":
            return Found(Kind.STOOK, _STOOK)
        for folder in self._roots:
            found = self._look_in(folder, name)
            if found.kind in {Kind.CODE, Kind.BINARY}:
                return found
        if name in sys.stdlib_module_names or name == "__future__":
            return _NOTHING
        found = self._first_on_path(name)
        return found if found.kind is not Kind.NOTHING else self._ask_importer(name)

    def find_within(self, parent: Found, name: str) -> Found:
        """Return what a name within a package or folder stands for."""
        if parent.kind in {Kind.PACKAGE, Kind.STOOK}:
            return parent
        if parent.kind is Kind.FOLDER and parent.path:
            return self._look_in(parent.path, name)
        if parent.kind is Kind.CODE and parent.path and parent.path.name == "__init__.py":
            return self._look_in(parent.path.parent, name)
        return _NOTHING

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

    def _look_in(self, folder: Path, name: str) -> Found:
        names = self._sights.listing(str(folder))
        in_package = is_installed(folder)
        if names.get(name):
            file = folder / name / "__init__.py"
            if self._sights.listing(str(folder / name)).get("__init__.py") is False:
                return Found(Kind.PACKAGE, file.parent) if in_package else Found(Kind.CODE, file)
        if names.get(f"{name}.py") is False:
            return Found(Kind.PACKAGE if in_package else Kind.CODE, folder / f"{name}.py")
        for binary in names:
            if binary.startswith(f"{name}.") and binary.endswith((".so", ".pyd")):
                return Found(Kind.PACKAGE if in_package else Kind.BINARY, folder / binary)
        if names.get(name):
            return Found(Kind.PACKAGE if in_package else Kind.FOLDER, folder / name)
        return _NOTHING

    def _ask_importer(self, name: str) -> Found:
        kind, _, path = self._sights.state(Sight("importer", name)).digest.partition(" ")
        return Found(Kind[kind], Path(path)) if kind else _NOTHING


def find_by_importer(name: str) -> str:
    """Ask Python's import hooks, which know editable installs that no folder on the path shows.

    Returns:
        The kind and the path, with a space between; empty where they know nothing. Of what is in an archive, the path
        is that of the archive.
    """
    from importlib.util import find_spec

    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return ""
    if spec is None or spec.origin is None or not spec.has_location:
        return ""
    path = Path(spec.origin)
    if is_installed(path):
        return f"{Kind.PACKAGE.name} {path.parent if path.name == '__init__.py' else path}"
    archive = next((folder for folder in path.parents if folder.is_file()), None)
    if archive is not None:
        return f"{Kind.BINARY.name} {archive}"
    return f"{(Kind.CODE if path.suffix == '.py' else Kind.BINARY).name} {path}"
