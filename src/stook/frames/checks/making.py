"""The checks as people write them: `between("amount", 0, 100)`. Mistakes in them are found here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from stook.errors import InputError
from stook.frames.checks.definitions import (
    Between,
    Bound,
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
from stook.frames.checks.kinds import check_kind

__all__ = ["between", "columns", "matches", "no_nulls", "one_of", "rows", "satisfies", "types", "unique"]


def columns(*names: str, exact: bool = False, item: str = "") -> Check:
    """Require columns.

    Args:
        names: The columns that there must be, in whatever order.
        exact: Whether there may be no others.
        item: Path of the item that is meant.

    Raises:
        InputError: No column is named.
    """
    return Columns(_names("columns", names), exact, item=item)


def types(kinds: Mapping[str, str] | None = None, /, *, item: str = "", **by_name: str) -> Check:
    """Require columns to be of types: `types(amount="number", id="int64")`.

    A type is spelled as Arrow, pandas or polars does (`int64`, `Int64`, `datetime64[ns, UTC]`), or is a family:
    `integer`, `number`, `text` or `time`.

    Args:
        kinds: Type by column, for columns whose name Python cannot take as a keyword.
        item: Path of the item that is meant.
        by_name: Type by column.

    Raises:
        InputError: A type is none, or no column is named.
    """
    if not isinstance(kinds, Mapping | None):
        raise _bad(f"types is given {kinds!r:.80}, which names no columns", "types({'amount': 'number'})")
    given = {**(kinds or {}), **by_name}
    _names("types", given)
    for name, kind in given.items():
        check_kind(name, kind)
    return Types(tuple(given.items()), item=item)


def no_nulls(*names: str, item: str = "") -> Check:
    """Require that no cell is missing: no null, and no NaN.

    Args:
        names: The columns that are meant; all where none is named.
        item: Path of the item that is meant.
    """
    return NoNulls(_names("no_nulls", names) if names else (), item=item)


def between(column: str, low: Bound | None = None, high: Bound | None = None, *, item: str = "") -> Check:
    """Require values from `low` to `high`, both included. What is missing passes; NaN is in no range.

    Args:
        column: The column.
        low: The smallest value; None where there is none. A date may be given as text: `"2026-01-31"`.
        high: The largest value. A date means the whole day.
        item: Path of the item that is meant.

    Raises:
        InputError: There is no bound, or `low` is above `high`.
    """
    if low is None and high is None:
        raise _bad(f"between({column!r}) has no bound", "give low, high or both")
    low, high = _plain(low), _plain(high)
    for bound in (low, high):
        if bound is not None and not isinstance(bound, Bound):
            raise _bad(f"{bound!r:.80} is no bound", "give numbers, dates, times or texts")
        if isinstance(bound, float | Decimal) and "nan" in str(bound).lower():
            raise _bad(
                f"{bound} is no bound, since nothing is more or less", "leave it out, or give a number"
            )
    if low is not None and high is not None and not _in_order(low, high):
        raise _bad(f"nothing is between {low!r} and {high!r}", "give the smaller bound first")
    return Between(_name("between", column), low, high, item=item)


def one_of(column: str, values: Iterable[object], *, item: str = "") -> Check:
    """Require values to be some of those given. What is missing passes.

    Args:
        column: The column.
        values: What there may be.
        item: Path of the item that is meant.

    Raises:
        InputError: There are none.
    """
    if not isinstance(values, Iterable):
        raise _bad(f"one_of({column!r}) is given {values!r:.80}, which is no list", "give a list of values")
    if isinstance(values, str | bytes):
        raise _bad(f"one_of({column!r}) is given one text", f"give a list: one_of({column!r}, [{values!r}])")
    given = list(values)
    if isinstance(values, set | frozenset):  # which are in another order in each process
        given.sort(key=lambda value: (type(value).__qualname__, repr(value)))
    if not given:
        raise _bad(f"one_of({column!r}) allows no value", "name one value at least")
    return OneOf(_name("one_of", column), tuple(given), item=item)


def matches(column: str, regex: str, *, item: str = "") -> Check:
    """Require texts that a regular expression matches from start to end, as `re.fullmatch` does. Missing ones pass.

    Args:
        column: The column.
        regex: The expression.
        item: Path of the item that is meant.

    Raises:
        InputError: It is no regular expression.
    """
    try:
        re.compile(regex)
    except (re.error, TypeError, RecursionError) as error:
        raise _bad(f"{regex!r} is no regular expression: {error}", "see Python's module re") from None
    return Matches(_name("matches", column), regex, item=item)


def unique(*names: str, item: str = "") -> Check:
    """Require that no two rows have the same values in some columns, taken together.

    Args:
        names: The columns. A row in which one of them is missing is like no other.
        item: Path of the item that is meant.

    Raises:
        InputError: No column is named.
    """
    return Unique(_names("unique", names), item=item)


def rows(*, min: int | None = None, max: int | None = None, item: str = "") -> Check:  # noqa: A002
    """Require a number of rows.

    Args:
        min: The fewest.
        max: The most.
        item: Path of the item that is meant.

    Raises:
        InputError: There is no bound, or none that a number of rows can be within.
    """
    bounds = [bound for bound in (min, max) if bound is not None]
    if not bounds or any(type(bound) is not int or bound < 0 for bound in bounds) or bounds != sorted(bounds):
        raise _bad(
            f"rows(min={min!r}, max={max!r}) bounds no number of rows", "give whole numbers: rows(min=1)"
        )
    return RowCount(min, max, item=item)


def satisfies(function: Callable[..., object], says: str, *, item: str = "") -> Check:
    """Require what a function says of the data.

    Args:
        function: Is called with the frame as the task returned it; with each part of a stream, as an Arrow table; with
            the value, where there is no frame. It returns whether all is well, or that for each row.
        says: What holds then, for the message: `"debits and credits are equal"`.
        item: Path of the item that is meant.

    Raises:
        InputError: It cannot be called, or says nothing.
    """
    if not callable(function):
        raise _bad(f"{function!r} cannot be called", "give a function of the data")
    if not isinstance(says, str) or not says.strip():
        raise _bad("satisfies does not say what holds", "satisfies(function, 'what it says')")
    return Satisfies(function, says.strip(), item=item)


def _plain(bound: Any) -> Any:
    """Return a bound of NumPy's as Python's, which is exact and written alike everywhere."""
    return bound.item() if type(bound).__module__ == "numpy" else bound


def _in_order(low: Bound, high: Bound) -> bool:
    both_moments = isinstance(low, str | date) and isinstance(high, str | date)
    if both_moments and type(low) is not type(high):
        return True  # a date, a time of it, and its text are compared when the column is known
    try:
        return bool(low <= high)  # type: ignore[operator]
    except TypeError:
        raise _bad(f"{low!r} and {high!r} are not to be compared", "give two bounds of one type") from None


def _names(verb: str, names: Iterable[str]) -> tuple[str, ...]:
    given = tuple(names)
    for name in given:
        if not isinstance(name, str):
            raise _bad(f"{verb} is given {name!r}, which names no column", "name columns by text")
    if not given:
        raise _bad(f"{verb} names no column", "name the columns that are meant")
    return given


def _name(verb: str, name: str) -> str:
    return _names(verb, (name,))[0]


def _bad(problem: str, hint: str) -> InputError:
    return InputError(problem, kind="bad-check", hint=hint)
