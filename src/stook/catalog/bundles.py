"""Many bundles at a time: those that a filter lets pass, whole or in a line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from stook.catalog.database import Database
from stook.catalog.rows import BundleLine, BundleRow, HeldRow
from stook.catalog.search import Filter, Selection
from stook.model.commit import Commit

__all__ = ["BundleTable", "iter_described"]

_AT_ONCE = 500
_LINE = "id, context, name, digest, task, owner, time, size"
_POINTING = b'"manifest_blob"'


class BundleTable:
    """The bundles of every context."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def iter_found(self, wanted: Filter, *, limit: int | None = None) -> Iterator[BundleRow]:
        """Yield the bundles that a filter lets pass, in its order, as they are when this is called.

        Args:
            wanted: The filter.
            limit: How many at the most.
        """
        for ids in self._iter_pages(wanted.select(), limit):
            sql = f"SELECT id, record FROM bundles WHERE id IN ({_marks(ids)})"  # noqa: S608
            records = dict(self._database.rows(sql, ids))
            present = [(identifier, records[identifier]) for identifier in ids if identifier in records]
            yield from iter_described(self._database, present)

    def iter_lines(self, wanted: Filter, *, limit: int | None = None) -> Iterator[BundleLine]:
        """Yield what a listing says of the same bundles; their records are not looked at."""
        for ids in self._iter_pages(wanted.select(), limit):
            sql = f"SELECT {_LINE} FROM bundles WHERE id IN ({_marks(ids)})"  # noqa: S608
            lines = {row[0]: row for row in self._database.rows(sql, ids)}
            words = _read_words(self._database, ids)
            for identifier in ids:
                if identifier in lines:
                    _, context, name, digest, task, owner, micros, size = lines[identifier]
                    said = words.of(identifier)
                    yield BundleLine(identifier, context, name, digest, task, owner, micros, size, *said)

    def count_versions(self, wanted: Filter) -> list[tuple[str, int]]:
        """Return the names of the bundles that a filter lets pass, sorted, and how many versions each has of them."""
        select = wanted.select()
        sql = f"SELECT bundles.name, count(*) FROM {select.tables} WHERE {select.where} GROUP BY 1 ORDER BY 1"  # noqa: S608
        return [(str(name), int(count)) for name, count in self._database.rows(sql, select.values)]

    def count_only_here(self, context: str) -> tuple[int, int]:
        """Return how many bundles of a context have no equal in another, and their bytes of content."""
        sql = (
            "SELECT count(*), coalesce(sum(size), 0) FROM bundles WHERE live AND context = ?"
            " AND digest NOT IN (SELECT digest FROM bundles WHERE live AND context <> ?)"
        )
        count, size = self._database.rows(sql, (context, context))[0]
        return int(count), int(size)

    def iter_holding(self, text: bytes, *, or_pointing: bool) -> Iterator[HeldRow]:
        """Yield the bundles in whose records a text is, newest first, removed ones too. Looks through all records.

        Args:
            text: The text.
            or_pointing: Also those whose descriptions are not in their records.
        """
        holds = "instr(record, ?) OR instr(record, ?)" if or_pointing else "instr(record, ?)"
        sought = (text, _POINTING) if or_pointing else (text,)
        rows = self._database.rows(f"SELECT id FROM bundles WHERE {holds} ORDER BY id DESC", sought)  # noqa: S608
        for (identifier,) in rows:
            sql = "SELECT id, record, live FROM bundles WHERE id = ?"
            for found, record, live in self._database.rows(sql, (identifier,)):
                yield HeldRow(next(iter_described(self._database, [(found, record)])), bool(live))

    def iter_held(self, ids: Sequence[str]) -> Iterator[HeldRow]:
        """Yield those of some bundles whose records are known, removed ones too, in no order; tags are left out."""
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            sql = f"SELECT record, live FROM bundles WHERE id IN ({_marks(some)})"  # noqa: S608
            for record, live in self._database.rows(sql, some):
                yield HeldRow(BundleRow(record, {}), bool(live))

    def made_from(self, inputs: Sequence[str], *, limit: int) -> list[str]:
        """Return the bundles that were made from some, as far as they are described, removed ones too, newest first.

        Args:
            inputs: Ids of the bundles that were used.
            limit: How many at the most for each few hundred of these.
        """
        found: dict[str, None] = {}
        for start in range(0, len(inputs), _AT_ONCE):
            some = inputs[start : start + _AT_ONCE]
            sql = (
                f"SELECT DISTINCT bundle FROM inputs WHERE input IN ({_marks(some)}) ORDER BY 1 DESC LIMIT ?"  # noqa: S608
            )
            found.update((row[0], None) for row in self._database.rows(sql, (*some, limit)))
        return sorted(found, reverse=True)

    def _iter_pages(self, select: Selection, limit: int | None) -> Iterator[list[str]]:
        """Yield ids. All are looked up at once, so that what is written meanwhile moves nothing."""
        sql = f"SELECT bundles.id FROM {select.tables} WHERE {select.where} ORDER BY {select.order} LIMIT ?"  # noqa: S608
        rows = self._database.rows(sql, (*select.values, -1 if limit is None else limit))
        for start in range(0, len(rows), _AT_ONCE):
            yield [row[0] for row in rows[start : start + _AT_ONCE]]


def iter_described(database: Database, rows: Sequence[tuple[str, bytes]]) -> Iterator[BundleRow]:
    """Yield bundles, given their ids and records, with what is said of them; some hundreds at the most."""
    words = _read_words(database, [identifier for identifier, _ in rows])
    for identifier, record in rows:
        yield BundleRow(record, *words.of(identifier))


class _Words(msgspec.Struct, frozen=True):
    tags: Mapping[str, dict[str, str]]
    commits: Mapping[str, Commit]

    def of(self, bundle: str) -> tuple[dict[str, str], Commit | None]:
        return self.tags.get(bundle, {}), self.commits.get(bundle)


def _read_words(database: Database, ids: Sequence[str]) -> _Words:
    """Read tags and commits."""
    tags: dict[str, dict[str, str]] = {}
    marks = _marks(ids)
    sql = f"SELECT bundle, key, value FROM tags WHERE bundle IN ({marks}) AND value IS NOT NULL ORDER BY key"  # noqa: S608
    for bundle, key, value in database.rows(sql, ids):
        tags.setdefault(bundle, {})[key] = value
    sql = f"SELECT bundle, message, owner, time FROM commits WHERE bundle IN ({marks})"  # noqa: S608
    commits = {row[0]: Commit(*row[1:]) for row in database.rows(sql, ids)}
    return _Words(tags, commits)


def _marks(ids: Sequence[str]) -> str:
    return ",".join("?" * len(ids))
