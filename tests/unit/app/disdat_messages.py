"""Disdat's messages as bytes, for contexts that its own program would not write."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

__all__ = ["double", "field", "frame", "hyperframe", "link", "numbers", "write_bundle"]


def varint(number: int) -> bytes:
    """Return a number in the form in which messages have it."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def field(number: int, value: bytes | str | int) -> bytes:
    """Return a field: a number, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def double(number: int, value: float) -> bytes:
    """Return a field that is a double."""
    return varint(number << 3 | 1) + struct.pack("<d", value)


def pair(number: int, key: str, value: str) -> bytes:
    """Return a field that is a key and a text."""
    return field(number, field(1, key) + field(2, value))


def link(path: str) -> bytes:
    """Return a frame's field that links to a file."""
    return field(7, field(5, field(1, path)))


def numbers(data: bytes, *shape: int, type: int = 12) -> bytes:  # noqa: A002 - what it is called there
    """Return a frame's fields that are numbers, from their lowest byte on."""
    return field(3, type) + field(4, b"".join(map(varint, shape))) + field(5, 1) + field(9, data)


def frame(name: str, fields: bytes) -> bytes:
    """Return a frame with its hash."""
    message = field(1, name) + fields
    return message + field(10, hashlib.md5(message).hexdigest())  # noqa: S324 - as Disdat does


def hyperframe(
    uuid: str,
    name: str,
    *frames: tuple[str, str],
    presentation: int = 3,
    created: float = 1.6e9,
    more: bytes = b"",
) -> bytes:
    """Return a bundle's description; `more` are fields of its lineage."""
    return (
        field(1, "ann")
        + field(2, name)
        + field(4, uuid)
        + b"".join(pair(5, key, value) for key, value in frames)
        + field(6, double(10, created) + more)
        + field(8, presentation)
    )


def write_bundle(context: Path, uuid: str, message: bytes, **frames: bytes) -> Path:
    """Write a bundle and its frames by their ids into a context; return its folder."""
    folder = context / "objects" / uuid
    folder.mkdir(parents=True)
    (folder / f"{uuid}_hframe.pb").write_bytes(message)
    for each, data in frames.items():
        (folder / f"{each}_frame.pb").write_bytes(data)
    return folder
