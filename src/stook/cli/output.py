"""How things are printed: data on standard output, talk on standard error."""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from stook.cli.asked_json import note_printed
from stook.model.amounts import counted, human_size
from stook.model.visible import visible

__all__ = [
    "as_json",
    "counted",
    "few",
    "human_size",
    "human_time",
    "local_time",
    "padded",
    "print_facts",
    "print_json",
    "print_table",
    "say",
    "short_id",
    "short_path",
    "shorten_ids",
    "text_width",
    "typed",
]

_MINUTE = 60
# What a terminal may obey, or shows in another order than it is written, beyond what JSON has no letter for anyway.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_ID_AFTER_AT = re.compile(r"(?<=@)[0-9A-Z]{18}(?=[0-9A-Z]{8}\b)")


def say(text: str) -> None:
    """Talk to the person; tags, files and messages of others may hold anything, so control characters are shown.

    Where nobody listens any more, or the disk of the log is full, nothing is said: the work goes on.
    """
    try:
        click.echo(visible(text, keep="\n\t"), err=True)
    except OSError:  # what tasks print would fail them too, and what is left of this the end of Python
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def print_json(value: object) -> None:
    """Print plain JSON, one document."""
    note_printed()
    click.echo(as_json(value, indent=2))


def as_json(value: object, *, indent: int | None = None) -> str:
    """Return plain JSON, in which letters that a terminal might obey are written out."""
    import json

    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if text.isascii() and "\x7f" not in text else _UNSEEN.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns; names of files and people may hold anything, so control characters are shown, not sent."""
    _print_lines([list(header), *([visible(cell) for cell in row] for row in rows)])


def print_facts(facts: Sequence[Sequence[str]]) -> None:
    """Print aligned columns that need no header."""
    _print_lines([[visible(cell) for cell in row] for row in facts])


def _print_lines(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(map(text_width, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(map(padded, line, widths)).rstrip())


def text_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: letters of East Asia take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def padded(text: str, width: int) -> str:
    """Return a text with spaces after it, so that it takes that many columns."""
    return text + " " * (width - text_width(text))


def local_time(time: datetime) -> str:
    """Return a time as all commands print it: `2026-01-31 12:00:00`, local."""
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}"


def human_time(seconds: float) -> str:
    """Return a duration as people read it: `5.2 s`, `2 min 5 s`."""
    if round(seconds, 1) < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s"


def short_path(path: Path) -> str:
    """Return a path as one would type it here: from the current folder where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def typed(path: Path) -> str:
    """Return a path as a word of a shell command."""
    return shlex.quote(short_path(path))


def shorten_ids(text: str) -> str:
    """Return a text with each `name@id` cut to the part of the id that tells versions apart."""
    return _ID_AFTER_AT.sub("", text)


def few(refs: Sequence[str], shown: int) -> str:
    """Return the first of some references, with short ids, and how many more there are."""
    more = f" and {len(refs) - shown:,} more" if len(refs) > shown else ""
    return ", ".join(map(shorten_ids, refs[:shown])) + more


def short_id(identifier: str) -> str:
    """Return the end of an id: its random part, enough to tell versions apart and to type."""
    return identifier[-8:]
