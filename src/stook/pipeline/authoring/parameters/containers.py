"""Parameters that hold several values: lists, tuples and dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stook.pipeline.authoring.parameters.kind import Kind, read_json
from stook.pipeline.authoring.parameters.values import FrozenDict

__all__ = ["DictOf", "ListOf", "TupleOf"]


class ListOf(Kind):
    """A list of values of one kind, kept as a tuple."""

    def __init__(self, inner: Kind) -> None:
        self.inner = inner
        self.label = f"a list, each {inner.label} (a,b,c)"

    def check(self, value: object) -> object:
        """Return a list or tuple as a tuple."""
        return self._each(value, "check")

    def parse(self, text: str) -> object:
        """Read `a,b,c`, or a JSON array."""
        if text.startswith("["):
            try:
                listed = read_json(text)
            except ValueError:
                listed = None
            if listed is not None:
                return self._each(listed, "load")
        return self._each([part.strip() for part in text.split(",")] if text else [], "parse")

    def load(self, value: object) -> object:
        """Return an array of a file as a tuple."""
        return self.parse(value) if isinstance(value, str) else self._each(value, "load")

    def revive(self, value: object) -> object:
        """Return the tuple whose plain form this is."""
        return self._each(value, "revive")

    def _each(self, value: object, how: str) -> object:
        if not isinstance(value, list | tuple):
            raise TypeError
        return tuple([self.inner.within(str(at), item, how) for at, item in enumerate(value)])


class TupleOf(Kind):
    """A tuple of a certain length, with a kind for each place."""

    def __init__(self, inner: Sequence[Kind]) -> None:
        self.inner = inner
        self.label = f"{len(inner)} values: {', '.join(kind.label for kind in inner)} (a,b,c)"

    def check(self, value: object) -> object:
        """Return a list or tuple as a tuple."""
        return self._each(value, "check")

    def parse(self, text: str) -> object:
        """Read `a,b,c`, or a JSON array."""
        if text.startswith("["):
            return self._each(read_json(text), "load")
        return self._each([part.strip() for part in text.split(",")], "parse")

    def load(self, value: object) -> object:
        """Return an array of a file as a tuple."""
        return self.parse(value) if isinstance(value, str) else self._each(value, "load")

    def revive(self, value: object) -> object:
        """Return the tuple whose plain form this is."""
        return self._each(value, "revive")

    def _each(self, value: object, how: str) -> object:
        if not isinstance(value, list | tuple) or len(value) != len(self.inner):
            raise TypeError
        pairs = enumerate(zip(self.inner, value, strict=True))
        return tuple([kind.within(str(at), item, how) for at, (kind, item) in pairs])


class DictOf(Kind):
    """A dict from texts to values of one kind, kept in order of the alphabet."""

    def __init__(self, inner: Kind) -> None:
        self.inner = inner
        self.label = f"a dict from names, each to {inner.label} (a=1,b=2)"

    def check(self, value: object) -> object:
        """Return a mapping as a dict that cannot be changed."""
        return self._each(value, "check")

    def parse(self, text: str) -> object:
        """Read `a=1,b=2`, or a JSON object."""
        if text.startswith("{"):
            return self._each(read_json(text), "load")
        pairs = [part.partition("=") for part in text.split(",")] if text else []
        found = {key.strip(): value.strip() for key, _, value in pairs}
        if len(found) < len(pairs) or not all(equals for _, equals, _ in pairs):
            raise ValueError
        return self._each(found, "parse")

    def load(self, value: object) -> object:
        """Return a table of a file as a dict."""
        return self.parse(value) if isinstance(value, str) else self._each(value, "load")

    def revive(self, value: object) -> object:
        """Return the dict whose plain form this is."""
        return self._each(value, "revive")

    def merge(self, base: object, parts: Mapping[str, str]) -> object:
        """Replace or add entries."""
        given = {key: self.inner.within(key, text, "parse") for key, text in parts.items()}
        return FrozenDict({**(base if isinstance(base, dict) else {}), **given})

    def _each(self, value: object, how: str) -> object:
        if not isinstance(value, Mapping) or not all(type(key) is str for key in value):
            raise TypeError
        for key in value:
            key.encode()
        return FrozenDict({key: self.inner.within(key, item, how) for key, item in value.items()})
