"""Names of bundles as people write them: `name`, `name@alias`, `name@id`."""

from __future__ import annotations

import unicodedata
from typing import Final

import msgspec

from stook.errors import InputError
from stook.model.clock import is_id

__all__ = ["FULL_ID", "Ref", "check_name", "looks_like_id", "may_be_part", "parse_ref"]

FULL_ID: Final = 26
"""Letters in a whole id."""

_LEAST_PART = 6
_MAX_NAME_BYTES = 255
_FORBIDDEN = '/\\@*?[]<>|"'


class Ref(msgspec.Struct, frozen=True):
    """A bundle asked for by name; the latest where neither id (or a prefix of one) nor alias is given."""

    name: str
    id: str = ""
    alias: str = ""

    def __str__(self) -> str:
        at = self.id or self.alias
        if not self.name:
            return at
        return f"{self.name}@{at}" if at else self.name


def parse_ref(text: str) -> Ref:
    """Read `name`, `name@alias`, `name@ID` or a bare id.

    Raises:
        InputError: It is none of these.
    """
    if is_id(text):
        return Ref(name="", id=text)
    name, separator, at = text.partition("@")
    name = check_name(name)
    if not separator:
        return Ref(name)
    if looks_like_id(at):
        return Ref(name, id=at)
    return Ref(name, alias=check_name(at))


def looks_like_id(text: str) -> bool:
    """Tell whether this may be an id, or the beginning or end of one."""
    return is_id(text) or (_LEAST_PART <= len(text) < FULL_ID and text.isupper() and text.isalnum())


def may_be_part(text: str) -> bool:
    """Tell whether this may be part of an id where no alias or name is so called: also digits alone, as in a date."""
    is_digits = text.isascii() and text.isdigit() and _LEAST_PART <= len(text) < FULL_ID
    return is_digits or looks_like_id(text)


def check_name(name: str) -> str:
    """Return the name in Unicode's NFC form, in which it is stored.

    Raises:
        InputError: It is empty, too long, or holds what a name may not.
    """
    if name.isascii() and name.isidentifier() and len(name) <= _MAX_NAME_BYTES:
        return name  # as most are, and looking at each letter takes longer
    normal = unicodedata.normalize("NFC", name)
    problem = _problem(normal)
    if problem:
        raise InputError(
            f"{name!r} is no name for a bundle or context: {problem}",
            kind="bad-name",
            hint="use letters, digits, '.', '-', '_' and spaces within, such as raw.transactions",
        )
    return normal


def _problem(name: str) -> str:
    if not name:
        return "it is empty"
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if len(encoded) > _MAX_NAME_BYTES:
        return f"it is longer than {_MAX_NAME_BYTES} bytes"
    if name != name.strip() or name.startswith((".", "-")) or name.endswith("."):
        return "it starts or ends with a space, a dot or a dash"
    for letter in name:
        if letter in _FORBIDDEN or unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            return f"it holds {letter!r}"
    return ""
