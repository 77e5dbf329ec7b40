"""Which bundles a query wants, as SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, get_args

import msgspec

__all__ = ["ORDERS", "Filter", "Order", "Selection"]

Order = Literal["newest", "oldest", "name", "largest"]
ORDERS: Final = get_args(Order)

_BY: Final[Mapping[Order, str]] = {
    "newest": "bundles.id DESC",
    "oldest": "bundles.id",
    "name": "bundles.name, bundles.id DESC",
    "largest": "bundles.size DESC, bundles.id DESC",
}
_ALL = "bundles"
# The names have their latest bundles in order: whoever wants the first few of them needs to look at no more.
_LATEST = "names CROSS JOIN bundles ON bundles.id = names.latest"
_COMMITTED = "bundles.id IN (SELECT bundle FROM commits)"
_TAGGED = "bundles.id IN (SELECT bundle FROM tags WHERE key = ? AND value IS NOT NULL AND {fits})"


class Selection(msgspec.Struct, frozen=True):
    """A part of a statement: tables, a condition on them with its values, and an order."""

    tables: str
    where: str
    values: tuple[object, ...]
    order: str


class Filter(msgspec.Struct, frozen=True):
    """What bundles must be; empty fields do not count.

    In a pattern `*` stands for anything, `?` for one letter and `[ab]` for one of some; what equals it fits too.

    Attributes:
        context: Id of the context.
        name: A name; a pattern.
        tags: Tags that they bear; a value is a pattern.
        task: What made them; a pattern.
        owner: Who made them.
        since: Microseconds since the epoch; not before it.
        until: Microseconds since the epoch; before it.
        committed: Only those that are committed, or only those that are not.
        latest: Only the newest of each name.
        order: Which come first.
    """

    context: str
    name: str = ""
    tags: Mapping[str, str] = {}
    task: str = ""
    owner: str = ""
    since: int | None = None
    until: int | None = None
    committed: bool | None = None
    latest: bool = False
    order: Order = "newest"

    def select(self) -> Selection:
        """Return the part of a statement that selects them."""
        terms = list(self._terms())
        order = "names.name" if self.latest and self.order == "name" else _BY[self.order]
        return Selection(
            _LATEST if self.latest else _ALL,
            " AND ".join(term for term, _ in terms),
            tuple(value for _, values in terms for value in values),
            order,
        )

    def _terms(self) -> Iterator[tuple[str, tuple[object, ...]]]:
        table = "names" if self.latest else "bundles"
        yield "live", ()
        yield f"{table}.context = ?", (self.context,)
        if self.name:
            yield _fits(f"{table}.name", self.name)
        if self.task:
            yield _fits("task", self.task)
        if self.owner:
            yield "owner = ?", (self.owner,)
        if self.since is not None:
            yield "time >= ?", (self.since,)
        if self.until is not None:
            yield "time < ?", (self.until,)
        if self.committed is not None:
            yield (_COMMITTED if self.committed else f"NOT {_COMMITTED}"), ()
        for key, value in self.tags.items():
            fits, values = _fits("value", value)
            yield _TAGGED.format(fits=fits), (key, *values)


def _fits(column: str, pattern: str) -> tuple[str, tuple[object, ...]]:
    if not any(letter in pattern for letter in "*?["):
        return f"{column} = ?", (pattern,)
    return f"({column} GLOB ? OR {column} = ?)", (pattern.replace("[!", "[^"), pattern)
