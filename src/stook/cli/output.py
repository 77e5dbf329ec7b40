"""How things are printed: data on standard output, talk on standard error."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

__all__ = ["human_size", "print_json", "print_table", "say", "short_id"]

_KIB = 1024


def say(text: str) -> None:
    """Talk to the person."""
    click.echo(text, err=True)


def print_json(value: object) -> None:
    """Print plain JSON, one document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns; names of files and people may hold anything, so control characters are shown, not sent."""
    lines = [list(header), *([_printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(header))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def human_size(size: int) -> str:
    """Return bytes as people read them: `17 B`, `4.2 KiB`."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < _KIB:
            return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _KIB
    return f"{amount:.1f} TiB"


def short_id(identifier: str) -> str:
    """Return the end of an id: its random part, enough to tell versions apart and to type."""
    return identifier[-8:]


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
