"""Where the module of a name is: in the project, in an installed package, or in Python itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import Enum, auto
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES
from pathlib import Path
from typing import Final

import msgspec

from stook.pipeline.closure.packages import is_installed
from stook.pipeline.closure.sights import Sight, Sights

__all__ = ["Finder", "Found", "Kind", "find_by_importer"]

_STOOK = Path(__file__).resolve().parents[2]
_LIBRARY: Final = Path(os.__file__).parent


class Kind(Enum):
    """What a module's name stands for."""

    CODE = auto()
    FOLDER = auto()
    BINARY = auto()
    PACKAGE = auto()
    STOOK = auto()
    NOTHING = auto()


# What a module's file may end with, in the order in which Python looks.
_ENDINGS: Final = (
    *((ending, Kind.BINARY) for ending in EXTENSION_SUFFIXES),
    (".py", Kind.CODE),
    *((ending, Kind.BINARY) for ending in BYTECODE_SUFFIXES),
)


class Found(msgspec.Struct, frozen=True):
    """What a module's name was found to be.

    Attributes:
        kind: What.
        path: Its file or folder.
        portions: The folders of a package without `__init__.py`, of which there may be several, in order.
    """

    kind: Kind
    path: Path | None = None
    portions: tuple[Path, ...] = ()


_NOTHING = Found(Kind.NOTHING)


class Finder:
    """Looks for modules as Python does, without importing any.

    Args:
        search: The folders to look in, in order.
        sights: Looks at folders.
    """

    def __init__(self, search: tuple[Path, ...], sights: Sights) -> None:
        self._search = search
        self._before_library = search[: search.index(_LIBRARY)] if _LIBRARY in search else ()
        self._sights = sights

    def find_top(self, name: str) -> Found:
        """Return what a name without dots stands for."""
        if name == "stook":
            return Found(Kind.STOOK, _STOOK)
        if name in sys.builtin_module_names or name == "__future__":
            return _NOTHING
        if name in sys.stdlib_module_names:
            return self._look_in_all(self._before_library, name)
        found = self._look_in_all(self._search, name)
        return found if found.kind is not Kind.NOTHING else self.ask_importer(name)

    def find_within(self, parent: Found, name: str) -> Found:
        """Return what a name within a package or folder stands for."""
        if parent.kind in {Kind.PACKAGE, Kind.STOOK}:
            return parent
        if parent.kind is Kind.FOLDER:
            return self._look_in_all(parent.portions, name)
        if parent.kind is Kind.CODE and parent.path and parent.path.name == "__init__.py":
            return self._look_in_all((parent.path.parent,), name)
        return _NOTHING

    def _look_in_all(self, folders: tuple[Path, ...], name: str) -> Found:
        """A module wins over folders without `__init__.py`, wherever that is on the path, as in Python."""
        portions: list[Path] = []
        for folder in folders:
            found = self._look_in(folder, name)
            if found.kind is Kind.FOLDER:
                portions += found.portions
            elif found.kind is not Kind.NOTHING:
                return found
        own = [portion for portion in portions if not is_installed(portion)]
        if own:
            return Found(Kind.FOLDER, own[0], tuple(portions))
        return Found(Kind.PACKAGE, portions[0]) if portions else _NOTHING

    def _look_in(self, folder: Path, name: str) -> Found:
        names = self._sights.listing(str(folder))
        if names.get(name):
            package = _file_of("__init__", folder / name, self._sights.listing(str(folder / name)))
            if package:
                return Found(Kind.PACKAGE, folder / name) if is_installed(folder) else package
        module = _file_of(name, folder, names)
        if module:
            return Found(Kind.PACKAGE, module.path) if is_installed(folder) else module
        if names.get(name):
            return Found(Kind.FOLDER, folder / name, (folder / name,))
        return _NOTHING

    def ask_importer(self, name: str) -> Found:
        """Return what Python's import hooks know of a name."""
        kind, _, path = self._sights.state(Sight("importer", name)).digest.partition(" ")
        return Found(Kind[kind], Path(path)) if kind else _NOTHING


def _file_of(name: str, folder: Path, names: Mapping[str, bool]) -> Found | None:
    """Return the file that Python takes for a module, of all names in a folder."""
    for ending, kind in _ENDINGS:
        if names.get(f"{name}{ending}") is False:
            return Found(kind, folder / f"{name}{ending}")
    return None


def find_by_importer(name: str) -> str:
    """Ask Python's import hooks, which know editable installs that no folder on the path shows.

    Returns:
        The kind and the path, with a space between; empty where they know nothing. Of what is in an archive, the path
        is that of the archive.
    """
    from importlib.util import find_spec

    if "." in name and name.rpartition(".")[0] not in sys.modules:
        return ""  # it would be imported
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
