"""Options that many commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from stook.errors import InputError

if TYPE_CHECKING:
    from stook.store import Store

__all__ = ["context_option", "json_option", "open_home", "parse_pairs"]

_F = TypeVar("_F", bound=Callable[..., object])


def context_option(function: _F) -> _F:
    """Add `--context`."""
    return click.option("--context", metavar="NAME", help="The line of bundles; the workspace's by default.")(
        function
    )


def json_option(function: _F) -> _F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def open_home(context: str | None) -> Store:
    """Open the home store in a context."""
    from stook.store import open_store

    return open_store(context=context)


def parse_pairs(pairs: Sequence[str], separator: str, what: str) -> dict[str, str]:
    """Read `key<separator>value` words; a value may hold the separator.

    Raises:
        InputError: A word has no separator.
    """
    parsed = {}
    for pair in pairs:
        key, found, value = pair.partition(separator)
        if not found or not key:
            raise InputError(
                f"{pair!r} is no {what}", kind="bad-option", hint=f"write it as name{separator}value"
            )
        parsed[key] = value
    return parsed
