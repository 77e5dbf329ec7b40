"""Plain values and tagged JSON.

What JSON has is JSON: null, booleans, text, finite floats, ints below 2**53, arrays for lists, objects for dicts whose
keys are text not starting with "$". Everything else is `{"$": TYPE, "v": ...}`. Section "Values" of the format's
specification is normative.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import math
import uuid
from collections.abc import Callable

import msgspec

from stook.errors import FormatError, InputError
from stook.format.canonical import PLAIN_TYPES, decimal_text, encode
from stook.format.limits import MAX_DEPTH
from stook.format.tagged import TAGS, untag

__all__ = ["TAGS", "dump", "from_json", "is_plain", "load", "to_json"]

_SAFE_INT = 2**53
_DECIMAL_BITS = 4096
_CONTAINERS = (list, tuple, set, frozenset)
_decoder = msgspec.json.Decoder(strict=True)


def dump(value: object) -> bytes:
    """Return a plain value as tagged JSON.

    Raises:
        InputError: It is, or holds, something that is not plain, is nested too deeply, or is text that is not Unicode.
    """
    try:
        return msgspec.json.encode(to_json(value))
    except UnicodeEncodeError as error:
        raise InputError(
            f"the text {error.object!r:.80} is not valid Unicode",
            kind="bad-text",
            hint="decode it with errors='replace', or keep it as bytes",
        ) from error


def load(data: bytes) -> object:
    """Return the value of some tagged JSON, equal to what was dumped and of the same types.

    Raises:
        FormatError: It is not what `dump` writes.
    """
    try:
        parsed = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(
            f"a stored value is not valid JSON: {error}",
            kind="bad-value",
            hint="stook verify --deep",
        ) from error
    return untag(parsed)


def from_json(parsed: object) -> object:
    """Return the value of tagged JSON that is parsed already, such as the params of a manifest.

    Raises:
        FormatError: It is not what `to_json` returns.
    """
    return untag(parsed)


def is_plain(value: object) -> bool:
    """Tell whether a value, and all that it holds, is of exactly the types that are kept as values.

    A subclass is not plain: it would come back as something else. What is nested more deeply than `dump` takes, such
    as a list that holds itself, passes here and is refused there.
    """
    return _is_plain(value, ())


def _is_plain(value: object, within: tuple[int, ...]) -> bool:
    if type(value) not in PLAIN_TYPES:
        return False
    if not isinstance(value, (dict, *_CONTAINERS)) or len(within) > MAX_DEPTH or id(value) in within:
        return True
    inside = (*within, id(value))
    if isinstance(value, dict):
        return all(_is_plain(k, inside) and _is_plain(v, inside) for k, v in value.items())
    return all(_is_plain(item, inside) for item in value)


def to_json(value: object) -> object:
    """Return a plain value as what JSON has: None, bool, int, float, str, list, dict with text keys.

    Raises:
        InputError: It is, or holds, something that is not plain, or is nested too deeply.
    """
    return _tag(value, 0)


def _tag(value: object, depth: int) -> object:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    tagger = _SCALARS.get(kind)
    if tagger is not None:
        return tagger(value)
    container = _NESTED.get(kind)
    if container is None or depth >= MAX_DEPTH:
        encode(value)  # raises the error that says why
        raise InputError(
            f"the value is nested more than {MAX_DEPTH} levels deep", kind="too-deep", hint="flatten it"
        )
    return container(value, depth + 1)


def _int(value: int) -> object:
    if -_SAFE_INT < value < _SAFE_INT:
        return value
    return {"$": "int", "v": str(value) if value.bit_length() <= _DECIMAL_BITS else hex(value)}


def _float(value: float) -> object:
    if math.isfinite(value):
        return value
    return {"$": "float", "v": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}


def _datetime(value: dt.datetime) -> object:
    return _zoned("datetime", value)


def _time(value: dt.time) -> object:
    return _zoned("time", value)


def _zoned(name: str, value: dt.datetime | dt.time) -> object:
    encode(value)  # refuses a zone that is neither plain nor a ZoneInfo with a key
    zone = value.tzinfo
    tagged: dict[str, object] = {"$": name, "v": value.isoformat()}
    if zone is not None and type(zone) is not dt.timezone:
        tagged["v"] = value.replace(tzinfo=None).isoformat()
        tagged["zone"] = str(zone)
    if value.fold:
        tagged["fold"] = 1
    return tagged


def _list(value: list[object], depth: int) -> object:
    return [_tag(item, depth) for item in value]


def _tuple(value: tuple[object, ...], depth: int) -> object:
    return {"$": "tuple", "v": [_tag(item, depth) for item in value]}


def _set(value: set[object], depth: int) -> object:
    return {"$": "set", "v": [_tag(item, depth) for item in sorted(value, key=encode)]}


def _frozenset(value: frozenset[object], depth: int) -> object:
    return {"$": "frozenset", "v": [_tag(item, depth) for item in sorted(value, key=encode)]}


def _dict(value: dict[object, object], depth: int) -> object:
    if all(type(key) is str and not key.startswith("$") for key in value):
        return {key: _tag(item, depth) for key, item in value.items()}
    return {"$": "dict", "v": [[_tag(key, depth), _tag(item, depth)] for key, item in value.items()]}


_SCALARS: dict[type, Callable[..., object]] = {
    int: _int,
    float: _float,
    bytes: lambda value: {"$": "bytes", "v": base64.b64encode(value).decode()},
    complex: lambda value: {"$": "complex", "v": [_float(value.real), _float(value.imag)]},
    decimal.Decimal: lambda value: {"$": "decimal", "v": decimal_text(value)},
    dt.datetime: _datetime,
    dt.date: lambda value: {"$": "date", "v": value.isoformat()},
    dt.time: _time,
    dt.timedelta: lambda value: {"$": "timedelta", "v": [value.days, value.seconds, value.microseconds]},
    uuid.UUID: lambda value: {"$": "uuid", "v": str(value)},
}
_NESTED: dict[type, Callable[..., object]] = {
    list: _list,
    tuple: _tuple,
    set: _set,
    frozenset: _frozenset,
    dict: _dict,
}
