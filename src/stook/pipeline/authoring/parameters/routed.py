"""Parameters that hold what a task requires: they are required under their own name, and passed to `run`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from stook.pipeline.authoring.parameters.kind import Kind
from stook.pipeline.authoring.parameters.values import FrozenDict
from stook.pipeline.authoring.wanted import Mapped, Requirement

__all__ = ["LABEL", "AnyInput", "Routed", "route"]

LABEL: Final = "a task, or another thing to require"


class Routed(Kind):
    """Takes a requirement; or a list or dict of them.

    Args:
        wanted: The class of requirement that it takes, such as one class of tasks.
        label: What it takes, in words.
        many: Whether it takes a list or dict of them, or what stands for several.
    """

    def __init__(self, wanted: type = Requirement, label: str = LABEL, *, many: bool = False) -> None:
        self.wanted = wanted
        self.label = f"a list or dict, each {label}" if many else label
        self.item_label = label
        self._many = many

    def check(self, value: object) -> object:
        """Return a requirement; lists of them as a tuple."""
        if self._many and isinstance(value, list | tuple | dict) and not value:
            return FrozenDict() if isinstance(value, dict) else ()
        found = route(value)
        is_many = isinstance(found, tuple | dict | Mapped)
        if found is None or is_many is not self._many or not self._takes(found):
            raise TypeError
        return found

    def _takes(self, found: object) -> bool:
        """A class of tasks takes no other class's; what is no task, such as an item, is not known to be another."""
        if isinstance(found, tuple | dict):
            inner = found.values() if isinstance(found, dict) else found
            return all(map(self._takes, inner))
        is_task = hasattr(self.wanted, "run") and hasattr(found, "run")
        return isinstance(found, self.wanted) if is_task else True

    def parse(self, text: str) -> object:
        """Refuse: a requirement cannot be written as a text."""
        raise TypeError

    def load(self, value: object) -> object:
        """Refuse: a file holds no requirement."""
        raise TypeError


class AnyInput(Kind):
    """Takes a requirement, or a list or dict of them."""

    label = LABEL

    def check(self, value: object) -> object:
        """Return a requirement; lists of them as a tuple."""
        found = route(value)
        if found is None:
            raise TypeError
        return found


def route(value: object) -> object:
    """Return a requirement, or a tuple or dict of them, as it is kept; None where the value is no such thing."""
    if isinstance(value, Requirement):
        return value
    if isinstance(value, type):
        return value() if issubclass(value, Requirement) else None
    if isinstance(value, list | tuple) and value:
        found = _each(value)
        return None if found is None else tuple(found)
    if isinstance(value, dict) and value:
        several = cast("dict[object, object]", value)
        found = _each(several.values())
        return None if found is None else FrozenDict(dict(zip(map(str, several), found, strict=True)))
    return None


def _each(values: Iterable[object]) -> list[object] | None:
    """Return requirements; None at the first that is none, so that other data is not gone through."""
    found: list[object] = []
    for value in values:
        one = route(value)
        if one is None:
            return None
        found.append(one)
    return found
