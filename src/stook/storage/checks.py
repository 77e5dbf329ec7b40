"""What may be asked of a storage: one rule for keys and ranges, the same over folders, memory and buckets."""

from __future__ import annotations

import os
import unicodedata

from stook.errors import InputError, IntegrityError

__all__ = ["check_key", "check_prefix", "check_range", "check_size", "find_problem"]

# A file's name has at most 255 bytes; S3 allows keys of 1,024 bytes, and the rest is left to a prefix in the bucket.
_MAX_PART_BYTES = 255
_MAX_KEY_BYTES = 900
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Not characters in XML 1.0, in which S3 lists keys.
_FORBIDDEN = frozenset("\\\ufffe\uffff")


def check_key(key: str) -> str:
    """Return the key as it came.

    Raises:
        InputError: It is no key.
    """
    problem = find_problem(key)
    if problem:
        raise InputError(f"{key!r} is no key of a storage: {problem}", kind="bad-key", key=key)
    return key


def check_prefix(prefix: str) -> str:
    """Return a listing's prefix without the slash at its end.

    Raises:
        InputError: It is neither empty nor whole parts of a key.
    """
    bare = prefix.removesuffix("/")
    return check_key(bare) if bare or prefix else ""


def check_range(start: int, length: int) -> None:
    """Refuse a range that no object can have.

    Raises:
        InputError: The start or the length is below zero.
    """
    if start < 0 or length < 0:
        raise InputError(
            f"{length} bytes from byte {start} is no range", kind="bad-range", start=start, length=length
        )


def check_size(place: str | os.PathLike[str], size: int, limit: int) -> None:
    """Refuse an object that is larger than whoever reads it allows.

    Raises:
        IntegrityError: It is.
    """
    if size > limit:
        raise IntegrityError(
            f"{os.fspath(place)} has {size} bytes, and at most {limit} are read",
            kind="too-large",
            hint="stook verify --deep",
            size=size,
        )


def find_problem(key: str) -> str:
    """Return what keeps a text from being a key, or nothing."""
    parts = key.split("/")
    if "" in parts:
        return "it is empty, absolute, or has an empty part"
    if any(part.startswith(".") for part in parts):
        return "a part of it starts with a dot"
    if "\\" in key:
        return "it holds a backslash"
    if key.isascii() and key.isprintable():
        return _find_length_problem(len(key), max(map(len, parts)))
    for letter in key:
        if letter in _FORBIDDEN or unicodedata.category(letter) in _FORBIDDEN_CATEGORIES:
            return f"it holds {letter!r}"
    return _find_length_problem(len(key.encode()), max(len(part.encode()) for part in parts))


def _find_length_problem(key_bytes: int, part_bytes: int) -> str:
    if key_bytes > _MAX_KEY_BYTES:
        return f"it is longer than {_MAX_KEY_BYTES} bytes"
    if part_bytes > _MAX_PART_BYTES:
        return f"a part of it is longer than {_MAX_PART_BYTES} bytes"
    return ""
