"""From the class of a task to every definition, loose statement and package that its result may depend on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from blake3 import blake3

from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.effects import Effects
from stook.pipeline.closure.lookup import Installed, Lookup, Part, Place
from stook.pipeline.closure.module import BODY, WHOLE, Module, Piece
from stook.pipeline.closure.references import Target
from stook.pipeline.closure.stook_code import stook_version

__all__ = ["Closure", "Entry", "close", "packages_in"]

PACKAGE = "package:"


class Entry(NamedTuple):
    """Where a class of a task is defined: its module, and the top-level name that holds it."""

    module: str
    name: str

    def part(self, codebase: Codebase) -> Part:
        """Return the definition; the whole module where the name is made while it is imported."""
        is_code = codebase.find(self.module).kind is Kind.CODE
        is_defined = is_code and self.name in codebase.module(self.module).definitions
        return Part(self.module, self.name if is_defined else WHOLE)


@dataclass(frozen=True, slots=True)
class Closure:
    """What a task's code is.

    Attributes:
        code: `module:name` to the digest of a definition, and `package:name` to the version of a package; sorted.
        digest: Digest over all of it.
    """

    code: dict[str, str]
    digest: str


def packages_in(code: Mapping[str, str]) -> dict[str, str]:
    """Return the installed packages in the `code` of a closure, and their versions."""
    return {key.removeprefix(PACKAGE): v for key, v in code.items() if key.startswith(PACKAGE)}


def close(entries: Iterable[Entry], codebase: Codebase) -> Closure:
    """Return the closure of a task.

    Args:
        entries: The task's class and its bases, those that are code of the project.
        codebase: Where code is looked up.

    Raises:
        InputError: A file of the project is no valid Python.
    """
    walk = _Walk(codebase, frozenset(entries))
    walk.run()
    code = dict(sorted(walk.code.items()))
    text = "\n".join(f"{key}\t{value}" for key, value in code.items())
    return Closure(code, blake3(text.encode("utf-8", "surrogatepass")).hexdigest())


class _Walk:
    def __init__(self, codebase: Codebase, entries: frozenset[Entry]) -> None:
        self._codebase = codebase
        self._entries = entries
        self._lookup = Lookup(codebase)
        self._effects = Effects(codebase, self._lookup)
        self._todo: list[Part] = [entry.part(codebase) for entry in entries]
        self._seen: set[Part] = set()
        self._waiting: dict[Part, list[Part]] = {}
        self.code: dict[str, str] = {}

    def run(self) -> None:
        self.code[f"{PACKAGE}python"] = f"{sys.version_info[0]}.{sys.version_info[1]}"
        for entry in self._entries:
            if self._codebase.find(entry.module).kind in {Kind.PACKAGE, Kind.STOOK}:
                self._add_installed(Installed(*entry))
        while self._todo:
            part = self._todo.pop()
            if part not in self._seen:
                self._seen.add(part)
                self._release(part)
                self._take(part)

    def _take(self, part: Part) -> None:
        found = self._codebase.find(part.module)
        if found.kind is Kind.BINARY and found.path:
            self.code[f"{part.module}:{WHOLE}"] = blake3(found.path.read_bytes()).hexdigest()
        if found.kind is not Kind.CODE:
            return
        module = self._codebase.module(part.module)
        piece = module.piece(part.name, as_task=Entry(*part) in self._entries)
        if piece.digest:
            self.code[f"{part.module}:{part.name}"] = piece.digest
        if part.name == BODY:
            self._follow_body(module)
        self._run_module(part.module)
        self._follow(module, piece)

    def _release(self, part: Part) -> None:
        """Take up those definitions that may change what is now used."""
        changed = [p for p in self._waiting if p == part or (part.name == WHOLE and p.module == part.module)]
        for key in changed:
            self._todo += self._waiting.pop(key)

    def _follow(self, module: Module, piece: Piece) -> None:
        references = piece.references
        for use in references.uses:
            self._add(self._lookup.follow(module, use))
        for target in references.imported:
            self._run_target(target)
        if references.sees_own_module:
            self._todo.append(Part(module.name, WHOLE))
        if references.imports_by_name:
            for path in self._codebase.files():
                self.code[f"{path.relative_to(self._codebase.roots[0])}:{WHOLE}"] = blake3(
                    path.read_bytes()
                ).hexdigest()

    def _follow_body(self, module: Module) -> None:
        """Importing a module runs its imports, its loose statements, and definitions that may change used ones."""
        for target in module.imported:
            self._run_target(target)
        for name, changed in self._effects.of(module):
            if changed.name == BODY or not self._seen.isdisjoint((changed, Part(changed.module, WHOLE))):
                self._todo.append(Part(module.name, name))
            else:
                self._waiting.setdefault(changed, []).append(Part(module.name, name))

    def _run_target(self, target: Target) -> None:
        self._run_module(target.module)
        if target.attribute and self._codebase.find(target.module).kind in {Kind.CODE, Kind.FOLDER}:
            self._run_module(f"{target.module}.{target.attribute}")

    def _run_module(self, name: str) -> None:
        for module in _with_parents(name):
            if self._codebase.find(module).kind in {Kind.CODE, Kind.BINARY}:
                self._todo.append(Part(module, BODY))

    def _add(self, places: Iterable[Place]) -> None:
        for place in places:
            if isinstance(place, Part):
                self._todo.append(place)
            elif isinstance(place, Installed):
                self._add_installed(place)

    def _add_installed(self, place: Installed) -> None:
        if self._codebase.find(place.module).kind is Kind.STOOK:
            name, version = stook_version(place.module, place.attribute)
        else:
            name, version = self._codebase.distribution(place.module)
        if name:
            self.code[f"{PACKAGE}{name}"] = version


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
