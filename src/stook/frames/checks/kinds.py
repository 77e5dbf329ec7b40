"""How people spell the types of columns, and the logical types that a spelling stands for.

Patterns are beginnings of what `stook.frames.logical.logical_type` returns: `("int", 64)` is one type, `("int",)` are
all whole numbers with a sign.
"""

from __future__ import annotations

import difflib
import re

from stook.errors import InputError

__all__ = ["check_kind", "is_kind"]

_Pattern = tuple[object, ...]

_INTEGERS: tuple[_Pattern, ...] = (("int",), ("uint",))
_FLOATS: tuple[_Pattern, ...] = (("float",),)
_TEXTS: tuple[_Pattern, ...] = (("string",),)
_TIMES: tuple[_Pattern, ...] = (("date",), ("time",), ("timestamp",))
_WIDTHS = (8, 16, 32, 64)

_PLAIN: dict[str, tuple[_Pattern, ...]] = {
    "integer": _INTEGERS,
    "int": _INTEGERS,
    "number": (*_INTEGERS, *_FLOATS, ("decimal",)),
    "float": _FLOATS,
    "text": (*_TEXTS, ("category", False, ["string"]), ("category", True, ["string"])),
    "time": _TIMES,
    **{f"int{bits}": (("int", bits),) for bits in _WIDTHS},
    **{f"uint{bits}": (("uint", bits),) for bits in _WIDTHS},
    **{f"float{bits}": (("float", bits),) for bits in _WIDTHS[1:]},
    "halffloat": (("float", 16),),
    "double": (("float", 64),),
    "decimal": (("decimal",),),
    "bool": (("bool",),),
    "boolean": (("bool",),),
    **dict.fromkeys(("string", "large_string", "string_view", "str", "utf8"), _TEXTS),
    **dict.fromkeys(("binary", "large_binary", "binary_view", "bytes"), (("bytes",),)),
    **dict.fromkeys(("date", "date32", "date64", "date32[day]", "date64[ms]"), (("date",),)),
    **dict.fromkeys(("time32", "time64"), (("time",),)),
    **dict.fromkeys(("timestamp", "datetime", "datetime64"), (("timestamp",),)),
    **dict.fromkeys(("duration", "timedelta", "timedelta64"), (("duration",),)),
    **dict.fromkeys(("category", "categorical", "dictionary", "enum"), (("category",),)),
    "list": (("list",), ("array",)),
    "array": (("array",),),
    "struct": (("struct",),),
    "map": (("map",),),
    "null": (("null",),),
}
_WITH_UNIT = re.compile(
    r"(?P<kind>timestamp|datetime64|datetime|timedelta64|duration|timedelta)"
    r"[\[(] *(?:time_unit=)?'?(?P<unit>ns|us|μs|ms|s)'?(?P<rest>[^\])]*)[\])]"
)
_ZONE = re.compile(r", *(?:tz=|time_zone=)?'?(?P<zone>[^', ]*)'?")
_DECIMAL = re.compile(r"decimal(?:32|64|128|256)?\((?:precision=)?(\d+), *(?:scale=)?(\d+)\)")


def check_kind(column: str, spelled: object) -> None:
    """Refuse what spells no type.

    Raises:
        InputError: It does not.
    """
    if not isinstance(spelled, str) or not _patterns(spelled):
        word = str(spelled).lower()
        close = difflib.get_close_matches(word, _PLAIN, n=1)
        raise InputError(
            f"{column} is to be of type {spelled!r}, which is none",
            kind="bad-check",
            hint=f"did you mean {close[0]!r}?"
            if close
            else "spell it as Arrow, pandas or polars does, or say integer, number, text or time",
        )


def is_kind(logical: list[object], spelled: str) -> bool:
    """Tell whether a logical type is one that a spelling stands for."""
    return any(tuple(logical[: len(pattern)]) == pattern for pattern in _patterns(spelled))


def _patterns(spelled: str) -> tuple[_Pattern, ...]:
    word = " ".join(spelled.split())
    plain = _PLAIN.get(word.lower())
    if plain is not None:
        return plain
    decimal = _DECIMAL.fullmatch(word.lower())
    if decimal:
        return (("decimal", int(decimal[1]), int(decimal[2])),)
    unit = _WITH_UNIT.fullmatch(word[0].lower() + word[1:]) if word else None
    return (_timed(unit),) if unit else ()


def _timed(found: re.Match[str]) -> _Pattern:
    """Return the pattern of a type with a unit; without a zone it is one of times that have none."""
    unit = found["unit"].replace("μ", "u")
    if found["kind"] in {"duration", "timedelta", "timedelta64"}:
        return ("duration", unit)
    zone = _ZONE.fullmatch(found["rest"])
    named = zone["zone"] if zone else ""
    return ("timestamp", unit, "" if named == "None" else named)
