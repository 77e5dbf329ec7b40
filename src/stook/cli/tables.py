"""Long tables and long JSON, printed while they are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeVar

import click

from stook.cli.asked_json import note_printed
from stook.cli.output import as_json, padded, text_width
from stook.model.visible import visible

__all__ = ["stream_json", "stream_table"]

_PAGE = 2_000
_T = TypeVar("_T")


def stream_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bool:
    """Print aligned columns and tell whether there was a row; without one nothing is printed.

    A page at a time is held. Where a later page has longer cells, its columns are wider.
    """
    widths = [len(title) for title in header]
    lines: Iterable[Sequence[str]] = [header]
    is_empty = True
    for page in _pages(rows):
        cells = [[cell if cell.isprintable() else visible(cell) for cell in row] for row in page]
        widths = [
            max(width, *map(text_width, column))
            for width, column in zip(widths, zip(*cells, strict=True), strict=True)
        ]
        click.echo("\n".join("  ".join(map(padded, row, widths)).rstrip() for row in chain(lines, cells)))
        lines, is_empty = [], False
    return not is_empty


def stream_json(values: Iterable[object]) -> bool:
    """Print a JSON array, one value to a line, and tell whether there was one."""
    is_first = True
    for page in _pages(values):
        note_printed()
        text = ",\n".join(as_json(value) for value in page)
        click.echo(f"[\n{text}" if is_first else f",\n{text}", nl=False)
        is_first = False
    note_printed()
    click.echo("[]" if is_first else "\n]")
    return not is_first


def _pages(rows: Iterable[_T]) -> Iterator[list[_T]]:
    source = iter(rows)
    while page := list(islice(source, _PAGE)):
        yield page
