"""Columns against the values that a check names, across the types that mean the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from math import ceil, floor, isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

__all__ = ["UnfitError", "is_one_of", "is_within"]


class UnfitError(Exception):
    """A column cannot be compared with a value; the message says why, as in `is text, which …`."""


def is_within(column: pa.ChunkedArray, low: object, high: object) -> pa.ChunkedArray:
    """Tell for each value whether it is from `low` to `high`; null for null, false for NaN.

    Raises:
        UnfitError: They are not to be compared.
    """
    bounds = [(pc.greater_equal, low, ceil), (pc.less_equal, high, floor)]
    masks = [_compared(column, bound, how, whole) for how, bound, whole in bounds if bound is not None]
    return masks[0] if len(masks) == 1 else pc.and_(*masks)


def is_one_of(column: pa.ChunkedArray, values: Iterable[object]) -> pa.ChunkedArray:
    """Tell for each value whether it is one of some; null for null."""
    fitting = [found for value in values if (found := _find_equal(value, column.type)) is not None]
    column = column.cast(pa.large_string()) if _is_text(column.type) else column
    try:
        mask = pc.is_in(column, value_set=pa.array(fitting, column.type))
    except pa.ArrowNotImplementedError:  # as for lists
        mask = pa.array([cell in fitting for cell in column.to_pylist()], pa.bool_())
    return pc.if_else(pc.is_valid(column), mask, pa.scalar(None, pa.bool_()))


def _compared(
    column: pa.ChunkedArray, bound: Any, how: Callable[..., Any], whole: Callable[[Any], int]
) -> pa.ChunkedArray:
    kind = column.type
    if pat.is_integer(kind) and _is_number(bound):
        return _compared_whole(column, bound, how, whole)
    try:
        left, right = _in_common(column, bound)
        return how(left, right)
    except (pa.ArrowException, ValueError, OverflowError, TypeError, ArithmeticError) as error:
        raise UnfitError(f"is {kind}, which {bound!r} is not to be compared with") from error


def _compared_whole(
    column: pa.ChunkedArray, bound: Any, how: Callable[..., Any], whole: Callable[[Any], int]
) -> pa.ChunkedArray:
    """Compare whole numbers without turning them to floats; a bound may be outside of what the type holds."""
    kind = column.type
    if not isinstance(bound, int) and not isfinite(bound):
        return pc.if_else(pc.is_valid(column), (bound < 0) == (how is pc.greater_equal), None)
    number = whole(bound)
    signed = pat.is_signed_integer(kind)
    least, most = (
        (-(1 << kind.bit_width - 1), (1 << kind.bit_width - 1) - 1)
        if signed
        else (0, (1 << kind.bit_width) - 1)
    )
    if least <= number <= most:
        return how(column, pa.scalar(number, kind))
    return pc.if_else(pc.is_valid(column), (number < least) == (how is pc.greater_equal), None)


def _in_common(column: pa.ChunkedArray, bound: Any) -> tuple[pa.ChunkedArray, pa.Scalar]:
    kind = column.type
    if pat.is_floating(kind) and _is_number(bound):
        right = pa.scalar(float(bound), kind)
        half = pat.is_float16(kind)
        return (column.cast(pa.float32()), right.cast(pa.float32())) if half else (column, right)
    if pat.is_decimal(kind) and _is_number(bound):
        return column, pa.scalar(bound if isinstance(bound, Decimal) else Decimal(str(bound)))
    if _is_text(kind) and isinstance(bound, str):
        return column.cast(pa.large_string()), pa.scalar(bound, pa.large_string())
    if pat.is_duration(kind) and isinstance(bound, timedelta):
        return column, pa.scalar(bound, pa.duration("us"))
    if pat.is_time(kind) and isinstance(bound, clock_time):
        return column, pa.scalar(bound, pa.time64("us"))
    if pat.is_date(kind) or pat.is_timestamp(kind):
        return _times_in_common(column, _moment(bound))
    raise TypeError


def _times_in_common(column: pa.ChunkedArray, moment: date) -> tuple[pa.ChunkedArray, pa.Scalar]:
    kind = column.type
    if not isinstance(moment, datetime):
        if pat.is_timestamp(kind):
            local = pc.local_timestamp(column) if kind.tz else column
            column = pc.floor_temporal(local, unit="day")
        return column.cast(pa.date32()), pa.scalar(moment, pa.date32())
    if pat.is_date(kind):
        return column.cast(pa.timestamp("us")), pa.scalar(moment, pa.timestamp("us"))
    if (moment.tzinfo is None) != (not kind.tz):
        raise UnfitError(f"is {kind}, and of {moment} and it one has a time zone and one has not")
    if moment.tzinfo is None:
        return column, pa.scalar(moment, pa.timestamp("us"))
    return column.cast(pa.timestamp(kind.unit, "UTC")), pa.scalar(
        moment.astimezone(UTC), pa.timestamp("us", "UTC")
    )


def _moment(bound: object) -> date:
    if isinstance(bound, date):
        return bound
    if not isinstance(bound, str):
        raise TypeError
    try:
        return date.fromisoformat(bound)
    except ValueError:
        return datetime.fromisoformat(bound)


def _find_equal(value: Any, kind: pa.DataType) -> object:
    """Return what a value is in a column of a type; None where no cell can be equal to it."""
    if pat.is_boolean(kind) != isinstance(value, bool):
        return None
    if pat.is_integer(kind) and isinstance(value, float | Decimal):
        value = int(value) if isfinite(value) and value == int(value) else None
    elif pat.is_floating(kind) and _is_number(value):
        value = _as_float(value)
    elif pat.is_decimal(kind) and isinstance(value, float):
        value = Decimal(str(value))
    elif (pat.is_date(kind) or pat.is_timestamp(kind)) and isinstance(value, str | date):
        try:
            value = _moment(value)
        except ValueError:
            return None
        if pat.is_timestamp(kind) and not isinstance(value, datetime):
            value = datetime.combine(value, clock_time())
        if pat.is_timestamp(kind) and (value.tzinfo is None) != (not kind.tz):
            return None
    try:
        return None if value is None else pa.scalar(value, kind).as_py()
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return None


def _as_float(value: Any) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pat.is_string(kind) or pat.is_large_string(kind) or pat.is_string_view(kind))
