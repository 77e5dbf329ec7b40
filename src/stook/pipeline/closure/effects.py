"""Definitions that change something else when they are defined: registrations, in the main.

`@register` on a function may put it into a table that a task reads by key; then that function belongs to whatever uses
the table, though no name leads there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.lookup import Installed, Lookup, Part
from stook.pipeline.closure.module import Module
from stook.pipeline.closure.taking_apart.facts import BODY, WHOLE, Use

__all__ = ["SUBCLASSES", "Effects", "package_part"]

# What a class changes by being derived from another, for code that asks for subclasses.
SUBCLASSES: Final = Part("", "__subclasses__")


def package_part(name: str) -> Part:
    """Return what stands for all tables within an installed package."""
    return Part("", f"package {name.partition('.')[0]}")


class Effects:
    """Finds what the definitions of modules may change; errs towards more."""

    def __init__(self, codebase: Codebase, lookup: Lookup) -> None:
        self._codebase = codebase
        self._lookup = lookup
        self._reached: dict[Part, frozenset[Part]] = {}

    def of(self, module: Module) -> Iterator[tuple[str, Part]]:
        """Yield the definitions of a module that may change something, each with one thing that it may change."""
        for name in module.definitions:
            for changed in self._by_deriving(module, name, set()):
                yield name, changed
            for touches in module.touches(name):
                for use in touches.called:
                    for changed in self._by_call(module, use):
                        yield name, changed
                for use in touches.lent:
                    for changed in self._by_lending(module, use):
                        yield name, changed
                for use in touches.operated:
                    for changed in self._by_operator(module, use):
                        yield name, changed

    def _by_call(self, module: Module, use: Use) -> Iterator[Part]:
        """A method may change its variable; code of the project, whatever mutable it uses, at any distance."""
        for place in self._lookup.follow(module, use):
            if isinstance(place, Installed):
                if _names_a_registry(place, use):
                    yield package_part(place.module)
            elif self._codebase.find(place.module).kind is Kind.CODE:
                owner = self._codebase.module(place.module)
                is_part = place.name in owner.definitions
                if is_part and self.is_task(place):
                    continue
                if is_part and use.attributes and _holds(owner, place.name, use):
                    yield place
                yield from self._mutables_from(place)

    def _by_lending(self, module: Module, use: Use) -> Iterator[Part]:
        """Python's own functions call what they are given, such as `table.append`, but leave tables as they are."""
        for place in self._lookup.follow(module, use):
            if isinstance(place, Part) and self._codebase.find(place.module).kind is Kind.CODE:
                owner = self._codebase.module(place.module)
                is_variable = place.name in owner.definitions and owner.is_mutable(place.name)
                if use.attributes or not is_variable or owner.class_facts(place.name):
                    yield from self._by_call(module, use)

    def _by_operator(self, module: Module, use: Use) -> Iterator[Part]:
        """`first >> second` may note one in the other, where a class of the project says what `>>` does."""
        for place in self._lookup.follow(module, use):
            if not isinstance(place, Part) or place.name in {WHOLE, BODY}:
                continue
            if self._codebase.find(place.module).kind is not Kind.CODE:
                continue
            owner = self._codebase.module(place.module)
            made_of = [
                p for u in owner.piece(place.name).references.uses for p in self._lookup.follow(owner, u)
            ]
            if any(self._has_operators(part, set()) for part in (place, *made_of) if isinstance(part, Part)):
                yield place
                yield from self._mutables_from(place)

    def _has_operators(self, part: Part, seen: set[Part]) -> bool:
        if part.name in {WHOLE, BODY} or self._codebase.find(part.module).kind is not Kind.CODE:
            return False
        owner = self._codebase.module(part.module)
        if any(facts.has_operators for facts in owner.class_facts(part.name)):
            return True
        return any(self._has_operators(base, seen) for base in self._bases(owner, part.name, seen))

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
                # `add, get = make()` may share a table.
                yield from (Part(part.module, name) for name in module.bound_with(part.name))
            for use in references.changes:
                yield from (p for p in self._lookup.follow(module, use) if isinstance(p, Part))
            for use in references.uses:
                new = {p for p in self._lookup.follow(module, use) if isinstance(p, Part)} - seen
                seen |= new
                todo += new

    def _by_deriving(self, module: Module, name: str, seen: set[Part]) -> Iterator[Part]:
        """Yield the bases of a class that run code of the project when a class is derived from them."""
        for facts in module.class_facts(name):
            if not seen and facts.bases:
                yield SUBCLASSES
            for base in facts.bases if facts.has_keywords else ():
                for place in self._lookup.follow(module, base):
                    if isinstance(place, Installed):
                        yield package_part(place.module)
        for part in self._bases(module, name, seen):
            owner = self._codebase.module(part.module)
            if any(facts.has_keywords or facts.has_subclass_hook for facts in owner.class_facts(part.name)):
                yield part
                yield from self._mutables_from(part)
            yield from self._by_deriving(owner, part.name, seen)

    def is_task(self, part: Part) -> bool:
        """Tell whether a definition is a task, of which making an instance changes nothing."""
        return self._is_task(self._codebase.module(part.module), part.name, set())

    def _is_task(self, module: Module, name: str, seen: set[Part]) -> bool:
        if not module.class_facts(name):
            return module.is_task_function(name)
        for facts in module.class_facts(name):
            for place in (place for base in facts.bases for place in self._lookup.follow(module, base)):
                if isinstance(place, Installed) and self._codebase.find(place.module).kind is Kind.STOOK:
                    return True
        bases = self._bases(module, name, seen)
        return any(self._is_task(self._codebase.module(base.module), base.name, seen) for base in bases)

    def _bases(self, module: Module, name: str, seen: set[Part]) -> list[Part]:
        found = []
        for place in (
            place
            for facts in module.class_facts(name)
            for base in facts.bases
            for place in self._lookup.follow(module, base)
        ):
            is_code = isinstance(place, Part) and self._codebase.find(place.module).kind is Kind.CODE
            if isinstance(place, Part) and is_code and place.name != WHOLE and place not in seen:
                seen.add(place)
                found.append(place)
        return found


def _holds(owner: Module, name: str, use: Use) -> bool:
    """Tell whether what is called belongs to a decorator's work, or to a part of a class: `C.go.register`."""
    is_part = len(use.attributes) > 1 or use.attributes[0] == "__dict__"
    return owner.is_decorated_function(name) or (is_part and bool(owner.class_facts(name)))


def _names_a_registry(place: Installed, use: Use) -> bool:
    """Tell whether something of a package is called as what keeps what it is given: pandas' accessors, entry points."""
    name = (place.attribute, *use.attributes)[-1] if use.attributes else place.attribute
    return any(word in name.lower() for word in ("register", "subscribe", "plugin", "hook", "listen"))
