"""Ids alone, many at a time: by them it is told what one repository has and another has not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from stook.catalog.bundles import iter_described
from stook.catalog.rows import BundleRow
from stook.catalog.search import Filter

if TYPE_CHECKING:
    from stook.catalog.database import Database

__all__ = ["IdTable"]

_AT_ONCE = 500


class IdTable:
    """The ids of bundles, and of what is said of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def select(self, wanted: Filter, *, limit: int | None = None) -> list[str]:
        """Return the bundles that a filter lets pass, in no order; with a limit, the first ones in its order.

        Args:
            wanted: The filter.
            limit: How many at the most.
        """
        select = wanted.select()
        sql = f"SELECT bundles.id FROM {select.tables} WHERE {select.where}"  # noqa: S608
        if limit is None:
            return [row[0] for row in self._database.rows(sql, select.values)]
        rows = self._database.rows(f"{sql} ORDER BY {select.order} LIMIT ?", (*select.values, limit))
        return [row[0] for row in rows]

    def states(self, context: str) -> dict[str, bool]:
        """Return all bundles that a context has or had, and of each whether it is there; false where it was removed."""
        # Each by the index that has all of it: the table is as long as the records.
        live = self._database.rows("SELECT id FROM bundles WHERE live AND context = ?", (context,))
        removed = self._database.rows("SELECT id FROM bundles WHERE NOT live AND context = ?", (context,))
        found = dict.fromkeys((row[0] for row in live), True)
        found.update(dict.fromkeys((row[0] for row in removed), False))
        return found

    def find_states(self, bundles: Iterable[str]) -> dict[str, bool]:
        """Return the same of some bundles, in any context, also where no more is known than that one was removed."""
        found: dict[str, bool] = {}
        for some in _groups(bundles):
            for table, key in (("states", "bundle"), ("bundles", "id")):
                sql = f"SELECT {key}, live FROM {table} WHERE {key} IN ({_marks(some)})"  # noqa: S608
                found.update((identifier, bool(live)) for identifier, live in self._database.rows(sql, some))
        return found

    def find_recorded(self, bundles: Iterable[str]) -> set[str]:
        """Return those of some bundles whose records are known, removed or not."""
        return self._present("bundles", bundles)

    def iter_rows(self, bundles: Iterable[str]) -> Iterator[BundleRow]:
        """Yield those of some bundles that are there, in the order of the ids given."""
        for some in _groups(bundles):
            sql = f"SELECT id, record FROM bundles WHERE live AND id IN ({_marks(some)})"  # noqa: S608
            records = dict(self._database.rows(sql, some))
            yield from iter_described(self._database, [(one, records[one]) for one in some if one in records])

    def words(self, context: str, names: Collection[str] = ()) -> set[str]:
        """Return what was said of the bundles of a context that are there, of some names only where any are given."""
        sql = "SELECT events.id FROM bundles JOIN events ON events.bundle = bundles.id WHERE live AND context = ?"
        if not names:
            return {row[0] for row in self._database.rows(sql, (context,))}
        return {
            row[0] for name in names for row in self._database.rows(f"{sql} AND name = ?", (context, name))
        }

    def find_words(self, words: Iterable[str]) -> set[str]:
        """Return those of some words that are known."""
        return self._present("events", words)

    def subjects(self, words: Iterable[str]) -> dict[str, str]:
        """Return of which bundle each of some words speaks; those unknown are left out."""
        found: dict[str, str] = {}
        for some in _groups(words):
            sql = f"SELECT id, bundle FROM events WHERE id IN ({_marks(some)})"  # noqa: S608
            found.update(self._database.rows(sql, some))
        return found

    def iter_words(self, words: Iterable[str]) -> Iterator[bytes]:
        """Yield the records of some words, oldest first."""
        for some in _groups(sorted(words)):
            sql = f"SELECT record FROM events WHERE id IN ({_marks(some)}) ORDER BY id"  # noqa: S608
            yield from (row[0] for row in self._database.rows(sql, some))

    def _present(self, table: str, ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for some in _groups(ids):
            sql = f"SELECT id FROM {table} WHERE id IN ({_marks(some)})"  # noqa: S608
            found.update(row[0] for row in self._database.rows(sql, some))
        return found


def _groups(ids: Iterable[str]) -> Iterator[list[str]]:
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), _AT_ONCE):
        yield distinct[start : start + _AT_ONCE]


def _marks(ids: Collection[str]) -> str:
    return ",".join("?" * len(ids))
