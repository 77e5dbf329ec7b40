"""What a name in a module stands for: a definition here or elsewhere, a module, an installed package."""

from __future__ import annotations

import builtins
from typing import NamedTuple

from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.module import Module
from stook.pipeline.closure.taking_apart.facts import WHOLE, Target, Use

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
_OF_EVERY_MODULE = frozenset({"__name__", "__file__", "__doc__", "__path__", "__spec__", "__package__"})
_Names = set[tuple[str, str]]


class Lookup:
    """Finds where names lead, through imports, re-exports and star imports."""

    def __init__(self, codebase: Codebase) -> None:
        self._codebase = codebase
        self._names: dict[tuple[str, str], tuple[Place, ...]] = {}
        self._uses: dict[tuple[str, Use], tuple[Part | Installed, ...]] = {}

    def follow(self, module: Module, use: Use) -> tuple[Part | Installed, ...]:
        """Return what a use in a module leads to; a module whose use cannot be narrowed is a `WHOLE` part."""
        key = module.name, use
        known = self._uses.get(key)
        if known is None:
            known = self._uses[key] = tuple(self._follow(module.name, use))
        return known

    def is_imported_module(self, target: Target) -> bool:
        """Tell whether an import may bring a module, rather than something that a module defines."""
        return not target.attribute or (
            self._codebase.find(target.module).kind in {Kind.CODE, Kind.FOLDER}
            and self._codebase.find(f"{target.module}.{target.attribute}").kind is not Kind.NOTHING
        )

    def in_all(self, package: str) -> list[str]:
        """Return the modules that a star import of a package imports where its `__all__` names them."""
        if self._codebase.find(package).kind is not Kind.CODE:
            return []
        has_list = "__all__" in self._codebase.module(package).definitions
        return self._codebase.modules_in(package) if has_list else []

    def _follow(self, module: str, use: Use) -> list[Part | Installed]:
        places = self._name(module, use.root) if isinstance(use.root, str) else self._target(use.root, set())
        for attribute in use.attributes:
            places = tuple(inner for place in places for inner in self._within_place(place, attribute))
        found: list[Part | Installed] = []
        for place in places:
            found.append(Part(place.module, WHOLE) if isinstance(place, Whole) else place)
        return found

    def _within_place(self, place: Place, attribute: str) -> tuple[Place, ...]:
        if isinstance(place, Whole):
            return self._member(place.module, attribute, set())
        if isinstance(place, Installed) and not place.attribute:
            return (Installed(place.module, attribute),)
        return (place,)

    def _name(self, module: str, name: str) -> tuple[Place, ...]:
        """Return what a global name of a module of the project stands for; nothing where it is unknown."""
        key = module, name
        if key not in self._names:
            self._names[key] = self._find_name(key, set())
        return self._names[key]

    def _find_name(self, key: tuple[str, str], open_names: _Names) -> tuple[Place, ...]:
        """Modules may import from each other in a circle: a name that is being looked for leads nowhere again."""
        if key in self._names or key in open_names:
            return self._names.get(key, ())
        open_names.add(key)
        module, name = self._codebase.module(key[0]), key[1]
        places: list[Place] = [Part(module.name, name)] if name in module.definitions else []
        for target in module.imports.get(name, ()):
            places += self._target(target, open_names)
        places += self._in_stars(module, name, open_names, is_known=bool(places))
        return tuple(dict.fromkeys(places))

    def _in_stars(self, module: Module, name: str, open_names: _Names, *, is_known: bool) -> list[Place]:
        """A star import may replace what the module defines itself."""
        places: list[Place] = []
        for star in module.stars:
            kind = self._codebase.find(star).kind
            if kind is Kind.CODE:
                found = self._find_name((star, name), open_names)
                if "__all__" in self._codebase.module(star).definitions:
                    if not found and f"{star}.{name}" in self.in_all(star):
                        found = (Whole(f"{star}.{name}"),)
                    found = (*found, Part(star, "__all__")) if found else ()
                places += found
            elif is_known:
                continue
            elif kind in {Kind.PACKAGE, Kind.STOOK} and not hasattr(builtins, name):
                places.append(Installed(star, name))
            elif kind is Kind.BINARY:
                places.append(Part(star, WHOLE))
        return places

    def _target(self, target: Target, open_names: _Names) -> tuple[Place, ...]:
        kind = self._codebase.find(target.module).kind
        if kind in {Kind.PACKAGE, Kind.STOOK}:
            return (Installed(*target),)
        if kind is Kind.NOTHING:
            return ()
        if target.attribute in {"", "*"}:
            return (Whole(target.module),)
        return self._member(target.module, target.attribute, open_names)

    def _member(self, module: str, name: str, open_names: _Names) -> tuple[Place, ...]:
        kind = self._codebase.find(module).kind
        if kind is Kind.BINARY:
            return (Part(module, WHOLE),)
        if kind in {Kind.PACKAGE, Kind.STOOK}:
            return (Installed(module, name),)
        places = self._find_name((module, name), open_names) if kind is Kind.CODE else ()
        if places or name in _OF_EVERY_MODULE:
            return places
        if self._codebase.find(f"{module}.{name}").kind is not Kind.NOTHING:
            return (Whole(f"{module}.{name}"),)
        if kind is Kind.CODE and name in self._codebase.module(module).imports:
            return ()  # one of Python's, or the circle is closed here
        # Nothing shows where the name comes from (`__getattr__`, `globals()`…): it may be anything in there.
        return (Part(module, WHOLE), *self._within(module))

    def _within(self, package: str) -> list[Part]:
        """Return the modules of a package, at any depth, that may stand behind a name which nothing defines."""
        return [
            Part(".".join((package, *parts)), WHOLE)
            for folder in self._codebase.folders_of(package)
            for file in self._codebase.files(folder)
            if (parts := file.relative_to(folder).with_suffix("").parts)[-1] != "__init__"
        ]
