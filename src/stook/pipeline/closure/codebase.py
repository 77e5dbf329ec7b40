"""The code that a project can import, as it is on disk now."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast

import msgspec
from blake3 import blake3

from stook.errors import InputError
from stook.pipeline.closure.finding import Finder, Found, Kind, find_by_importer
from stook.pipeline.closure.kept import Kept
from stook.pipeline.closure.module import Module
from stook.pipeline.closure.packages import Packages, is_installed
from stook.pipeline.closure.sights import Sight, Sights, State
from stook.pipeline.closure.stook_code import finder_version, room_version
from stook.pipeline.closure.taking_apart.facts import Facts

__all__ = ["Codebase", "Found", "Kind"]

_T = TypeVar("_T")


class _KnownFile(msgspec.Struct, frozen=True, array_like=True):
    state: State
    facts: Facts


class Codebase:
    """The modules that project code can import, as they are on disk now. Make a new one for each run.

    Args:
        roots: Folders to look in first: the workspace and the folder of the pipeline's file.
        path: Where Python looks after that; `sys.path` where None.
        cache: Where to keep what was found out about files and closures; nowhere where None.
        clock: Gives nanoseconds since the epoch.
    """

    def __init__(
        self,
        roots: tuple[Path, ...],
        path: tuple[str, ...] | None = None,
        cache: Path | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.roots = roots
        rest = [Path(entry or ".").absolute() for entry in (sys.path if path is None else path)]
        # As `importable` has it: what is on the path already stays where it is.
        self.search = tuple(dict.fromkeys([*(root for root in roots if root not in rest), *rest]))
        self.kept = Kept(cache, f"{sys.version_info[0]}.{sys.version_info[1]} {finder_version()}")
        self.sights = Sights({"importer": find_by_importer, "stook": room_version}, clock)
        self._finder = Finder(self.search, self.sights)
        self._packages = Packages(self.sights)
        self._known: dict[tuple[str, str], tuple[object, frozenset[Sight]]] = {}
        self._found: dict[str, Found] = {}
        self._modules: dict[str, Module] = {}

    def find(self, name: str) -> Found:
        """Return what the dotted name of a module stands for."""
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._once("find", name, self._find)
        return found

    def module(self, name: str) -> Module:
        """Return a module that `find` says is code. Raises InputError where it is no valid Python."""
        module = self._modules.get(name)
        if module is None:
            module = self._modules[name] = self._once("module", name, self._read)
        return module

    def folders_of(self, name: str) -> tuple[Path, ...]:
        """Return the folders of a package; none of what is a file."""
        found = self.find(name)
        if found.path is None or found.kind is Kind.FOLDER:
            return found.portions
        if found.path.name == "__init__.py":
            return (found.path.parent,)
        return () if found.path.suffix == ".py" else (found.path,)

    def modules_in(self, package: str) -> list[str]:
        """Return the modules and packages that are in a package, not below those."""
        names = {
            name.removesuffix(".py")
            for folder in self.folders_of(package)
            for name, is_folder in self.sights.listing(str(folder)).items()
            if (is_folder or name.endswith(".py")) and name.removesuffix(".py").isidentifier()
        }
        return [f"{package}.{name}" for name in sorted(names - {"__init__", "__pycache__"})]

    def digest_packages(self) -> str:
        """Return a digest of the names and versions of all installed packages."""
        found = [
            one for folder in self.search if is_installed(folder) for one in self._packages.all_in(folder)
        ]
        return blake3("\n".join(f"{name} {version}" for name, version in found).encode()).hexdigest()

    def distribution(self, name: str) -> tuple[str, str]:
        """Return name and version of the distribution that an installed module belongs to."""
        return self._once("package", name.partition(".")[0], self._distribution)

    def stook_version(self, room: str) -> str:
        """Return the version of a room of Stook."""
        return self.sights.state(Sight("stook", room)).digest

    def digest(self, path: Path) -> str:
        """Return the digest of a file's bytes; empty where it cannot be read."""
        return self.sights.state(Sight("file", str(path))).digest

    def files(self, folder: Path | None = None, suffix: str = ".py") -> Iterator[Path]:
        """Yield the files below a folder, sorted, without those in hidden folders and environments.

        Args:
            folder: The first root where None.
            suffix: How their names end.
        """
        root = folder or self.roots[0]
        folders, found = [str(root)], []
        while folders:
            place = folders.pop()
            for name, is_folder in self.sights.listing(place).items():
                if (
                    is_folder
                    and not name.startswith(".")
                    and name not in {"venv", "__pycache__", "node_modules"}
                ):
                    if not is_installed(Path(name)):
                        folders.append(f"{place}/{name}")
                elif not is_folder and name.endswith(suffix):
                    found.append(Path(place, name))
        yield from sorted(found)

    @contextmanager
    def noting(self) -> Iterator[set[Sight]]:
        """Collect what is looked at within the block, however early it was found."""
        self._found.clear()
        self._modules.clear()
        with self.sights.noting() as seen:
            yield seen

    def _once(self, sort: str, name: str, make: Callable[[str], _T]) -> _T:
        """Return what was found out earlier, or find it out, and have what it took to do so noted either way."""
        known = self._known.get((sort, name))
        if known is None:
            with self.sights.noting() as seen:
                value = make(name)
            known = self._known[sort, name] = value, frozenset(seen)
        self.sights.note(known[1])
        return cast("_T", known[0])

    def _find(self, name: str) -> Found:
        parent, _, last = name.rpartition(".")
        if not parent:
            return self._finder.find_top(name)
        found = self._finder.find_within(self.find(parent), last)
        is_lost = found.kind is Kind.NOTHING and self.find(parent).kind is Kind.CODE
        return self._finder.ask_importer(name) if is_lost and self.module(parent).extends_itself else found

    def _distribution(self, top: str) -> tuple[str, str]:
        found = self.find(top)
        path = next(filter(is_installed, found.portions), found.path)
        return self._packages.distribution_of(top, path.parent) if path else (top, "?")

    def _read(self, name: str) -> Module:
        found = self.find(name)
        if found.path is None:
            raise LookupError(name)
        is_package = found.path.name == "__init__.py"
        package = name if is_package else name.rpartition(".")[0]
        return Module(name, found.path, self._facts(found.path, package))

    def _facts(self, path: Path, package: str) -> Facts:
        """Return what is known of a file, from the cache where it has not changed since."""
        sight, key = Sight("file", str(path)), f"{package} {path}"
        data = self.kept.find("files", key)
        known = None if data is None else _load(data)
        if known and known.state.is_settled and self.sights.is_same(sight, known.state):
            return known.facts
        source = self.sights.read(path)
        if source is None:
            raise InputError(f"{path} cannot be read", kind="bad-python", hint="see that the file is there")
        state = self.sights.state(sight)
        if known and known.state.digest == state.digest:
            facts = known.facts
        else:
            from stook.pipeline.closure.taking_apart.take_apart import (
                take_apart,  # most files are as they were
            )

            facts = take_apart(source, path, package)
        self.kept.put("files", key, msgspec.msgpack.encode(_KnownFile(state, facts)))
        return facts


def _load(data: bytes) -> _KnownFile | None:
    try:
        return msgspec.msgpack.decode(data, type=_KnownFile)
    except msgspec.DecodeError:
        return None
