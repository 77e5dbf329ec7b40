"""Parameters that are one plain thing: numbers, texts, times, paths, choices, and unions of some of them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Final, cast

from stook.pipeline.authoring.parameters.kind import MISFITS, Kind, MisfitError
from stook.pipeline.authoring.parameters.parameter import MISSING

__all__ = ["SCALARS", "Choice", "Member", "Optional", "Scalar", "Union"]

SCALARS: Final[dict[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    datetime: "a time (2026-01-31T12:00:00)",
    date: "a date (2026-01-31)",
    timedelta: "a duration (1d12h, 90s)",
    Decimal: "a decimal number",
    Path: "a path",
}
_MOST_BITS: Final = 14_000
_IN_UNIONS: Final = (bool, int, float, date, datetime, timedelta, str)
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_UNITS: Final = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(-?)((?:\d+(?:\.\d+)?(?:ms|us|[wdhms]))+)")
_CLOCK = re.compile(r"(?:(-?\d+) days?, )?(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?")


class Scalar(Kind):
    """One of the types in `SCALARS`."""

    def __init__(self, wanted: type) -> None:
        self.wanted_type = wanted
        self.label = SCALARS[wanted]
        self._parse: Callable[[str], object] = {
            bool: _parse_bool,
            date: date.fromisoformat,
            datetime: datetime.fromisoformat,
            timedelta: _parse_duration,
        }.get(wanted, wanted)

    def check(self, value: object) -> object:
        """Return a value as exactly this type; subclasses, such as NumPy's floats, would be kept as another."""
        wanted = self.wanted_type
        if type(value) is wanted:
            return _checked(value)
        if type(value).__name__ in {"bool", "bool_"}:  # Python's, and NumPy's
            if wanted is not bool:
                raise TypeError
            return bool(value)
        if wanted is int:
            return _checked(operator.index(cast("int", value)))
        if wanted is float:
            return float(value if isinstance(value, float) else operator.index(cast("int", value)))
        if (wanted is Path and type(value) is str) or (wanted is Decimal and type(value) in (str, int)):
            return _checked(wanted(cast("str", value)))
        if not isinstance(value, wanted) or (wanted is date and isinstance(value, datetime)):
            raise TypeError
        return _checked(str.__str__(value) if isinstance(value, str) else value)

    def parse(self, text: str) -> object:
        """Return the value that a text means."""
        return _checked(self._parse(text))


def _checked(value: object) -> object:
    """Return a value that can be kept; text that is no Unicode, and odd time zones, cannot."""
    if type(value) is str:
        value.encode()
    elif type(value) is int:
        if value.bit_length() > _MOST_BITS:
            raise MisfitError((), value, "", "it has more than 4,000 digits, which Python does not write")
    elif isinstance(value, Path) and "\0" in str(value):
        raise ValueError
    elif isinstance(value, datetime) and value.tzinfo is not None:
        from stook.format import canonical

        canonical.encode(value)
    return value


def _parse_bool(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError


def _parse_duration(text: str) -> timedelta:
    """Read `1d12h`, `90s`, `-5m`, `250ms`, or what Python prints: `1 day, 2:00:00`."""
    units = _DURATION.fullmatch(text.replace(" ", ""))
    if units:
        total = timedelta()
        for amount, unit in re.findall(r"([\d.]+)(ms|us|[wdhms])", units[2]):
            exact = Decimal(amount)
            micros = {"ms": 1_000, "us": 1}.get(unit) or _UNITS[unit] * 1_000_000
            total += timedelta(microseconds=int(exact * micros))
        return -total if units[1] else total
    clock = _CLOCK.fullmatch(text)
    if not clock:
        raise ValueError
    days, hours, minutes, seconds, fraction = clock.groups(default="0")
    micros = int(fraction.ljust(6, "0"))
    return timedelta(int(days), int(seconds), micros, 0, int(minutes), int(hours))


class Choice(Kind):
    """One of some values, as `Literal` lists them."""

    def __init__(self, options: Sequence[object]) -> None:
        self._options = options
        self.label = f"one of {', '.join(map(str, options))}"

    def check(self, value: object) -> object:
        """Return the option that is equal and of the same type."""
        for option in self._options:
            if type(option) is type(value) and option == value:
                return option
        raise ValueError

    def parse(self, text: str) -> object:
        """Return the option that reads like this."""
        for option in self._options:
            if str(option) == text:
                return option
        raise ValueError

    def load(self, value: object) -> object:
        """Return the option; here a text is never taken for a number."""
        return self.check(value)

    def revive(self, value: object) -> object:
        """Return the option whose plain form this is; a member of an enum by its name."""
        named = [option for option in self._options if isinstance(option, Enum) and option.name == value]
        return named[0] if named else self.check(value)


class Member(Kind):
    """A member of an enum, which may be given by name or value."""

    def __init__(self, wanted: type[Enum]) -> None:
        self._wanted = wanted
        self.label = f"one of {', '.join(member.name for member in wanted)}"

    def check(self, value: object) -> object:
        """Return the member; combinations of flags are none."""
        if isinstance(value, Enum):
            if value in list(self._wanted) and type(value) is self._wanted:
                return value
            raise ValueError
        return self.parse(cast("str", value))

    def parse(self, text: str) -> object:
        """Return the member of a name, or else of a value."""
        members = list(self._wanted)
        named = [member for member in members if text == member.name]
        valued = [member for member in members if text == member.value and type(text) is type(member.value)]
        read = [member for member in members if text == str(member.value)]
        for member in [*named, *valued, *read]:
            return member
        raise ValueError

    def revive(self, value: object) -> object:
        """Return the member of a name."""
        return self._wanted[cast("str", value)]


class Optional(Kind):
    """Another kind, or None."""

    def __init__(self, inner: Kind) -> None:
        self.inner = inner
        self.label = f"{inner.label}, or none"

    def check(self, value: object) -> object:
        """Return None, or what the kind makes of the value."""
        return None if value is None else self.inner.check(value)

    def parse(self, text: str) -> object:
        """Read `none` as None."""
        return None if text.lower() == "none" else self.inner.parse(text)

    def load(self, value: object) -> object:
        """Return None, or what the kind makes of the value; TOML has no None, so there the text `none` is it."""
        return None if value is None or value == "none" else self.inner.load(value)

    def revive(self, value: object) -> object:
        """Return None, or what the kind makes of the value."""
        return None if value is None else self.inner.revive(value)

    def merge(self, base: object, parts: Mapping[str, str]) -> object:
        """Replace parts of what is there; of None, begin anew."""
        return self.inner.merge(MISSING if base is None else base, parts)


class Union(Kind):
    """One of several scalars. From Python the exact type decides, from a text the first that reads it.

    Raises:
        TypeError: A text could mean any of several of them.
    """

    def __init__(self, members: Sequence[type]) -> None:
        odd = [member for member in members if member not in _IN_UNIONS]
        if odd:
            raise TypeError(f"in a union, {odd[0].__name__} could not be told from the others")
        self._kinds: dict[type, Scalar] = {
            wanted: Scalar(wanted) for wanted in _IN_UNIONS if wanted in members
        }
        self.label = " or ".join(kind.label for kind in self._kinds.values())

    def check(self, value: object) -> object:
        """Return a value as the member of its type; else as the first that takes it."""
        exact = self._kinds.get(type(value))
        if exact:
            return exact.check(value)
        return self._first("check", value)

    def parse(self, text: str) -> object:
        """Return what the first member makes of a text; `1` is a number, and `true` alone a truth."""
        return self._first("parse", text)

    def _first(self, how: str, value: object) -> object:
        for wanted, kind in self._kinds.items():
            if how == "parse" and wanted is bool and str(value).lower() not in {"true", "false"}:
                continue
            try:
                return getattr(kind, how)(value)
            except MISFITS:
                continue
        raise ValueError
