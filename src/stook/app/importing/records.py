"""What Disdat writes of a bundle: `UUID_hframe.pb`, and `UUID_frame.pb` for each of its columns or values.

After Disdat's own `hyperframe.proto`. Fields that are not needed here are passed over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from stook.app.importing.wire import (
    Field,
    as_double,
    as_int,
    as_ints,
    as_text,
    as_view,
    broken,
    iter_fields,
)

__all__ = [
    "Dependency",
    "Frame",
    "HyperFrame",
    "Made",
    "Presentation",
    "is_uuid",
    "load_frame",
    "load_hyperframe",
]

_UUID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_MAX_STRINGS = 50_000_000
_STRINGS = 8
_HASH_BYTES = 34  # of the last field of a frame: its number and length, and an MD5 in hex


class Presentation(IntEnum):
    """The form in which Disdat hands a bundle out."""

    BUNDLES = 0
    TABLE = 1
    SCALAR = 3
    ARRAY = 4
    ROW = 5
    JSON = 7


@dataclass(frozen=True, slots=True)
class Dependency:
    """A bundle that another was made from, by its UUID, and the argument that it was."""

    uuid: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """How a bundle came to be: Disdat's `Lineage`. Times are in seconds since the epoch."""

    created: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    code: dict[str, str] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()


@dataclass(frozen=True, slots=True)
class HyperFrame:
    """A bundle's description.

    Attributes:
        uuid: Its id.
        name: What people call it.
        processing_name: What Disdat calls all that was made in the same way.
        owner: Who made it.
        frames: Name and UUID of each of its frames, in order.
        tags: Its tags, parameters among them.
        presentation: The number of the form in which Disdat hands it out; one of `Presentation`, if it is known.
        made: How it came to be.
    """

    uuid: str
    name: str
    processing_name: str
    owner: str
    frames: tuple[tuple[str, str], ...]
    tags: dict[str, str]
    presentation: int
    made: Made


@dataclass(frozen=True, slots=True)
class Frame:
    """A column or value.

    Attributes:
        name: Its name.
        type: The number of the type of its elements.
        shape: Its dimensions.
        is_big_endian: Whether numbers in it begin with their highest byte.
        bundles: UUIDs of bundles that it consists of.
        links: What its files are called, as Disdat writes that.
        strings: Its texts.
        data: Its numbers.
    """

    name: str
    type: int
    shape: tuple[int, ...]
    is_big_endian: bool
    bundles: tuple[str, ...]
    links: tuple[str, ...]
    strings: tuple[str, ...]
    data: memoryview


def is_uuid(text: str) -> bool:
    """Tell whether a text may be the id of something in a context, and so part of a path."""
    return _UUID.fullmatch(text) is not None


def load_hyperframe(data: bytes) -> HyperFrame:
    """Read a bundle's description.

    Raises:
        IntegrityError: It is none, or an id in it could lead somewhere else.
    """
    found = _Fields(data)
    frames = tuple(_pair(each) for each in found.all(5))
    if not all(is_uuid(uuid) for _, uuid in frames):
        raise broken("an id in it is none")
    return HyperFrame(
        uuid=found.text(4),
        name=found.text(2),
        processing_name=found.text(3),
        owner=found.text(1),
        frames=frames,
        tags=dict(_pair(each) for each in found.all(7)),
        presentation=as_int(found.last(8, 0)),
        made=_made(found.last(6, memoryview(b""))),
    )


def load_frame(data: bytes) -> Frame:
    """Read a column or value.

    Raises:
        IntegrityError: It is none, or its bytes have not the digest that it says.
    """
    strings: list[str] = []
    found = _Fields(data, {_STRINGS: strings})
    _check_hash(data, found.text(10))
    return Frame(
        name=found.text(1),
        type=as_int(found.last(3, 0)),
        shape=tuple(size for each in found.all(4) for size in as_ints(each)),
        is_big_endian=as_int(found.last(5, 0)) == 0,
        bundles=tuple(_Fields(as_view(each)).text(4) for each in found.all(6)),
        links=tuple(_link(each) for each in found.all(7)),
        strings=tuple(strings),
        data=as_view(found.last(9, memoryview(b""))),
    )


class _Fields:
    """The fields of a message by their numbers.

    Args:
        message: The message.
        texts: Takes the texts of fields of which there may be very many, by their number.
    """

    def __init__(self, message: bytes | memoryview, texts: Mapping[int, list[str]] | None = None) -> None:
        self._values: dict[int, list[Field]] = {}
        texts = texts or {}
        for number, value in iter_fields(message):
            if number not in texts:
                self._values.setdefault(number, []).append(value)
                continue
            if len(texts[number]) == _MAX_STRINGS:
                raise broken(f"it has more than {_MAX_STRINGS:,} texts")
            texts[number].append(as_text(value))

    def all(self, number: int) -> Iterator[Field]:
        return iter(self._values.get(number, ()))

    def last(self, number: int, default: Field) -> Field:
        return self._values.get(number, [default])[-1]

    def text(self, number: int) -> str:
        return as_text(self.last(number, memoryview(b"")))

    def double(self, number: int) -> float:
        return as_double(self.last(number, memoryview(bytes(8))))


def _pair(value: Field) -> tuple[str, str]:
    found = _Fields(as_view(value))
    return found.text(1), found.text(2)


def _made(value: Field) -> Made:
    found = _Fields(as_view(value))
    names = {3: "repository", 4: "name", 5: "version", 6: "commit", 7: "branch", 14: "method"}
    code = {name: found.text(number) for number, name in names.items()}
    needed = [_Fields(as_view(each)) for each in found.all(11)]
    return Made(
        created=found.double(10),
        started=found.double(12),
        ended=found.double(13),
        code={name: text for name, text in code.items() if text},
        dependencies=tuple(Dependency(each.text(2), each.text(3)) for each in needed),
    )


def _link(value: Field) -> str:
    """Return what a link names: that of a local file, or of an object, or of a table in a database."""
    found = _Fields(as_view(value))
    for number in (5, 6, 7):
        for each in found.all(number):
            return _Fields(as_view(each)).text(1)
    return ""


def _check_hash(data: bytes, expected: str) -> None:
    """Compare a frame with the MD5 in it, which is of all that is before it."""
    if not expected:
        return
    before = memoryview(data)[: max(0, len(data) - _HASH_BYTES)]
    if hashlib.md5(before, usedforsecurity=False).hexdigest() != expected:
        raise broken("its bytes are not those that were written")
