"""Bounds on parameters: `Annotated[int, Ge(1)]`, with anything that has `gt`, `ge`, `lt` or `le`."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any, Final

from stook.pipeline.authoring.parameters.kind import Kind, MisfitError

__all__ = ["Bounded", "bounds_of"]

_BOUNDS: Final = {
    "gt": ("more than", operator.gt),
    "ge": ("at least", operator.ge),
    "lt": ("less than", operator.lt),
    "le": ("at most", operator.le),
}


class Bounded(Kind):
    """Another kind, within bounds.

    Args:
        inner: The kind.
        bounds: `gt`, `ge`, `lt` and `le`, each with its bound.
    """

    def __init__(self, inner: Kind, bounds: list[tuple[str, Any]]) -> None:
        self._inner = inner
        self._bounds = bounds
        limits = " and ".join(f"{_BOUNDS[name][0]} {bound}" for name, bound in bounds)
        self.label = f"{inner.label}, {limits}"

    def check(self, value: object) -> object:
        """Return the value where it is within the bounds."""
        return self._within(self._inner.check(value))

    def parse(self, text: str) -> object:
        """Return the value of a text where it is within the bounds."""
        return self._within(self._inner.parse(text))

    def load(self, value: object) -> object:
        """Return the value of a file where it is within the bounds."""
        return self._within(self._inner.load(value))

    def revive(self, value: object) -> object:
        """Return the value whose plain form this is."""
        return self._within(self._inner.revive(value))

    def merge(self, base: object, parts: Mapping[str, str]) -> object:
        """Replace parts."""
        return self._within(self._inner.merge(base, parts))

    def _within(self, value: Any) -> object:
        for name, bound in self._bounds:
            if value is not None and not _BOUNDS[name][1](value, bound):
                raise MisfitError((), value, self.label)
        return value


def bounds_of(metadata: Iterable[object]) -> list[tuple[str, Any]]:
    """Return the bounds that an annotation's metadata have."""
    return [
        (name, getattr(entry, name))
        for entry in metadata
        for name in _BOUNDS
        if not isinstance(entry, str) and getattr(entry, name, None) is not None
    ]
