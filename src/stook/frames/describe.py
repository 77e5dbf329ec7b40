"""What a stored table is, and its first rows for the eye, without reading the rest."""

from __future__ import annotations

import re

import pyarrow as pa

from stook.frames.reading import iter_tables, read_schema
from stook.frames.text import plain_cells
from stook.store.codec import Source, TableShape

__all__ = ["describe", "head", "type_name"]

_MANY_DIGITS, _TOO_MANY_DIGITS = 1e5, 1e15
_LETTERS = 40
_DICTIONARY = re.compile(r"dictionary<values=(.*?), indices=\w+, ordered=\d>")


def describe(source: Source) -> TableShape:
    """Return columns and rows from the footer. Raises IntegrityError, FormatError."""
    layout, schema = read_schema(source)
    return TableShape(tuple((field.name, type_name(field.type)) for field in schema), layout.rows)


def head(source: Source, rows: int) -> tuple[TableShape, list[list[str]]]:
    """Return the shape, and of each column the first rows as text for the eye. Raises IntegrityError, FormatError."""
    shape = describe(source)
    first = next(iter_tables(source, max(rows, 1))).slice(0, rows)
    return shape, [[_cell(value) for value in plain_cells(column)] for column in first.columns]


def type_name(kind: pa.DataType) -> str:
    """Return what people call a type: text is a string however large, a dictionary is a category."""
    return _DICTIONARY.sub(r"category<\1>", str(kind).replace("large_", "").replace("_view", ""))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return _float_text(value)
    text = "" if value is None else str(value).replace("\n", "⏎")
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"


def _float_text(value: float) -> str:
    """Return a number for the eye: six digits, or more where they stand before the point."""
    return f"{value:.1f}" if _MANY_DIGITS <= abs(value) < _TOO_MANY_DIGITS else f"{value:.6g}"
