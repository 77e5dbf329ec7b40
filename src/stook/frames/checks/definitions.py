"""What can be asked of data, as frozen values: light to make, with a repr that is the same in each process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from typing import ClassVar

from stook.errors import InputError

__all__ = [
    "Between",
    "Bound",
    "Check",
    "Columns",
    "Matches",
    "NoNulls",
    "OneOf",
    "RowCount",
    "Satisfies",
    "Types",
    "Unique",
]

Bound = int | float | Decimal | date | time | timedelta | str


@dataclass(frozen=True, repr=False)
class Check:
    """Something that data must be.

    Attributes:
        item: Path of the item that is meant, as `stook show` lists it; the only table where empty.
        verb: What the check is called.
    """

    verb: ClassVar[str] = ""
    item: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        """Refuse an item that is named by anything but a text."""
        if not isinstance(self.item, str):
            raise InputError(
                f"item={self.item!r:.80} names no item",
                kind="bad-check",
                hint="name it by text: item='train'",
            )

    def _words(self) -> list[str]:
        """Return the arguments that it was made with."""
        return []

    def __repr__(self) -> str:
        words = [*self._words(), *([f"item={self.item!r}"] if self.item else [])]
        return f"{self.verb}({', '.join(words)})"


@dataclass(frozen=True, repr=False)
class Columns(Check):
    """There are these columns; where `exact`, and no others."""

    verb = "columns"
    names: tuple[str, ...]
    exact: bool = False

    def _words(self) -> list[str]:
        return [*map(repr, self.names), *(["exact=True"] if self.exact else [])]


@dataclass(frozen=True, repr=False)
class Types(Check):
    """Columns are of certain types, each as it was spelled."""

    verb = "types"
    kinds: tuple[tuple[str, str], ...]

    def _words(self) -> list[str]:
        return [repr(dict(self.kinds))]


@dataclass(frozen=True, repr=False)
class NoNulls(Check):
    """No cell of these columns is missing; of none at all where they are empty."""

    verb = "no_nulls"
    names: tuple[str, ...]

    def _words(self) -> list[str]:
        return [*map(repr, self.names)]


@dataclass(frozen=True, repr=False)
class Between(Check):
    """The values of a column are from `low` to `high`, both included; None is no bound."""

    verb = "between"
    name: str
    low: Bound | None
    high: Bound | None

    def _words(self) -> list[str]:
        return [repr(self.name), repr(self.low), repr(self.high)]


@dataclass(frozen=True, repr=False)
class OneOf(Check):
    """The values of a column are some of these."""

    verb = "one_of"
    name: str
    values: tuple[object, ...]

    def _words(self) -> list[str]:
        return [repr(self.name), repr([*self.values])]


@dataclass(frozen=True, repr=False)
class Matches(Check):
    """The texts of a column match a regular expression from start to end."""

    verb = "matches"
    name: str
    regex: str

    def _words(self) -> list[str]:
        return [repr(self.name), repr(self.regex)]


@dataclass(frozen=True, repr=False)
class Unique(Check):
    """No two rows have the same values in these columns; rows with a missing one are like no other."""

    verb = "unique"
    names: tuple[str, ...]

    def _words(self) -> list[str]:
        return [*map(repr, self.names)]


@dataclass(frozen=True, repr=False)
class RowCount(Check):
    """There are so many rows."""

    verb = "rows"
    least: int | None
    most: int | None

    def _words(self) -> list[str]:
        bounds = {"min": self.least, "max": self.most}
        return [f"{name}={bound}" for name, bound in bounds.items() if bound is not None]


@dataclass(frozen=True, repr=False)
class Satisfies(Check):
    """A function of the data says so; its code counts as the code around it does, its name by the repr."""

    verb = "satisfies"
    function: Callable[..., object]
    says: str

    def _words(self) -> list[str]:
        name = getattr(self.function, "__qualname__", None) or type(self.function).__qualname__
        return [name, repr(self.says)]
