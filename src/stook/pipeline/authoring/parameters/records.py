"""Parameters that are dataclasses."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

from stook.errors import StookError
from stook.pipeline.authoring.parameters.kind import Kind, MisfitError, read_json
from stook.pipeline.authoring.parameters.parameter import MISSING
from stook.pipeline.authoring.parameters.values import fields_of, typed
from stook.pipeline.authoring.user_code import attempt

__all__ = ["Record"]


class Record(Kind):
    """An instance of a dataclass: given as one, as a dict, as JSON, or field by field.

    What is kept is a copy, with each field as parameters of its kind are kept.

    Args:
        wanted: The dataclass.
        kinds: The kind of each field.
    """

    def __init__(self, wanted: type, kinds: Mapping[str, Kind]) -> None:
        self._wanted: Any = wanted
        self.kinds = kinds
        names = ", ".join(kinds)
        self.label = f"{wanted.__name__} ({names})" if names else wanted.__name__

    def check(self, value: object) -> object:
        """Return an instance, or what a dict has for its fields, as a copy of its own."""
        if isinstance(value, Mapping):
            return self._build(value, "check")
        if type(value) is not self._wanted:
            raise TypeError
        return self._filled(copy.copy(value))

    def parse(self, text: str) -> object:
        """Read a JSON object."""
        return self._build(read_json(text), "load")

    def load(self, value: object) -> object:
        """Return what a table of a file has for the fields."""
        return self.parse(value) if isinstance(value, str) else self._build(value, "load")

    def revive(self, value: object) -> object:
        """Return the instance whose plain form this is, as it was: nothing of the class's own code runs."""
        if not isinstance(value, Mapping) or value.keys() != self.kinds.keys():
            raise TypeError
        kept = {name: kind.within(name, value[name], "revive") for name, kind in self.kinds.items()}
        made = self._remade(kept) or object.__new__(self._wanted)
        for name, inner in kept.items():
            object.__setattr__(made, name, inner)
        return made

    def merge(self, base: object, parts: Mapping[str, str]) -> object:
        """Replace some fields, those of fields too."""
        texts: dict[str, dict[str, str]] = {}
        for path, text in parts.items():
            name, _, rest = path.partition(".")
            texts.setdefault(name.replace("-", "_"), {})[rest] = text
        given = {name: self._merged(base, name, inner) for name, inner in texts.items()}
        if base is MISSING:
            return self._build(given, "check")
        return self.check(self._made(lambda: dataclasses.replace(base, **given), given))  # type: ignore[type-var]

    def _merged(self, base: object, name: str, inner: dict[str, str]) -> object:
        kind = self._kind(name)
        if "" in inner:
            return kind.within(name, inner[""], "parse")
        start = getattr(base, name) if base is not MISSING else self._default(name)
        try:
            return kind.merge(start, inner)
        except MisfitError as error:
            raise MisfitError((name, *error.path), error.value, error.label, error.reason) from error

    def _default(self, name: str) -> object:
        field = next(field for field in dataclasses.fields(self._wanted) if field.name == name)
        if field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
        return MISSING if field.default is dataclasses.MISSING else field.default

    def _kind(self, name: str) -> Kind:
        kind = self.kinds.get(name)
        if kind is None:
            known = ", ".join(self.kinds)
            raise MisfitError(
                (name,), name, self.label, f"{self._wanted.__name__} has no such field; it has {known}"
            )
        return kind

    def _build(self, value: object, how: str) -> object:
        if not isinstance(value, Mapping):
            raise TypeError
        given = {name: self._kind(str(name)).within(str(name), item, how) for name, item in value.items()}
        made = self._made(lambda: self._wanted(**given), given)
        return self._filled(made)

    def _made(self, make: Any, given: Mapping[str, object]) -> object:
        """Make an instance; what its own checks raise is told in their words."""
        made = attempt(make)
        if isinstance(made, StookError):
            raise made
        if isinstance(made, Exception):
            raise MisfitError((), dict(given), self.label, str(made) or type(made).__name__) from made
        return made

    def _remade(self, kept: Mapping[str, object]) -> object:
        """Return an instance made as the user's code makes them, so that it has what `__post_init__` adds.

        None where that gives it other fields than it had, or takes more than fields: then it was not made so.
        """
        given = {field.name: kept[field.name] for field in dataclasses.fields(self._wanted) if field.init}
        made = attempt(lambda: self._filled(self._wanted(**given)))
        if isinstance(made, Exception):  # the class may have changed
            return None
        return made if typed(tuple(fields_of(made).values())) == typed(tuple(kept.values())) else None

    def _filled(self, made: object) -> object:
        for name, kind in self.kinds.items():
            object.__setattr__(made, name, kind.within(name, getattr(made, name, MISSING), "check"))
        return made
