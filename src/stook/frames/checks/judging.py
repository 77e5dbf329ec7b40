"""One judge for each check: sees the rows as they pass, and says in the end what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from stook.frames.checks.comparing import UnfitError, is_one_of, is_within
from stook.frames.checks.definitions import (
    Between,
    Check,
    Columns,
    Matches,
    NoNulls,
    OneOf,
    RowCount,
    Satisfies,
    Types,
    Unique,
)
from stook.frames.checks.duplicates import Duplicates
from stook.frames.checks.failures import Failure, cell_words, count_words, shown
from stook.frames.checks.offending import Offending
from stook.frames.checks.parts import Rows, Whole
from stook.frames.checks.schemas import no_column, schema_failure
from stook.frames.checks.verdicts import row_verdicts

__all__ = ["Judge", "judge"]

_MAX_LISTED = 5


class Judge(Protocol):
    """Watches over one check."""

    def update(self, rows: Rows) -> None:
        """See some more rows."""
        ...

    def failure(self, total: int) -> Failure | None:
        """Return what is wrong, now that all rows have been seen; None where nothing is."""
        ...


def judge(check: Check, schema: pa.Schema, whole: Whole | None) -> Judge:
    """Return the judge of a check.

    Args:
        check: The check.
        schema: Of the table that will pass.
        whole: The table, where all of it is there.
    """
    missing = [name for name in _columns_of(check) if name not in schema.names]
    if missing:
        return _Settled(Failure(check, no_column(missing, schema.names)))
    match check:
        case Columns() | Types():
            return _Settled(schema_failure(check, schema))
        case RowCount():
            return _Counting(check)
        case Unique():
            return Duplicates(check, whole)
        case Satisfies():
            return _Asking(check, whole)
    return _Looking(check, is_row=whole is not None and whole.is_row)


@dataclass(frozen=True, slots=True)
class _Settled:
    """What no row can change."""

    found: Failure | None

    def update(self, rows: Rows) -> None:
        pass

    def failure(self, total: int) -> Failure | None:
        return self.found


@dataclass(frozen=True, slots=True)
class _Counting:
    check: RowCount

    def update(self, rows: Rows) -> None:
        pass

    def failure(self, total: int) -> Failure | None:
        least, most = self.check.least, self.check.most
        there = f"there {'is' if total == 1 else 'are'} {total:,} row{'' if total == 1 else 's'}"
        if least is not None and total < least:
            return Failure(self.check, f"{there}, fewer than {least:,}")
        if most is not None and total > most:
            return Failure(self.check, f"{there}, more than {most:,}")
        return None


class _Looking:
    """Looks at each row by itself."""

    def __init__(self, check: Check, *, is_row: bool) -> None:
        self._check = check
        self._is_row = is_row
        self._offending = Offending()
        self._unfit = ""
        self._affected: set[str] = set()

    def update(self, rows: Rows) -> None:
        try:
            wrong = self._find(rows)
        except UnfitError as error:
            self._unfit = str(error)
        else:
            self._offending.add(rows, wrong)

    def failure(self, total: int) -> Failure | None:
        if self._unfit:
            return Failure(self._check, f"{_columns_of(self._check)[0]} {self._unfit}")
        found = self._offending
        if not found.count:
            return None
        where = f" in {count_words(found.count, total)}, such as row {found.first_number}"
        message = self._says() + ("" if self._is_row else where)
        rows = found.table()
        if not isinstance(self._check, NoNulls):
            message += f": {cell_words(rows[_columns_of(self._check)[0]], 0)}"
        return Failure(self._check, message, found.count, rows)

    def _find(self, rows: Rows) -> pa.ChunkedArray:
        """Return for each row whether it is wrong."""
        match self._check:
            case Between(name=name, low=low, high=high):
                return _not(is_within(rows.column(name), low, high))
            case OneOf(name=name, values=values):
                return _not(is_one_of(rows.column(name), values))
            case Matches(name=name, regex=regex):
                return _unmatched(rows.column(name), regex)
        names = _columns_of(self._check) or tuple(rows.table.column_names)
        masks = {name: pc.is_null(rows.column(name), nan_is_null=True) for name in names}
        self._affected.update(name for name, mask in masks.items() if pc.any(mask).as_py())
        return reduce(pc.or_, masks.values()) if masks else pa.nulls(rows.table.num_rows, pa.bool_())

    def _says(self) -> str:
        match self._check:
            case Between(name=name, low=low, high=high):
                if low is None or high is None:
                    return f"{name} is below {low}" if high is None else f"{name} is above {high}"
                return f"{name} is outside {low}…{high}"
            case OneOf(name=name, values=values):
                more = f", … ({len(values):,} in all)" if len(values) > _MAX_LISTED else ""
                return f"{name} is none of {', '.join(map(shown, values[:_MAX_LISTED]))}{more}"
            case Matches(name=name, regex=regex):
                return f"{name} does not match {shown(regex)}"
        affected = sorted(self._affected)
        return f"{', '.join(affected)} {'is' if len(affected) == 1 else 'are'} missing"


class _Asking:
    """Asks a function of the user's: once about a table that is there, of a stream about each part."""

    def __init__(self, check: Satisfies, whole: Whole | None) -> None:
        self._check = check
        self._whole = whole
        self._offending = Offending()
        self._refused = False

    def update(self, rows: Rows) -> None:
        if self._whole is None:
            self._ask(rows.table, rows)

    def failure(self, total: int) -> Failure | None:
        if self._whole is not None:
            self._ask(self._whole.value, Rows(self._whole.table, 0))
        found = self._offending
        if found.count:
            where = f"{count_words(found.count, total)}, such as row {found.first_number}"
            return Failure(self._check, f"not so: {self._check.says}, in {where}", found.count, found.table())
        return Failure(self._check, f"not so: {self._check.says}") if self._refused else None

    def _ask(self, data: object, rows: Rows) -> None:
        verdict = row_verdicts(self._check, self._check.function(data), rows.table.num_rows)
        if isinstance(verdict, bool):
            self._refused |= not verdict
        else:
            self._offending.add(rows, _not(verdict))


def _columns_of(check: Check) -> tuple[str, ...]:
    """Return the columns that there must be for a check to make sense."""
    match check:
        case Columns(names=names) | NoNulls(names=names) | Unique(names=names):
            return names
        case Types(kinds=kinds):
            return tuple(name for name, _ in kinds)
        case Between(name=name) | OneOf(name=name) | Matches(name=name):
            return (name,)
    return ()


def _unmatched(column: pa.ChunkedArray, regex: str) -> pa.ChunkedArray:
    kind = column.type
    if not (pat.is_string(kind) or pat.is_large_string(kind) or pat.is_string_view(kind)):
        raise UnfitError(f"is {kind}, which is no text to match {shown(regex)}")
    matches: Callable[[Any], Any] = re.compile(regex).fullmatch
    column = column.cast(pa.large_string())
    wrong = [text for text in column.unique().to_pylist() if text is not None and not matches(text)]
    return pc.is_in(column, value_set=pa.array(wrong, pa.large_string()))


def _not(mask: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return where a mask is false; what it does not know about passes."""
    return pc.invert(pc.fill_null(mask, fill_value=True))
