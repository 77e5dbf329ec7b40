"""Digests of the values that a notebook's variables have, by content."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from typing import Final, Protocol

from stook.errors import StookError
from stook.format import canonical
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.wanted import Requirement
from stook.pipeline.live.marks import mark

__all__ = ["Describe", "digest_value"]

_SCALARS: Final = canonical.PLAIN_TYPES - {list, tuple, set, frozenset, dict}
_SHOWN: Final = (range, slice, Fraction, types.EllipsisType, types.NotImplementedType, bytearray)
_TYPING: Final = (types.GenericAlias, types.UnionType)
_DATA: Final = frozenset({"frame", "array"})


class Describe(Protocol):
    """Gives the digest of anything; raises InputError, naming `where`, for what has none."""

    def __call__(self, value: object, where: str) -> str:  # noqa: D102
        ...


def digest_value(value: object, where: str, describe: Describe) -> str | None:
    """Return the digest of a value by its content; None where it is none of those that have content alone.

    Args:
        value: The value.
        where: What to call it in an error.
        describe: Gives the digests of its parts.
    """
    kind = type(value)
    if kind in _SCALARS:
        return _plain(value)
    for base, digest in _DIGESTS:
        if isinstance(value, base):
            return digest(value, where, describe)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((one.name, getattr(value, one.name, None)) for one in dataclasses.fields(value))
        return mark("record", describe(kind, where), items=_pairs(fields, where, describe))
    if kind.__module__ == "dataclasses":
        return mark("dataclasses", kind.__qualname__, "" if " at 0x" in repr(value) else repr(value))
    if kind.__module__ == "logging" and isinstance(name := getattr(value, "name", None), str):
        return mark("logger", name)
    if kind.__module__ in {"typing", "typing_extensions"}:
        return _typing(value, where, describe)
    return _data(value, where, describe)


def _plain(value: object) -> str | None:
    try:
        return mark("plain", canonical.encode(value).hex())
    except StookError:
        return None


def _pairs(pairs: Iterable[tuple[object, object]], where: str, describe: Describe) -> Iterable[str]:
    for key, value in pairs:
        yield describe(key, where)
        yield describe(value, f"{where}[{key!r:.40}]")


def _row(value: typing.Any, where: str, describe: Describe) -> str:
    kind = describe(type(value), where)
    if _SCALARS.issuperset(map(type, value)) and (plain := _plain(list(value))):
        return mark("row", kind, plain)
    return mark("row", kind, items=(describe(item, f"{where}[{n}]") for n, item in enumerate(value)))


def _set(value: typing.Any, where: str, describe: Describe) -> str:
    return mark("set", describe(type(value), where), items=sorted(describe(item, where) for item in value))


def _dict(value: typing.Any, where: str, describe: Describe) -> str:
    """The order of a dict counts: whoever goes through it gets things in that order."""
    factory = describe(value.default_factory, where) if isinstance(value, defaultdict) else ""
    return mark("dict", describe(type(value), where), factory, items=_pairs(value.items(), where, describe))


def _enum(value: Enum, where: str, describe: Describe) -> str:
    return mark("member", describe(type(value), where), value.name)


def _path(value: PurePath, where: str, describe: Describe) -> str:
    return mark("path", describe(type(value), where), str(value))


def _pattern(value: re.Pattern[typing.Any], where: str, describe: Describe) -> str:
    return mark("pattern", repr(value.pattern), str(value.flags))


def _shown(value: object, where: str, describe: Describe) -> str:
    return mark("shown", type(value).__qualname__, repr(value))


def _task(value: Task, where: str, describe: Describe) -> str:
    items = _pairs(vars(value).items(), f"{where} {type(value).__name__}", describe)
    return mark("task", describe(type(value), where), items=items)


def _requirement(value: Requirement, where: str, describe: Describe) -> str:
    names = [name for base in type(value).__mro__ for name in getattr(base, "__slots__", ())]
    parts = vars(value) if hasattr(value, "__dict__") else {}
    known = {**parts, **{name: getattr(value, name) for name in names if hasattr(value, name)}}
    known.pop("__weakref__", None)
    known.pop("__dict__", None)
    return mark("requirement", type(value).__qualname__, items=_pairs(known.items(), where, describe))


def _typing(value: object, where: str, describe: Describe) -> str:
    """What annotations are made of: `list[Day]`, `Literal["a"]`, a type variable."""
    origin = typing.get_origin(value)
    if origin is None:
        return mark("typing", repr(value))
    items = [describe(item, where) for item in typing.get_args(value)]
    return mark("typing", repr(type(value)), str(getattr(origin, "__qualname__", origin)), items=items)


def _data(value: object, where: str, describe: Describe) -> str | None:
    """Return the digest of a table or an array, as it would be in a bundle."""
    from stook.registry import codec, find_codec_kind

    kind = find_codec_kind(value)
    if kind not in _DATA or isinstance(value, type):
        return None
    if isinstance(getattr(value, "char", None), str) and hasattr(value, "itemsize"):
        return mark("dtype", str(value))
    try:
        encoded = codec(kind).dump(value, _Nowhere())
    except StookError:
        return None
    return mark("data", describe(type(value), where), encoded.digest, repr(sorted(encoded.meta.items())))


class _Nowhere:
    """A file that nothing is kept of: a codec gives the digest of what it writes."""

    def __init__(self) -> None:
        self._size = 0

    closed = False

    def write(self, data: bytes | memoryview) -> int:
        size = memoryview(data).nbytes
        self._size += size
        return size

    def tell(self) -> int:
        return self._size

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


_DIGESTS: Final[tuple[tuple[typing.Any, Callable[[typing.Any, str, Describe], str]], ...]] = (
    (Enum, _enum),
    ((list, tuple, deque), _row),
    ((set, frozenset), _set),
    ((dict, OrderedDict, types.MappingProxyType), _dict),
    (PurePath, _path),
    (re.Pattern, _pattern),
    (_SHOWN, _shown),
    (_TYPING, _typing),
    (Task, _task),
    (Requirement, _requirement),
)
