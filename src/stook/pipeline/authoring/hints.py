"""Annotations as they are meant, those too that name what is imported only for type checkers."""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

from stook.pipeline.authoring.user_code import attempt

__all__ = ["Unresolved", "hints_of", "is_bundle", "library_of"]

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
    found = attempt(lambda: typing.get_type_hints(owner, include_extras=True))
    if not isinstance(found, Exception):
        return dict(found)
    hints: dict[str, Any] = {}
    for part in reversed(owner.__mro__) if isinstance(owner, type) else (owner,):
        for name, annotation in _raw(part).items():
            hints[name] = _resolve(annotation, _names_at(part))
    return hints


def is_bundle(annotation: Any) -> bool:
    """Tell whether an annotation asks for a bundle."""
    if isinstance(annotation, Unresolved):
        return annotation.text in {"Bundle", "stook.Bundle"}
    return (getattr(annotation, "__module__", ""), getattr(annotation, "__name__", "")) == (
        "stook.store.bundle",
        "Bundle",
    )


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
    only = type("Only", (), {"__annotations__": {"it": annotation}})  # a class may have ClassVar
    found = attempt(lambda: typing.get_type_hints(only, globalns=names, include_extras=True)["it"])
    return Unresolved(annotation.strip("'\"")) if isinstance(found, Exception) else found
