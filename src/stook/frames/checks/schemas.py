"""Checks that the columns of a table answer, without its rows."""

from __future__ import annotations

import difflib

import pyarrow as pa

from stook.errors import InputError
from stook.frames.checks.definitions import Columns, Types
from stook.frames.checks.failures import Failure
from stook.frames.checks.kinds import is_kind
from stook.frames.logical import logical_type

__all__ = ["no_column", "schema_failure"]

_MAX_LISTED = 5


def schema_failure(check: Columns | Types, schema: pa.Schema) -> Failure | None:
    """Return what is wrong with the columns of a table; all that the check names are there."""
    if isinstance(check, Columns):
        others = [name for name in schema.names if name not in check.names] if check.exact else []
        noun = "column" if len(others) == 1 else "columns"
        return Failure(check, f"there should be no {noun} {_listed(others)}") if others else None
    wrong = []
    for name, spelled in check.kinds:
        kind = schema.field(name).type
        if not is_kind(_logical(kind, name), spelled):
            wrong.append(f"{name} is {kind}, not {spelled}")
    return Failure(check, "; ".join(wrong)) if wrong else None


def _logical(kind: pa.DataType, column: str) -> list[object]:
    try:
        return logical_type(kind, column)
    except InputError:  # a type that is not kept is none that can be asked for
        return []


def no_column(missing: list[str], names: list[str]) -> str:
    """Return the words for columns that are not there, beside those that are."""
    close = difflib.get_close_matches(missing[0], names, n=1)
    there = f"; there is {close[0]}" if close else f"; there are {_listed(names)}" if names else ""
    return f"there is no column {_listed(missing)}{there}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MAX_LISTED:,} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more
