"""A table of text ready to be set: how `templates/table.html` wants it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from stook.scoring.report.formats import short

__all__ = ["MOST_ROWS", "Cell", "Column", "Row", "Table", "code"]

MOST_ROWS = 50


@dataclass(frozen=True)
class Column:
    """The head of a column; `words` sets it to the left, figures stand to the right."""

    title: str
    words: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell; `best` marks the best figure of its column."""

    text: str | Markup
    best: bool = False


@dataclass(frozen=True)
class Row:
    """A row under its own head; `strong` sets it apart."""

    head: str
    cells: tuple[Cell, ...]
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """A table with a caption; `name` is unique in the page."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def code(text: str) -> Cell:
    """Return a cell of what a machine reads: an id, a name, a value."""
    return Cell(Markup("<code>{}</code>").format(short(text)))
