"""What a name in a module stands for: a definition here or elsewhere, a module, an installed package."""

from __future__ import annotations

import builtins
from typing import NamedTuple

from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.module import WHOLE, Module
from stook.pipeline.closure.references import Target, Use

__all__ = ["Installed", "Lookup", "Part", "Place"]


class Part(NamedTuple):
    """A definition of a module of the project, or `BODY`, or `WHOLE`."""

    module: str
    name: str


class Installed(NamedTuple):
    """Something in an installed package."""

    module: str
    attribute: str = ""


class Whole(NamedTuple):
    """A module of the project as a value; what is used of it, attributes may still tell."""

    module: str


Place = Part | Installed | Whole
_OF_EVERY_MODULE = frozenset(
    {"__name__", "__file__", "__doc__", "__path__", "__spec__", "__package__", "__dict__"}
)


class Lookup:
    """Finds where names lead, through imports, re-exports and star imports."""

    def __init__(self, codebase: Codebase) -> None:
        self._codebase = codebase
        self._names: dict[tuple[str, str], tuple[Place, ...]] = {}

    def follow(self, module: Module, use: Use) -> list[Place]:
        """Return what a use in a module leads to; a module whose use cannot be narrowed is a `WHOLE` part."""
        root = use.root
        places = self.name(module.name, root) if isinstance(root, str) else self._target(root)
        for attribute in use.attributes:
            places = tuple(
                inner
                for place in places
                for inner in (self._member(place.module, attribute) if isinstance(place, Whole) else (place,))
            )
        return [Part(place.module, WHOLE) if isinstance(place, Whole) else place for place in places]

    def name(self, module: str, name: str) -> tuple[Place, ...]:
        """Return what a global name of a module of the project stands for; nothing where it is unknown."""
        key = module, name
        if key not in self._names:
            self._names[key] = ()  # ends the search where modules import from each other in a circle
            self._names[key] = tuple(self._find_name(self._codebase.module(module), name))
        return self._names[key]

    def _find_name(self, module: Module, name: str) -> list[Place]:
        places: list[Place] = [Part(module.name, name)] if name in module.definitions else []
        for target in module.imports.get(name, ()):
            places += self._target(target)
        if not places:
            places = self._in_stars(module, name)
        return places

    def _in_stars(self, module: Module, name: str) -> list[Place]:
        places: list[Place] = []
        for star in module.stars:
            kind = self._codebase.find(star.module).kind
            if kind is Kind.CODE:
                places += self.name(star.module, name)
            elif kind in {Kind.PACKAGE, Kind.STOOK} and not hasattr(builtins, name):
                places.append(Installed(star.module, name))
            elif kind is Kind.BINARY:
                places.append(Part(star.module, WHOLE))
        return places

    def _target(self, target: Target) -> tuple[Place, ...]:
        kind = self._codebase.find(target.module).kind
        if kind in {Kind.PACKAGE, Kind.STOOK}:
            return (Installed(*target),)
        if kind is Kind.NOTHING:
            return ()
        if target.attribute in {"", "*"}:
            return (Whole(target.module),)
        return self._member(target.module, target.attribute)

    def _member(self, module: str, name: str) -> tuple[Place, ...]:
        kind = self._codebase.find(module).kind
        if kind is Kind.BINARY:
            return (Part(module, WHOLE),)
        places = self.name(module, name) if kind is Kind.CODE else ()
        if places or name in _OF_EVERY_MODULE:
            return places
        if self._codebase.find(f"{module}.{name}").kind is not Kind.NOTHING:
            return (Whole(f"{module}.{name}"),)
        # Nothing shows where the name comes from (`__getattr__`, `globals()`…), unless it is one of Python's.
        return () if self._is_import_of_python(module, name) else (Part(module, WHOLE),)

    def _is_import_of_python(self, module: str, name: str) -> bool:
        if self._codebase.find(module).kind is not Kind.CODE:
            return True
        return name in self._codebase.module(module).imports
