"""Parameters of tasks: which there are, what they accept, and how they read from a command line."""

from __future__ import annotations

import operator
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import ClassVar, Final, Literal, get_args, get_origin

from stook.errors import InputError

__all__ = ["MISSING", "Parameter", "kind_of", "plain"]


class _Missing(Enum):
    MISSING = "missing"


MISSING: Final = _Missing.MISSING
_SCALARS: Final[dict[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    datetime: "a time (2026-01-31T12:00:00)",
    date: "a date (2026-01-31)",
    Decimal: "a decimal number",
    Path: "a path",
}
_MISFITS = (TypeError, ValueError, ArithmeticError)
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_SUPPORTED = (
    "int, float, str, bool, date, datetime, Path, Decimal, Literal, Enum, and lists or optionals of those"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What values a parameter accepts.

    Attributes:
        label: In words for a person, such as `int` or `list of date`.
        check: Returns the value in its one exact type, or raises TypeError or ValueError.
        parse: The same from the text of a command line.
    """

    label: str
    check: Callable[[object], object]
    parse: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a task.

    Attributes:
        name: Its name.
        kind: What it accepts.
        default: Its value where none is given; `MISSING` where one must be.
    """

    name: str
    kind: Kind
    default: object = MISSING

    @property
    def is_required(self) -> bool:
        """Whether a value must be given."""
        return self.default is MISSING

    def check(self, value: object, task: str) -> object:
        """Return a value given in Python as it is kept. Raises InputError where it does not fit."""
        try:
            return self.kind.check(value)
        except _MISFITS as error:
            raise self._refusal(value, task) from error

    def parse(self, text: str, task: str) -> object:
        """Return the value that a text on the command line means. Raises InputError where it does not fit."""
        try:
            return self.kind.parse(text)
        except _MISFITS as error:
            raise self._refusal(text, task) from error

    def _refusal(self, value: object, task: str) -> InputError:
        return InputError(
            f"{task}: parameter {self.name} is {value!r}, which is not {self.kind.label}",
            kind="bad-parameter",
            hint=f"give {self.name} as {self.kind.label}",
            task=task,
            parameter=self.name,
        )


def kind_of(annotation: object) -> Kind:
    """Return what an annotation accepts.

    Raises:
        TypeError: It is of a type that parameters cannot have.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return kind_of(arguments[0])
    if origin is Literal:
        return _literal(arguments)
    if origin in (typing.Union, types.UnionType):
        return _optional(arguments)
    if origin in (list, tuple) and (len(arguments) == 1 or arguments[1:] == (...,)):
        return _list(kind_of(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _enum(annotation)
    if isinstance(annotation, type) and annotation in _SCALARS:
        return _scalar(annotation)
    raise TypeError(f"{_type_name(annotation)} is no type for a parameter; these are: {_SUPPORTED}")


def is_class_variable(annotation: object) -> bool:
    """Tell whether an annotation says that the attribute is no parameter."""
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def plain(value: object) -> object:
    """Return a parameter's value as a plain value that a bundle can keep: paths as text, enums by name."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Path):
        return str(value)
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def _scalar(wanted: type) -> Kind:
    parse: Callable[[str], object] = {
        bool: _parse_bool,
        date: date.fromisoformat,
        datetime: datetime.fromisoformat,
    }.get(wanted, wanted)
    return Kind(_SCALARS[wanted], lambda value: _exact(wanted, value), parse)


def _exact(wanted: type, value: object) -> object:
    """Return a value as exactly `wanted`: subclasses, such as NumPy's floats, would be kept as another type."""
    if type(value).__name__ in {"bool", "bool_"}:  # Python's, and NumPy's
        if wanted is not bool:
            raise TypeError
        return bool(value)
    if wanted is int:
        return operator.index(typing.cast("int", value))
    if wanted is float:
        return float(value if isinstance(value, float) else operator.index(typing.cast("int", value)))
    if (wanted is Path and type(value) is str) or (wanted is Decimal and type(value) in (str, int)):
        return wanted(typing.cast("str", value))
    if not isinstance(value, wanted) or (wanted is date and isinstance(value, datetime)):
        raise TypeError
    return str.__str__(value) if isinstance(value, str) else value


def _parse_bool(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError


def _literal(options: tuple[object, ...]) -> Kind:
    def check(value: object) -> object:
        for option in options:
            if type(option) is type(value) and option == value:
                return option
        raise ValueError

    def parse(text: str) -> object:
        return check(next((option for option in options if str(option) == text), MISSING))

    return Kind(f"one of {', '.join(map(str, options))}", check, parse)


def _enum(wanted: type[Enum]) -> Kind:
    def check(value: object) -> object:
        return value if isinstance(value, wanted) else parse(typing.cast("str", value))

    def parse(text: str) -> object:
        for member in wanted:
            if text in (member.name, member.value) or text == str(member.value):
                return member
        raise ValueError

    return Kind(f"one of {', '.join(member.name for member in wanted)}", check, parse)


def _optional(arguments: tuple[object, ...]) -> Kind:
    rest = [argument for argument in arguments if argument is not type(None)]
    if len(rest) != 1 or len(rest) == len(arguments):
        raise TypeError(f"a union is no type for a parameter, unless with None; these are: {_SUPPORTED}")
    inner = kind_of(rest[0])
    return Kind(
        f"{inner.label}, or none",
        lambda value: None if value is None else inner.check(value),
        lambda text: None if text.lower() == "none" else inner.parse(text),
    )


def _list(inner: Kind) -> Kind:
    def check(value: object) -> object:
        if not isinstance(value, list | tuple):
            raise TypeError
        return tuple(inner.check(item) for item in value)

    def parse(text: str) -> object:
        return tuple(inner.parse(part.strip()) for part in text.split(",")) if text else ()

    return Kind(f"a list, each {inner.label} (a,b,c)", check, parse)


def _type_name(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
