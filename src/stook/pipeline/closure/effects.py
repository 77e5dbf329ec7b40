"""Definitions that change something else when they are defined: registrations, in the main.

`@register` on a function may put it into a table that a task reads by key; then that function belongs to whatever uses
the table, though no name leads there.
"""

from __future__ import annotations

from collections.abc import Iterator

from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.lookup import Installed, Lookup, Part, Place
from stook.pipeline.closure.module import BODY, WHOLE, Module
from stook.pipeline.closure.references import Use

__all__ = ["Effects"]

_LOGGING = frozenset({"critical", "debug", "error", "exception", "info", "log", "warning"})


class Effects:
    """Finds what the definitions of modules may change; errs towards more."""

    def __init__(self, codebase: Codebase, lookup: Lookup) -> None:
        self._codebase = codebase
        self._lookup = lookup
        self._reached: dict[Part, frozenset[Part]] = {}

    def of(self, module: Module) -> Iterator[tuple[str, Part]]:
        """Yield the definitions of a module that may change something, each with one thing that it may change."""
        for name in module.definitions:
            for changed in self._hooks(module, name, set()):
                yield name, changed
            for call in module.calls(name):
                for changed in self._changed_by(module, Use(*call)):
                    yield name, changed

    def _changed_by(self, module: Module, call: Use) -> Iterator[Part]:
        """A method may change its variable; code of the project, whatever mutable it uses, at any distance."""
        for place in self._lookup.follow(module, call):
            if not isinstance(place, Part) or self._codebase.find(place.module).kind is not Kind.CODE:
                continue
            owner = self._codebase.module(place.module)
            is_part = place.name in owner.definitions
            if not (is_part and self._is_task(owner, place.name, set())):
                yield from self._mutables_from(place)

    def _mutables_from(self, start: Part) -> frozenset[Part]:
        if start not in self._reached:
            self._reached[start] = frozenset(self._walk(start))
        return self._reached[start]

    def _walk(self, start: Part) -> Iterator[Part]:
        todo, seen = [start], {start}
        while todo:
            part = todo.pop()
            if self._codebase.find(part.module).kind is not Kind.CODE:
                continue
            module = self._codebase.module(part.module)
            references = module.piece(part.name).references
            if references.sees_own_module or part.name == WHOLE:
                yield Part(part.module, BODY)
            if part.name not in {WHOLE, BODY} and module.is_mutable(part.name):
                yield part
            for use in references.uses:
                if use.attributes[:1] and use.attributes[0] in _LOGGING:
                    continue
                new = {p for p in self._lookup.follow(module, use) if isinstance(p, Part)} - seen
                seen |= new
                todo += new

    def _hooks(self, module: Module, name: str, seen: set[Part]) -> Iterator[Part]:
        """Yield the bases of a class that run code of the project when a class is derived from them."""
        for base in self._bases(module, name, seen):
            owner = self._codebase.module(base.module)
            facts = owner.class_facts(base.name)
            if facts and (facts.has_metaclass or facts.has_subclass_hook):
                yield base
                yield from self._mutables_from(base)
            yield from self._hooks(owner, base.name, seen)

    def _is_task(self, module: Module, name: str, seen: set[Part]) -> bool:
        """Making an instance of a task changes nothing."""
        facts = module.class_facts(name)
        if facts is None:
            return module.is_task_function(name)
        places = self._base_places(module, facts.bases)
        if any(isinstance(p, Installed) and self._codebase.find(p.module).kind is Kind.STOOK for p in places):
            return True
        bases = self._bases(module, name, seen)
        return any(self._is_task(self._codebase.module(base.module), base.name, seen) for base in bases)

    def _bases(self, module: Module, name: str, seen: set[Part]) -> list[Part]:
        facts = module.class_facts(name)
        found = []
        for place in self._base_places(module, facts.bases) if facts else []:
            is_code = isinstance(place, Part) and self._codebase.find(place.module).kind is Kind.CODE
            if isinstance(place, Part) and is_code and place.name != WHOLE and place not in seen:
                seen.add(place)
                found.append(place)
        return found

    def _base_places(self, module: Module, bases: tuple[tuple[str, tuple[str, ...]], ...]) -> list[Place]:
        return [place for base in bases for place in self._lookup.follow(module, Use(*base))]
