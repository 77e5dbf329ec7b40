"""Parsed tagged JSON to plain values, trusting nothing."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import decimal
import re
import uuid
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from stook.errors import FormatError
from stook.format.limits import MAX_DEPTH

if TYPE_CHECKING:
    import zoneinfo

__all__ = ["TAGS", "untag"]

_SAFE_INT = 2**53
_MAX_COMPARED = 10**9
_MAX_PARSED_DEPTH = MAX_DEPTH + 2  # a scalar of two layers, complex(nan, 0), in the deepest container
_INT = r"-?(?:[1-9][0-9]{15,1300}|0x[1-9a-f][0-9a-f]*)"
_DECIMAL = r"-?(?:[0-9]+(?:\.[0-9]+)?(?:E[+-][0-9]{1,19})?|Infinity|s?NaN[0-9]*)"
_ZONE = r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*"
_DECIMALS = decimal.Context(traps=[decimal.InvalidOperation])
_FLOATS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def untag(parsed: object) -> object:
    """Return the plain value of parsed tagged JSON.

    Raises:
        FormatError: It is not of that form, or nested too deeply.
    """
    return _untag(parsed, 0)


def _untag(parsed: object, depth: int) -> object:
    if isinstance(parsed, (list, dict)):
        if depth > _MAX_PARSED_DEPTH:
            raise _error("it is nested too deeply")
        if isinstance(parsed, list):
            return [_untag(item, depth + 1) for item in parsed]
        if "$" in parsed:
            return _special(parsed, depth)
        return {_key(key): _untag(item, depth + 1) for key, item in parsed.items()}
    if isinstance(parsed, int) and not -_SAFE_INT < parsed < _SAFE_INT:
        raise _error("it has a bare int of 2**53 or more")
    return parsed


def _key(key: str) -> str:
    if key.startswith("$"):
        raise _error(f"it has the key {key!r:.40}")
    return key


def _special(parsed: dict[str, object], depth: int) -> object:
    name = parsed["$"]
    content = parsed.get("v")
    if not isinstance(name, str):
        raise _error("the type of a tagged value is not text")
    if name in _ZONED:
        if not parsed.keys() <= {"$", "v", "zone", "fold"}:
            raise _error(f"a {name} has unknown fields")
        return _zoned(name, parsed)
    if parsed.keys() != {"$", "v"}:
        raise _error("a tagged value has unknown fields, or lacks one")
    if name in _TEXTS and isinstance(content, str):
        return _TEXTS[name](content)
    if name in _ARRAYS and isinstance(content, list):
        return _ARRAYS[name](content, depth + 1)
    raise _error(f"it has a value of the unknown type {name!r:.40}, or a malformed one")


def _int(text: str) -> int:
    if not re.fullmatch(_INT, text, re.ASCII):
        raise _error(f"{text!r:.40} is no int")
    value = int(text, 16 if "x" in text else 10)
    if -_SAFE_INT < value < _SAFE_INT:
        raise _error(f"the small int {value} is tagged")
    return value


def _float(text: str) -> float:
    if text not in _FLOATS:
        raise _error(f"{text!r:.40} is no tagged float")
    return _FLOATS[text]


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise _error("bytes are not base64") from error


def _decimal(text: str) -> decimal.Decimal:
    if not re.fullmatch(_DECIMAL, text, re.ASCII):
        raise _error(f"{text!r:.40} is no decimal")
    try:
        return decimal.Decimal(text, _DECIMALS)
    except decimal.InvalidOperation as error:
        raise _error(f"{text!r:.40} is no decimal") from error


def _date(text: str) -> dt.date:
    try:
        value = dt.date.fromisoformat(text)
    except ValueError as error:
        raise _error(f"{text!r:.40} is no date") from error
    if value.isoformat() != text:
        raise _error(f"{text!r:.40} is no date")
    return value


def _uuid(text: str) -> uuid.UUID:
    try:
        value = uuid.UUID(text)
    except ValueError as error:
        raise _error(f"{text!r:.40} is no UUID") from error
    if str(value) != text:
        raise _error(f"{text!r:.40} is no UUID")
    return value


def _zoned(name: str, parsed: dict[str, object]) -> dt.datetime | dt.time:
    text, zone, fold = parsed.get("v"), parsed.get("zone"), parsed.get("fold", 0)
    if not isinstance(text, str) or type(fold) is not int or fold not in {0, 1}:
        raise _error(f"a {name} is malformed")
    try:
        value = _ZONED[name](text)
        plain = value.isoformat() == text
    except ValueError:
        plain = False
    if not plain or (zone is not None and value.tzinfo is not None):
        raise _error(f"{text!r:.60} is no {name}")
    return value.replace(tzinfo=value.tzinfo if zone is None else _zone(zone), fold=fold)


def _zone(key: object) -> zoneinfo.ZoneInfo:
    import zoneinfo  # takes long, and few values have a zone

    if not isinstance(key, str) or len(key) > 255 or not re.fullmatch(_ZONE, key, re.ASCII):
        raise _error(f"{key!r:.60} is no time zone")
    try:
        return zoneinfo.ZoneInfo(key)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise FormatError(
            f"the time zone {key!r} of a stored value is not known on this machine",
            kind="unknown-zone",
            hint="pip install --upgrade tzdata",
            zone=key,
        ) from error


def _list(content: list[object], depth: int) -> list[object]:
    return [_untag(item, depth) for item in content]


def _tuple(content: list[object], depth: int) -> tuple[object, ...]:
    return tuple(_list(content, depth))


def _set(content: list[object], depth: int) -> set[object]:
    try:
        items = _list(content, depth)
        _check_hashes(items)
        value = set(items)
    except TypeError as error:
        raise _error("a set holds what cannot be in one") from error
    if len(value) != len(content):
        raise _error("a set holds something twice")
    return value


def _frozenset(content: list[object], depth: int) -> frozenset[object]:
    return frozenset(_set(content, depth))


def _dict(content: list[object], depth: int) -> dict[object, object]:
    entries: list[tuple[object, object]] = []
    for entry in content:
        if not isinstance(entry, list) or len(entry) != 2:
            raise _error("an entry of a dict is not a pair")
        entries.append((_untag(entry[0], depth), _untag(entry[1], depth)))
    try:
        _check_hashes([key for key, _ in entries])
        value = dict(entries)
    except TypeError as error:
        raise _error("a dict has a key that cannot be one") from error
    if len(value) != len(content):
        raise _error("a dict has a key twice")
    return value


def _check_hashes(items: list[object]) -> None:
    """Refuse what was made to take for ever: very many different things of one hash, each compared to all others."""
    if len(items) ** 2 > _MAX_COMPARED:
        alike = Counter(map(hash, items)).values()
        if sum(count * count for count in alike) > _MAX_COMPARED:
            raise _error("too much in a set or dict has the same hash")


def _timedelta(content: list[object], depth: int) -> dt.timedelta:
    if len(content) == 3 and all(type(part) is int for part in content):
        days, seconds, micros = cast("list[int]", content)
        if abs(days) <= 999_999_999 and 0 <= seconds < 86_400 and 0 <= micros < 1_000_000:
            return dt.timedelta(days, seconds, micros)
    raise _error("a timedelta is malformed")


def _complex(content: list[object], depth: int) -> complex:
    parts = _list(content, depth)
    if len(parts) == 2 and isinstance(parts[0], float) and isinstance(parts[1], float):
        return complex(parts[0], parts[1])
    raise _error("a complex number is malformed")


def _error(problem: str) -> FormatError:
    return FormatError(
        f"a stored value cannot be read: {problem}",
        kind="bad-value",
        hint="stook verify --deep",
    )


_TEXTS: dict[str, Callable[[str], object]] = {
    "int": _int,
    "float": _float,
    "bytes": _bytes,
    "decimal": _decimal,
    "date": _date,
    "uuid": _uuid,
}
_ZONED: dict[str, Callable[[str], dt.datetime | dt.time]] = {
    "datetime": dt.datetime.fromisoformat,
    "time": dt.time.fromisoformat,
}
_ARRAYS: dict[str, Callable[[list[object], int], object]] = {
    "tuple": _tuple,
    "set": _set,
    "frozenset": _frozenset,
    "dict": _dict,
    "timedelta": _timedelta,
    "complex": _complex,
}

TAGS = frozenset(_TEXTS) | frozenset(_ARRAYS) | {"datetime", "time"}
"""The names of types that tagged JSON knows."""
