"""Which names of a notebook are the user's own, and which IPython has put there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["is_of_ipython", "own_names"]

_OF_IPYTHON: Final = frozenset({"exit", "get_ipython", "open", "quit"})
_HISTORY: Final = frozenset({"In", "Out"})


def own_names(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the user's names, and what they stand for."""
    for name, value in namespace.items():
        if not name.startswith("_") and name not in _HISTORY and not is_of_ipython(name, value):
            yield name, value


def is_of_ipython(name: str, value: object) -> bool:
    """Tell whether a name stands for what IPython has put under it."""
    module = getattr(value, "__module__", None) or type(value).__module__
    return name in _OF_IPYTHON and str(module).startswith(("IPython", "ipykernel", "_io", "io"))
