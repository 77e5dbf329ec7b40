"""Values of parameters in the forms that are kept, digested and compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NoReturn

from stook.pipeline.authoring.wanted import Requirement

__all__ = ["SIMPLE", "FrozenDict", "fields_of", "plain", "typed"]

SIMPLE: Final = frozenset({bool, int, float, str, type(None)})
"""Types of which most parameters are: values of exactly these are plain, and hold nothing."""


class FrozenDict(dict[str, Any]):
    """A dict that cannot be changed. Keys are in order of the alphabet, so that equal ones are alike in all."""

    def __init__(self, items: Mapping[str, Any] = MappingProxyType({})) -> None:
        super().__init__(sorted(items.items()))

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("the dict of a parameter cannot be changed; copy it with dict(…)")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))

    def __reduce__(self) -> tuple[object, ...]:
        return FrozenDict, (dict(self),)


def fields_of(value: object) -> dict[str, object]:
    """Return the fields of a dataclass, or of an instance of one, by name."""
    return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}  # type: ignore[arg-type]


def plain(value: object) -> object:
    """Return a value as one that a bundle can keep: paths as text, enums by name, dataclasses as dicts."""
    if type(value) in SIMPLE:
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        return {name: plain(item) for name, item in fields_of(value).items()}
    return value


def typed(value: object) -> object:
    """Return a plain value that differs wherever two values of parameters differ, be it in type alone."""
    if type(value) in SIMPLE:
        return value
    if isinstance(value, Requirement):
        return {"requirement": value._identity()}
    if isinstance(value, Enum):
        return {"enum": type(value).__qualname__, "name": value.name, "value": repr(value.value)}
    if isinstance(value, Path):
        return {"path": str(value)}
    if isinstance(value, tuple):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return {"dict": {key: typed(item) for key, item in value.items()}}
    if dataclasses.is_dataclass(value):
        fields = {name: typed(item) for name, item in fields_of(value).items()}
        return {"dataclass": type(value).__qualname__, "fields": fields}
    return value
