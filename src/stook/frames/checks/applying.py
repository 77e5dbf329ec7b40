"""Holds data to its checks: at once where all of it is there, and as it passes where it is a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import pyarrow as pa

from stook.errors import InputError
from stook.frames.checks.definitions import Check, Satisfies
from stook.frames.checks.failures import Failure
from stook.frames.checks.judging import Judge, judge
from stook.frames.checks.parts import Rows, Whole, is_frame, is_stream, one_row, sliced, take_whole
from stook.frames.checks.selecting import Place, put, select
from stook.frames.checks.verdicts import row_verdicts

__all__ = ["Watched", "apply", "watch"]

Calling = Callable[[], AbstractContextManager[object]]


def apply(checks: Iterable[Check], data: Any) -> tuple[Failure, ...]:
    """Return which checks say no, in the order of the checks, and to what.

    Args:
        checks: The checks.
        data: A table of any library, a value, or dicts and lists of those.

    Raises:
        InputError: A check does not say which item it means, or what it means is a stream, which can be read only once:
            then use `watch`.
    """
    watched = watch(checks, data)
    if watched.value is not data:
        raise InputError(
            "a stream that is checked at once is gone afterwards", kind="one-pass", hint="use checks.watch"
        )
    return watched.failures()


def watch(checks: Iterable[Check], data: Any, *, calling: Calling = nullcontext) -> Watched:
    """Return data to be used in place of what is given, whose streams are checked as they are read.

    Args:
        checks: The checks.
        data: As for `apply`; a stream may be a reader of record batches or an iterator of frames.
        calling: Makes the context in which functions of checks are called while a stream is read, such as one that
            says whose error it is.

    Raises:
        InputError: A check does not say which item it means.
    """
    return Watched(tuple(checks), data, calling)


class Watched:
    """Data under watch.

    Attributes:
        value: The data, to be used instead of what was given.
    """

    def __init__(self, checks: tuple[Check, ...], data: Any, calling: Calling = nullcontext) -> None:
        self.value = data
        self._checks = checks
        self._found: dict[int, Failure] = {}
        self._items: list[_Item] = []
        places: dict[tuple[str | int, ...], tuple[Place, list[int]]] = {}
        for number, check in enumerate(checks):
            chosen = select(check, data)
            if isinstance(chosen, Failure):
                self._found[number] = chosen
            else:
                places.setdefault(chosen.path, (chosen, []))[1].append(number)
        for place, numbers in places.values():
            self._watch(place, {number: checks[number] for number in numbers}, calling)

    def failures(self) -> tuple[Failure, ...]:
        """Return which checks say no; what is left of a stream is read to its end first.

        Raises:
            InputError: A function of a check returns what is no answer.
        """
        for item in self._items:
            self._found.update(item())
        self._items = []
        return tuple(
            _placed(failure, self._checks[number]) for number, failure in sorted(self._found.items())
        )

    def _watch(self, place: Place, checks: dict[int, Check], calling: Calling) -> None:
        value = place.value
        if isinstance(value, Iterator) or is_stream(value):
            stream = _Stream({n: _called_in(calling, check) for n, check in checks.items()}, value)
            self.value = put(self.value, place.path, stream.value)
            self._items.append(stream.failures)
        elif is_frame(value):
            self._items.append(lambda: _judge_whole(checks, take_whole(value)))
        else:
            self._items.append(lambda: _judge_value(checks, value))


_Item = Callable[[], dict[int, Failure]]


class _Stream:
    """A stream that judges see as it passes; what comes out is what goes in."""

    def __init__(self, checks: dict[int, Check], value: Any) -> None:
        self._checks = checks
        self._judges: dict[int, Judge] = {}
        self._rows = 0
        if isinstance(value, Iterator) and not is_frame(value):
            self.value: Any = self._tapped(value)
            return
        reader = value if isinstance(value, pa.RecordBatchReader) else _reader(value)
        self._begin(reader.schema)
        self.value = pa.RecordBatchReader.from_batches(reader.schema, self._tapped(reader))

    def failures(self) -> dict[int, Failure]:
        for _ in self.value:
            pass
        self._begin(pa.schema([]))
        return _verdict(self._judges, self._rows)

    def _begin(self, schema: pa.Schema) -> None:
        if not self._judges:
            self._judges = {n: judge(check, schema, None) for n, check in self._checks.items()}

    def _tapped(self, parts: Iterable[Any]) -> Iterator[Any]:
        for part in parts:
            whole = take_whole(part)
            self._begin(whole.table.schema)
            for rows in sliced(whole.table, self._rows):
                _show(self._judges.values(), rows)
            self._rows += whole.table.num_rows
            yield part


def _reader(value: Any) -> pa.RecordBatchReader:
    try:
        return pa.RecordBatchReader.from_stream(value)
    except pa.ArrowInvalid as error:  # as for one column, which has no name
        raise InputError(
            f"a {type(value).__qualname__} is no table: {error}",
            kind="bad-stream",
            hint="return a table, or a list",
        ) from error


def _judge_whole(checks: dict[int, Check], whole: Whole) -> dict[int, Failure]:
    judges = {number: judge(check, whole.table.schema, whole) for number, check in checks.items()}
    for rows in sliced(whole.table, 0):
        _show(judges.values(), rows)
    return _verdict(judges, whole.table.num_rows)


def _judge_value(checks: dict[int, Check], value: object) -> dict[int, Failure]:
    """Judge what is no table: functions get it as it is, other checks a dict as a table of one row."""
    whole = one_row(value)
    tabular = {number: check for number, check in checks.items() if not isinstance(check, Satisfies)}
    found = {} if whole is None else _judge_whole(tabular, whole)
    if whole is None:
        kind = type(value).__qualname__
        found = {n: Failure(check, f"there is no table, but a {kind}") for n, check in tabular.items()}
    for number, check in checks.items():
        if isinstance(check, Satisfies) and not row_verdicts(check, check.function(value), None):
            found[number] = Failure(check, f"not so: {check.says}")
    return {n: replace(failure, offending=None, rows=0, value=value) for n, failure in found.items()}


def _show(judges: Iterable[Judge], rows: Rows) -> None:
    for each in judges:
        each.update(rows)


def _verdict(judges: dict[int, Judge], total: int) -> dict[int, Failure]:
    said = {number: each.failure(total) for number, each in judges.items()}
    return {number: failure for number, failure in said.items() if failure is not None}


def _placed(failure: Failure, check: Check) -> Failure:
    message = f"{check.item}: {failure.message}" if check.item else failure.message
    return replace(failure, check=check, message=message)


def _called_in(calling: Calling, check: Check) -> Check:
    """Return a check whose function, where it has one, is called in a context."""
    if not isinstance(check, Satisfies):
        return check
    function = check.function

    def call(data: object) -> object:
        with calling():
            return function(data)

    return replace(check, function=call)
