"""From an annotation to the kind of parameter that it means."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from stook.pipeline.authoring.hints import Unresolved, hints_of, is_bundle, library_of
from stook.pipeline.authoring.parameters.bounds import Bounded, bounds_of
from stook.pipeline.authoring.parameters.containers import DictOf, ListOf, TupleOf
from stook.pipeline.authoring.parameters.kind import Kind
from stook.pipeline.authoring.parameters.records import Record
from stook.pipeline.authoring.parameters.routed import LABEL, Routed
from stook.pipeline.authoring.parameters.scalars import SCALARS, Choice, Member, Optional, Scalar, Union
from stook.pipeline.authoring.wanted import Requirement

__all__ = ["kind_of"]

_SUPPORTED = (
    "int, float, str, bool, date, datetime, timedelta, Path, Decimal, Literal, Enum, dataclasses, "
    "and lists, tuples, dicts or optionals of those"
)


def kind_of(annotation: Any, within: tuple[object, ...] = ()) -> Kind:
    """Return what an annotation accepts.

    Args:
        annotation: The annotation.
        within: The dataclasses that it is a field of, outermost first.

    Raises:
        TypeError: It is of a type that parameters cannot have.
    """
    if hasattr(annotation, "__supertype__"):  # NewType
        return kind_of(annotation.__supertype__, within)
    if type(annotation).__name__ == "TypeAliasType":  # type X = …
        return kind_of(annotation.__value__, within)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        inner, bounds = kind_of(arguments[0], within), bounds_of(arguments[1:])
        return Bounded(inner, bounds) if bounds else inner
    if origin is Literal:
        return Choice(arguments)
    if origin in (typing.Union, types.UnionType):
        return _union(arguments, within)
    make = _CONTAINERS.get(origin)
    if make:
        return make(arguments, within)
    return _of_class(annotation, within)


def _of_class(annotation: Any, within: tuple[object, ...]) -> Kind:
    if annotation in (set, frozenset) or get_origin(annotation) in (set, frozenset):
        raise TypeError(
            "a set is no type for a parameter, since its order differs between processes; use a list"
        )
    if isinstance(annotation, type) and not is_bundle(annotation):
        if annotation in SCALARS:
            return Scalar(annotation)
        if issubclass(annotation, Enum):
            return Member(annotation)
        if issubclass(annotation, Requirement):
            return Routed(annotation, _routed_label(annotation))
        if dataclasses.is_dataclass(annotation):
            return _record(annotation, within)
    if library_of(annotation):
        return Routed(label=f"{LABEL}, that gives a table")
    if is_bundle(annotation):
        return Routed()
    if isinstance(annotation, type) and annotation in _EXAMPLES:
        raise TypeError(f"{annotation.__name__} does not say of what; write {_EXAMPLES[annotation]}")
    if isinstance(annotation, Unresolved):
        raise TypeError(f"the annotation {annotation.text} names something that is not there")
    raise TypeError(f"{_type_name(annotation)} is no type for a parameter; these are: {_SUPPORTED}")


def _routed_label(wanted: type) -> str:
    if wanted.__module__.startswith("stook.pipeline."):
        return LABEL
    return f"{LABEL}, such as {wanted.__name__}"


def _union(arguments: tuple[Any, ...], within: tuple[object, ...]) -> Kind:
    rest = [argument for argument in arguments if argument is not type(None)]
    if len(rest) == 1:
        inner = kind_of(rest[0], within)
    elif all(isinstance(argument, type) and issubclass(argument, Requirement) for argument in rest):
        inner = Routed()
    elif all(argument in SCALARS for argument in rest):
        inner = Union(rest)
    else:
        raise TypeError(f"a union is no type for a parameter, unless of scalars or with None; {_SUPPORTED}")
    return inner if len(rest) == len(arguments) else Optional(inner)


def _list(arguments: tuple[Any, ...], within: tuple[object, ...]) -> Kind:
    inner = kind_of(arguments[0] if arguments else None, within)
    return _many(inner) if isinstance(inner, Routed) else ListOf(inner)


def _many(inner: Routed) -> Kind:
    return Routed(inner.wanted, inner.item_label, many=True)


def _tuple(arguments: tuple[Any, ...], within: tuple[object, ...]) -> Kind:
    if len(arguments) == 2 and arguments[1] is ...:
        return _list(arguments[:1], within)
    return TupleOf([kind_of(argument, within) for argument in arguments])


def _dict(arguments: tuple[Any, ...], within: tuple[object, ...]) -> Kind:
    if len(arguments) != 2 or arguments[0] is not str:
        raise TypeError("a dict is no type for a parameter, unless from str: dict[str, int]")
    inner = kind_of(arguments[1], within)
    return _many(inner) if isinstance(inner, Routed) else DictOf(inner)


def _record(wanted: type, within: tuple[object, ...]) -> Kind:
    if wanted in within:
        raise TypeError(f"{wanted.__name__} holds itself")
    hints = hints_of(wanted)
    kinds = {}
    for field in dataclasses.fields(wanted):
        try:
            kind = kind_of(hints[field.name], (*within, wanted))
        except TypeError as error:
            raise TypeError(f"{wanted.__name__}.{field.name}: {error}") from error
        if isinstance(kind, Routed):
            raise TypeError(f"{wanted.__name__}.{field.name}: a dataclass holds no requirement")
        kinds[field.name] = kind
    return Record(wanted, kinds)


def _type_name(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


_EXAMPLES = {list: "list[int]", tuple: "tuple[int, ...]", dict: "dict[str, int]"}
_CONTAINERS: Mapping[object, Callable[[tuple[Any, ...], tuple[object, ...]], Kind]] = {
    list: _list,
    tuple: _tuple,
    dict: _dict,
}
