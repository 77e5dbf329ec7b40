"""Annotations as they are meant, those too that name what is imported only for type checkers."""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

__all__ = ["Unresolved", "hints_of", "library_of"]

_TABLES = {
    ("pandas", "DataFrame"): "pandas",
    ("polars", "DataFrame"): "polars",
    ("polars", "LazyFrame"): "lazy",
    ("pyarrow", "Table"): "arrow",
}
_ALIASES = {"pd": "pandas", "pl": "polars", "pa": "pyarrow"}


class Unresolved(NamedTuple):
    """An annotation whose names are not there when the code runs."""

    text: str


def hints_of(owner: object) -> dict[str, Any]:
    """Return the annotations of a function or class, bases first, resolved as far as their names are there."""
    try:
        return dict(typing.get_type_hints(owner, include_extras=True))
    except (NameError, AttributeError, TypeError):
        pass  # one of them names what is not there
    hints: dict[str, Any] = {}
    for part in reversed(owner.__mro__) if isinstance(owner, type) else (owner,):
        for name, annotation in _raw(part).items():
            hints[name] = _resolve(annotation, _names_at(part))
    return hints


def library_of(annotation: Any) -> str:
    """Return how an annotated table is had: `pandas`, `polars`, `lazy` or `arrow`; empty where it is none."""
    if isinstance(annotation, Unresolved):
        module, _, name = re.sub(r"\s*\|\s*None$", "", annotation.text).rpartition(".")
        root = _ALIASES.get(module, module)
    else:
        root, name = (
            getattr(annotation, "__module__", "").partition(".")[0],
            getattr(annotation, "__name__", ""),
        )
    return _TABLES.get((root, name), "")


def _raw(part: object) -> Mapping[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(part, format=annotationlib.Format.STRING)
    own = vars(part) if isinstance(part, type) else {"__annotations__": getattr(part, "__annotations__", {})}
    found: Mapping[str, Any] = own.get("__annotations__", {})
    return found


def _names_at(part: object) -> dict[str, Any]:
    if isinstance(part, type):
        return dict(vars(sys.modules.get(part.__module__, SimpleNamespace())))
    return dict(getattr(part, "__globals__", {}))


def _resolve(annotation: Any, names: dict[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    only = SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(only, globalns=names, include_extras=True)["it"]
    except (NameError, AttributeError, TypeError, SyntaxError):
        return Unresolved(annotation.strip("'\""))
