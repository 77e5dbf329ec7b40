"""Options that many commands share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import click

from stook.cli.suggesting import note_context
from stook.errors import InputError

if TYPE_CHECKING:
    from stook.store import Store

__all__ = [
    "confirm",
    "context_option",
    "duration",
    "json_option",
    "open_home",
    "parse_pairs",
]

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOST = 1e6
_F = TypeVar("_F", bound=Callable[..., object])


def context_option(function: _F) -> _F:
    """Add `--context`."""
    option = click.option(
        "--context",
        metavar="NAME",
        callback=note_context,
        help="The line of bundles; the workspace's by default.",
    )
    return option(function)


def json_option(function: _F) -> _F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def open_home(context: str | None, remote: str | None = None, *, whole: bool = False) -> Store:
    """Open the home store in a context; or a remote of that context, which is asked for what is new.

    Args:
        context: The context; the workspace's where not given.
        remote: The remote's name; empty for the usual one; None for the store here.
        whole: For commands on all of a store: also a remote that has nothing of the context.
    """
    from stook.store import open_store

    store = open_store(context=context)
    if remote is None:
        return store
    from stook.app.remoting import open_there
    from stook.cli.ctrl_c import end_soon_from_here

    end_soon_from_here()
    return open_there(store, remote, whole=whole)


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
                f"{pair!r} is no {what}", kind="bad-option", hint=f"write it as KEY{separator}VALUE"
            )
        parsed[key] = value
    return parsed


def duration(text: str) -> timedelta:
    """Read a time span: `90s`, `12h`, `30d`, `2w`. A type for options.

    Raises:
        BadParameter: It is none.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or float(match[1]) > _MOST:
        raise click.BadParameter(f"{text!r} is no time span; write 90s, 12h, 30d or 2w")
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def confirm(question: str, *, yes: bool) -> bool:
    """Ask before something is taken away, unless `--yes` was given.

    Raises:
        InputError: There is nobody to ask, and no `--yes`.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputError(
            f"nobody can be asked: {question}",
            kind="not-confirmed",
            hint="give --yes, or --dry-run only to look",
        )
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)  # what is said of it begins a line
        raise
