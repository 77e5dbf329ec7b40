"""Definitions that change something else when they are defined: registrations, in the main.

`@register` on a function may put it into a table that a task reads by key; then that function is part of whatever
imports its module, though no name leads there.
"""

from __future__ import annotations

from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.lookup import Installed, Lookup, Part, Place
from stook.pipeline.closure.module import BODY, WHOLE, Module
from stook.pipeline.closure.references import Use

__all__ = ["Effects"]


class Effects:
    """Finds the definitions of modules that have effects; errs towards saying that they have."""

    def __init__(self, codebase: Codebase, lookup: Lookup) -> None:
        self._codebase = codebase
        self._lookup = lookup
        self._touching: dict[Part, bool] = {}

    def of(self, module: Module) -> list[str]:
        """Return the names of a module's definitions that have effects."""
        return [name for name in module.definitions if self._has(module, name)]

    def _has(self, module: Module, name: str) -> bool:
        if self._is_hooked(module, name, set()):
            return True
        return any(self._may_change(module, Use(*call)) for call in module.calls(name))

    def _may_change(self, module: Module, call: Use) -> bool:
        """A call has an effect if it is a method of a variable, or code of the project that uses a variable."""
        for place in self._lookup.follow(module, call):
            if not isinstance(place, Part) or self._codebase.find(place.module).kind is not Kind.CODE:
                continue
            if place.name == WHOLE:
                return True
            owner = self._codebase.module(place.module)
            if place.name in owner.variables:
                return True
            if not self._is_task(owner, place.name, set()) and self._touches(place):
                return True
        return False

    def _touches(self, start: Part) -> bool:
        """Tell whether a definition, through whatever it uses, reaches a variable of a module."""
        if start not in self._touching:
            self._touching[start] = False
            self._touching[start] = self._reaches_variable(start)
        return self._touching[start]

    def _reaches_variable(self, start: Part) -> bool:
        todo, seen = [start], {start}
        while todo:
            part = todo.pop()
            if self._codebase.find(part.module).kind is not Kind.CODE:
                continue
            module = self._codebase.module(part.module)
            references = module.piece(part.name).references
            if part.name in {WHOLE, BODY} or part.name in module.variables or references.sees_own_module:
                return True
            for use in references.uses:
                new = {p for p in self._lookup.follow(module, use) if isinstance(p, Part)} - seen
                seen |= new
                todo += new
        return False

    def _is_hooked(self, module: Module, name: str, seen: set[Part]) -> bool:
        """Tell whether a base of the class runs code of the project when a class is derived from it."""
        for owner, base in self._bases(module, name, seen):
            facts = owner.class_facts(base)
            if facts and (
                facts.has_metaclass or facts.has_subclass_hook or self._is_hooked(owner, base, seen)
            ):
                return True
        return False

    def _is_task(self, module: Module, name: str, seen: set[Part]) -> bool:
        """Making an instance of a task has no effect."""
        facts = module.class_facts(name)
        if facts is None:
            return module.is_task_function(name)
        places = self._base_places(module, facts.bases)
        if any(isinstance(p, Installed) and self._codebase.find(p.module).kind is Kind.STOOK for p in places):
            return True
        return any(self._is_task(owner, base, seen) for owner, base in self._bases(module, name, seen))

    def _bases(self, module: Module, name: str, seen: set[Part]) -> list[tuple[Module, str]]:
        facts = module.class_facts(name)
        if facts is None:
            return []
        found = []
        for place in self._base_places(module, facts.bases):
            is_code = isinstance(place, Part) and self._codebase.find(place.module).kind is Kind.CODE
            if isinstance(place, Part) and is_code and place.name != WHOLE and place not in seen:
                seen.add(place)
                found.append((self._codebase.module(place.module), place.name))
        return found

    def _base_places(self, module: Module, bases: tuple[tuple[str, tuple[str, ...]], ...]) -> list[Place]:
        return [place for base in bases for place in self._lookup.follow(module, Use(*base))]
