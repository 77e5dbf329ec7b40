"""One byte string for each distinct plain value, and digests over such bytes.

The encoding is typed and length-prefixed, so that two values have the same bytes only where they have the same type and
content: `1`, `1.0` and `True` differ, and so do `0.0` and `-0.0`. The order of a dict or set does not count. All NaNs
are one. Section "Canonical encoding" of the format's specification is normative.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import struct
import uuid
from collections.abc import Callable, Iterable

from blake3 import blake3

from stook.errors import InputError
from stook.format.limits import MAX_DEPTH

__all__ = ["PLAIN_TYPES", "Digest", "decimal_text", "digest", "encode"]

_NAN = bytes.fromhex("7ff8000000000000")
_FLOAT = struct.Struct(">d").pack
_LENGTH = struct.Struct("<Q").pack
_THREE = struct.Struct("<qqq").pack
_DECIMALS = decimal.Context(capitals=1)


def digest(context: str, *parts: bytes | bytearray | memoryview) -> str:
    """Return the hex BLAKE3 of some parts, apart from every other use of the hash.

    Args:
        context: What is digested, such as `"stook v1 value"`; BLAKE3's key derivation context.
        parts: Byte strings; each is preceded by its length, so that moving a boundary changes the digest.
    """
    hasher = blake3(derive_key_context=context)
    for part in parts:
        view = memoryview(part)
        hasher.update(_LENGTH(view.nbytes))
        hasher.update(view)
    return hasher.hexdigest()


class Digest:
    """The same digest of parts that come one after another, and need not be in memory whole.

    Args:
        context: As for `digest`.
    """

    def __init__(self, context: str) -> None:
        self._hasher = blake3(derive_key_context=context)

    def add(self, part: bytes | bytearray | memoryview) -> None:
        """Take the next part."""
        self.add_pieces(memoryview(part).nbytes, [part])

    def add_pieces(self, size: int, pieces: Iterable[bytes | bytearray | memoryview]) -> None:
        """Take the next part, of `size` bytes, in pieces. Raises ValueError where it has another size."""
        self._hasher.update(_LENGTH(size))
        taken = 0
        for piece in pieces:
            taken += memoryview(piece).nbytes
            self._hasher.update(piece)
        if taken != size:
            raise ValueError(f"{taken} bytes came, and not {size}")

    def hexdigest(self) -> str:
        """Return the hex digest of all parts."""
        return self._hasher.hexdigest()


def encode(value: object) -> bytes:
    """Return the canonical bytes of a plain value.

    Raises:
        InputError: It is, or holds, something that is not plain, is nested too deeply, or is text that is not Unicode.
    """
    try:
        return _encode(value, 0)
    except UnicodeEncodeError as error:
        raise InputError(
            f"the text {error.object!r:.80} is not valid Unicode",
            kind="bad-text",
            hint="decode it with errors='replace', or keep it as bytes",
        ) from error


def decimal_text(value: decimal.Decimal) -> str:
    """Return a Decimal's text, whatever the caller's decimal context is."""
    return _DECIMALS.to_sci_string(value)


def _encode(value: object, depth: int) -> bytes:
    encoder = _ENCODERS.get(type(value))
    if encoder is not None:
        return encoder(value)
    container = _CONTAINERS.get(type(value))
    if container is None:
        raise InputError(
            f"a {type(value).__module__}.{type(value).__qualname__} is not a plain value",
            kind="not-plain",
            hint="convert it to a plain type first, such as int(x), float(x), str(x) or dict(x)",
        )
    if depth >= MAX_DEPTH:
        raise InputError(
            f"the value is nested more than {MAX_DEPTH} levels deep, or holds itself",
            kind="too-deep",
            hint="flatten it, or keep it as a file",
        )
    return container(value, depth + 1)


def _int(value: int) -> bytes:
    size = (value.bit_length() + 8) // 8
    return b"i" + _LENGTH(size) + value.to_bytes(size, "big", signed=True)


def _double(value: float) -> bytes:
    return _NAN if math.isnan(value) else _FLOAT(value)


def _float(value: float) -> bytes:
    return b"d" + _double(value)


def _complex(value: complex) -> bytes:
    return b"c" + _double(value.real) + _double(value.imag)


def _str(value: str) -> bytes:
    data = value.encode()
    return b"s" + _LENGTH(len(data)) + data


def _bytes(value: bytes) -> bytes:
    return b"b" + _LENGTH(len(value)) + value


def _decimal(value: decimal.Decimal) -> bytes:
    return b"D" + _str(decimal_text(value))


def _datetime(value: dt.datetime) -> bytes:
    return b"w" + _str(value.replace(tzinfo=None).isoformat()) + _zone(value)


def _time(value: dt.time) -> bytes:
    return b"h" + _str(value.replace(tzinfo=None).isoformat()) + _zone(value)


def _zone(value: dt.datetime | dt.time) -> bytes:
    zone = value.tzinfo
    fold = b"\x01" if value.fold else b"\x00"
    if zone is None:
        return fold + b"N"
    if type(zone) is dt.timezone:
        return fold + _timedelta(zone.utcoffset(None))
    from zoneinfo import ZoneInfo  # takes long, and few values have a zone

    if type(zone) is ZoneInfo and zone.key:
        return fold + _str(zone.key)
    raise InputError(
        f"the time zone {zone!r} of type {type(zone).__module__}.{type(zone).__qualname__} cannot be kept",
        kind="bad-zone",
        hint="use zoneinfo.ZoneInfo('Area/City') or datetime.timezone",
    )


def _date(value: dt.date) -> bytes:
    return b"y" + _str(value.isoformat())


def _timedelta(value: dt.timedelta) -> bytes:
    return b"e" + _THREE(value.days, value.seconds, value.microseconds)


def _list(value: list[object], depth: int) -> bytes:
    return b"l" + _LENGTH(len(value)) + b"".join([_encode(item, depth) for item in value])


def _tuple(value: tuple[object, ...], depth: int) -> bytes:
    return b"t" + _LENGTH(len(value)) + b"".join([_encode(item, depth) for item in value])


def _set(value: set[object], depth: int) -> bytes:
    return b"S" + _LENGTH(len(value)) + b"".join(sorted([_encode(item, depth) for item in value]))


def _frozenset(value: frozenset[object], depth: int) -> bytes:
    return b"F" + _LENGTH(len(value)) + b"".join(sorted([_encode(item, depth) for item in value]))


def _dict(value: dict[object, object], depth: int) -> bytes:
    entries = sorted([(_encode(key, depth), _encode(item, depth)) for key, item in value.items()])
    return b"m" + _LENGTH(len(value)) + b"".join([part for entry in entries for part in entry])


_ENCODERS: dict[type, Callable[..., bytes]] = {
    type(None): lambda _: b"N",
    bool: lambda value: b"1" if value else b"0",
    int: _int,
    float: _float,
    complex: _complex,
    str: _str,
    bytes: _bytes,
    decimal.Decimal: _decimal,
    dt.datetime: _datetime,
    dt.date: _date,
    dt.time: _time,
    dt.timedelta: _timedelta,
    uuid.UUID: lambda value: b"u" + value.bytes,
}
_CONTAINERS: dict[type, Callable[..., bytes]] = {
    list: _list,
    tuple: _tuple,
    set: _set,
    frozenset: _frozenset,
    dict: _dict,
}

PLAIN_TYPES = frozenset(_ENCODERS) | frozenset(_CONTAINERS)
"""The exact types that are plain; a subclass of one, such as `numpy.float64`, is not."""
