"""Tags as people type them, to give them and to ask for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from stook.errors import InputError

__all__ = ["asked_tags", "asked_tags_option", "given_tags", "put_once"]

_F = TypeVar("_F", bound=Callable[..., object])
_ANY_VALUE = "*"
_TAG = re.compile(r"([^:=]+)(?:[:=](.*))?", re.DOTALL)


def asked_tags_option(function: _F) -> _F:
    """Add `-t`, which asks for bundles that bear a tag; its words are read by `asked_tags`."""
    option = click.option(
        "-t",
        "--tag",
        "tags",
        multiple=True,
        metavar="KEY[:VALUE]",
        help="Only what bears this tag; in VALUE * stands for anything.",
    )
    return option(function)


def given_tags(words: Sequence[str]) -> dict[str, str]:
    """Read tags that a bundle is given: `key:value` or `key=value`; a value may hold either sign.

    Raises:
        InputError: A word is no tag.
    """
    tags = {}
    for word in words:
        key, value = _read(word, "KEY:VALUE")
        if value is None:
            raise _no_tag(word, "KEY:VALUE")
        tags[key] = value
    return tags


def asked_tags(words: Sequence[str]) -> dict[str, str]:
    """Read tags that are asked for: as when they are given, or `key` alone, which any value fits.

    Raises:
        InputError: A word is no tag, or two ask for different values of one.
    """
    tags: dict[str, str] = {}
    for word in words:
        key, value = _read(word, "KEY:VALUE, or KEY alone")
        put_once(tags, key, _ANY_VALUE if value is None else value)
    return tags


def put_once(asked: dict[str, str], key: str, value: str) -> None:
    """Note a value that is asked for. Raises InputError where another one is asked for already."""
    if asked.setdefault(key, value) != value:
        raise InputError(
            f"{key!r} cannot be both {asked[key]!r} and {value!r}", kind="bad-option", hint="give it once"
        )


def _read(word: str, form: str) -> tuple[str, str | None]:
    """Return the key and the value of a tag, which the first sign parts; None where there is no sign."""
    found = _TAG.fullmatch(word)
    if found is None:
        raise _no_tag(word, form)
    return found[1], found[2]


def _no_tag(word: str, form: str) -> InputError:
    return InputError(f"{word!r} is no tag", kind="bad-option", hint=f"write it as {form}")
