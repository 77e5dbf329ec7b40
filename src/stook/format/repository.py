"""`stook.json`: which format a repository has, what a reader must know of, and the repository's id."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from stook.errors import FormatError, InputError

__all__ = ["FORMAT", "KEY", "Identity", "dump", "load", "new"]

FORMAT = 1
KEY = "stook.json"
_READABLE = frozenset({1})
_FEATURES: frozenset[str] = frozenset()
_MAX_BYTES = 64 * 1024
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_T = TypeVar("_T")


class Identity(msgspec.Struct, frozen=True):
    """What `stook.json` says.

    Attributes:
        format: Number of the format.
        id: The repository's id, 32 hex digits.
        required_features: What a reader must know of beyond the format's number.
    """

    format: int
    id: str
    required_features: tuple[str, ...] = ()


class _Version(msgspec.Struct):
    format: int


def new(repository_id: str) -> Identity:
    """Return the identity of a new repository.

    Raises:
        InputError: The id is not 32 lower-case hex digits.
    """
    if not _ID.fullmatch(repository_id):
        raise InputError(
            f"{repository_id!r:.80} is no id of a repository", kind="bad-id", hint="give 32 hex digits"
        )
    return Identity(FORMAT, repository_id)


def dump(identity: Identity) -> bytes:
    """Return the bytes of `stook.json`."""
    return msgspec.json.format(msgspec.json.encode(identity), indent=2) + b"\n"


def load(data: bytes) -> Identity:
    """Read `stook.json`.

    Raises:
        FormatError: It is not one, or of a format or with a feature that this version does not know.
    """
    if len(data) > _MAX_BYTES:
        raise _unreadable("it is too large")
    number = _decode(data, _Version).format
    if number not in _READABLE:
        raise FormatError(
            f"the repository has format {number}; this version of stook reads {max(_READABLE)}",
            kind="unknown-format",
            hint="pip install --upgrade stook",
            format=number,
        )
    identity = _decode(data, Identity)
    if not _ID.fullmatch(identity.id):
        raise _unreadable("its id is not 32 hex digits")
    unknown = sorted(set(identity.required_features) - _FEATURES)
    if unknown:
        raise FormatError(
            f"the repository needs what this version of stook does not know: {', '.join(unknown)!r:.200}",
            kind="unknown-feature",
            hint="pip install --upgrade stook",
            features=unknown,
        )
    return identity


def _decode(data: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(str(error)) from error


def _unreadable(problem: str) -> FormatError:
    return FormatError(
        f"stook.json cannot be read: {problem}",
        kind="bad-repository",
        hint="point at a store's folder or bucket prefix, or restore stook.json from another copy",
    )
