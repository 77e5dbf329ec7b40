"""Protocol buffers as bytes: the fields of a message, whatever they mean.

After the description of the encoding at https://protobuf.dev/programming-guides/encoding/. Nothing that a message
claims is believed: a length beyond its end is an error, and no field costs more than the bytes that it takes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from stook.errors import IntegrityError

__all__ = ["Field", "as_double", "as_int", "as_ints", "as_text", "as_view", "broken", "iter_fields"]

Field = int | memoryview
"""The value of a field: a number, or bytes, 8 of them where it is a double."""

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_WIDTHS = {_EIGHT: 8, _FOUR: 4}
_MAX_VARINT_BYTES = 10
_MAX_NUMBER = (1 << 29) - 1


def iter_fields(message: bytes | memoryview) -> Iterator[tuple[int, Field]]:
    """Yield number and value of each field of a message, in the order in which they were written.

    Raises:
        IntegrityError: It is no message, or is cut off.
    """
    view, position = memoryview(message), 0
    while position < len(view):
        tag, position = _varint(view, position)
        number, kind = tag >> 3, tag & 7
        if not 0 < number <= _MAX_NUMBER:
            raise broken("a field has no number")
        if kind == _VARINT:
            value, position = _varint(view, position)
            yield number, value
            continue
        if kind == _BYTES:
            length, position = _varint(view, position)
        elif kind in _WIDTHS:
            length = _WIDTHS[kind]
        else:
            raise broken(f"a field is of the unknown kind {kind}")
        if length > len(view) - position:
            raise broken("it ends within a field")
        yield number, view[position : position + length]
        position += length


def as_view(value: Field) -> memoryview:
    """Return the bytes of a field. Raises IntegrityError where it is a number."""
    if isinstance(value, int):
        raise broken("a number is where bytes should be")
    return value


def as_text(value: Field) -> str:
    """Return the text of a field. Raises IntegrityError where it is none."""
    try:
        return str(as_view(value), "utf-8")
    except UnicodeDecodeError as error:
        raise broken("a text in it is not valid Unicode") from error


def as_int(value: Field) -> int:
    """Return the number of a field. Raises IntegrityError where it is none."""
    if not isinstance(value, int):
        raise broken("bytes are where a number should be")
    return value


def as_ints(value: Field) -> list[int]:
    """Return the numbers of a repeated field, which come one by one or together. Raises IntegrityError."""
    if isinstance(value, int):
        return [value]
    numbers, position = [], 0
    while position < len(value):
        number, position = _varint(value, position)
        numbers.append(number)
    return numbers


def as_double(value: Field) -> float:
    """Return the double of a field. Raises IntegrityError where it is none."""
    view = as_view(value)
    if len(view) != _WIDTHS[_EIGHT]:
        raise broken("a double has not 8 bytes")
    found: float = struct.unpack("<d", view)[0]
    return found


def broken(problem: str) -> IntegrityError:
    """Return the error of a message that cannot be read."""
    return IntegrityError(
        f"it is damaged: {problem}", kind="bad-message", hint="take it from another copy of the context"
    )


def _varint(view: memoryview, position: int) -> tuple[int, int]:
    number = 0
    for count in range(_MAX_VARINT_BYTES):
        if position >= len(view):
            raise broken("it ends within a number")
        byte = view[position]
        position += 1
        number |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return number, position
    raise broken("a number in it is too long")
