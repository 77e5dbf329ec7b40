"""What tasks are called wherever they are shown: the output's name, and the parameters that tell them from others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from stook.model.visible import visible

__all__ = ["Labels"]

_LONGEST_VALUE = 40
_LONGEST = 80


class Labels:
    """Labels of the tasks of a graph, such as `clean day=2026-01-31`: with what differs among tasks of one name.

    A graph may grow while it runs. A label that is settled stays, whatever comes later; later ones differ from it.
    """

    def __init__(self) -> None:
        self._tasks: dict[int, tuple[str, Mapping[str, str]]] = {}
        self._first: dict[str, Mapping[str, str]] = {}
        self._differing: defaultdict[str, set[str]] = defaultdict(set)
        self._settled: dict[int, str] = {}

    def add(self, number: int, name: str, values: Mapping[str, str]) -> None:
        """Take up a task.

        Args:
            number: Of the task within the graph.
            name: Name of its output.
            values: How its parameters are written, by name: `day=2026-01-31`.
        """
        self._tasks[number] = name, values
        first = self._first.setdefault(name, values)
        if first is not values:
            both = first.keys() | values.keys()
            self._differing[name].update(key for key in both if first.get(key) != values.get(key))

    def settle(self, number: int) -> None:
        """Keep a task's label as it is now."""
        if number in self._tasks and number not in self._settled:
            self._settled[number] = self.of(number)

    def of(self, number: int, default: str = "") -> str:
        """Return what a task is called; the default where it was not taken up."""
        if number in self._settled or number not in self._tasks:
            return self._settled.get(number, default)
        return _clipped(f"{self._tasks[number][0]} {self.difference(number)}".rstrip(), _LONGEST)

    def difference(self, number: int) -> str:
        """Return what tells a task from others of its name, as far as there are any; its name is left out."""
        name, values = self._tasks[number]
        differing = self._differing.get(name, ())
        texts = (_clipped(text, _LONGEST_VALUE) for key, text in values.items() if key in differing)
        return visible(" ".join(texts))


def _clipped(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
