"""Queries and updates, each one transaction."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stook.catalog.schema import connect
from stook.errors import StorageError
from stook.format.packs import Location, PackEntry
from stook.model.position import Position
from stook.model.record import BundleRecord, ContextRecord, DeleteRecord, Record, TagRecord

__all__ = ["Batch", "BundleRow", "Catalog"]

_FIND_AT_ONCE = 512
_FIND_CHUNKS = """
SELECT chunks.id, name, offset, stored, size, codec FROM chunks JOIN packs ON number = pack WHERE chunks.id IN
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records with their bytes, and how far the log is known once they are applied."""

    records: Sequence[tuple[Record, bytes]]
    positions: Mapping[str, Position]


@dataclass(frozen=True, slots=True)
class BundleRow:
    """A bundle's record as it was written, and its tags of today."""

    payload: bytes
    tags: dict[str, str]


class Catalog:
    """The view of one repository's log. Safe to share between threads and processes.

    Args:
        path: The database file; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()

    def positions(self) -> dict[str, Position]:
        """Return how far each writer's records are known."""
        rows = self._rows("SELECT writer, seq, offset, mark FROM positions")
        return {writer: Position(seq, offset, mark) for writer, seq, offset, mark in rows}

    def apply(self, batch: Batch) -> None:
        """Take in records; any that are known already change nothing."""
        with self._transaction() as connection:
            for record, payload in batch.records:
                _apply(connection, record, payload)
            newest = max((record.id for record, _ in batch.records), default="")
            connection.execute(
                "INSERT INTO newest VALUES (0, ?) ON CONFLICT (one) DO UPDATE SET id = max(id, excluded.id)",
                (newest,),
            )
            connection.executemany(
                "INSERT INTO positions VALUES (?, ?, ?, ?) ON CONFLICT (writer) DO UPDATE SET"
                " seq = excluded.seq, offset = excluded.offset, mark = excluded.mark"
                " WHERE (excluded.seq, excluded.offset) > (seq, offset)",
                [(writer, at.seq, at.offset, at.mark) for writer, at in batch.positions.items()],
            )

    def reset(self) -> None:
        """Forget everything; the log and the packs have it all."""
        with self._transaction() as connection:
            for table in ("positions", "newest", "contexts", "bundles", "tags", "deleted", "packs", "chunks"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants

    def find_context(self, name: str) -> str | None:
        """Return the id of the context that bears a name; the oldest where two do."""
        row = self._row("SELECT id FROM contexts WHERE name = ? ORDER BY clock, id LIMIT 1", name)
        return str(row[0]) if row else None

    def has_context(self, context: str) -> bool:
        """Tell whether there is a context of this id, under any name."""
        return self._row("SELECT 1 FROM contexts WHERE id = ?", context) is not None

    def contexts(self) -> dict[str, str]:
        """Return the names of all contexts by id."""
        return dict(self._rows("SELECT id, name FROM contexts ORDER BY name"))

    def find_bundle(self, identifier: str) -> BundleRow | None:
        """Return the bundle of an id, in any context."""
        return self._bundle("id = ?", identifier)

    def find_latest(self, context: str, name: str) -> BundleRow | None:
        """Return the newest bundle of a name."""
        return self._bundle("context = ? AND name = ?", context, name)

    def find_output(self, context: str, name: str, fingerprint: str) -> BundleRow | None:
        """Return the newest bundle of a name that has this fingerprint."""
        return self._bundle(
            "context = ? AND name = ? AND fingerprint = ? AND fingerprint <> ''", context, name, fingerprint
        )

    def find_prefix(self, context: str, name: str, prefix: str) -> list[BundleRow]:
        """Return the bundles of a name whose id begins or ends so, two at the most."""
        where = "context = ? AND name = ? AND (substr(id, 1, ?) = ? OR substr(id, -?) = ?)"
        length = len(prefix)
        return self._bundles(where, (context, name, length, prefix, length, prefix), limit=2)

    def versions(self, context: str, name: str) -> list[BundleRow]:
        """Return every bundle of a name, newest first."""
        return self._bundles("context = ? AND name = ?", (context, name))

    def latest(self, context: str) -> list[BundleRow]:
        """Return the newest bundle of each name, by name."""
        newest = (
            "id IN (SELECT max(id) FROM bundles WHERE context = ?"
            " AND id NOT IN (SELECT bundle FROM deleted) GROUP BY name)"
        )
        return self._bundles(newest, (context,), order="name")

    def names(self, context: str) -> list[str]:
        """Return the names of bundles, sorted."""
        return [
            row[0]
            for row in self._rows(
                "SELECT DISTINCT name FROM bundles WHERE context = ? AND id NOT IN (SELECT bundle FROM deleted)"
                " ORDER BY name",
                context,
            )
        ]

    def find_newest_id(self) -> str | None:
        """Return the highest id of any record there is or was."""
        row = self._row("SELECT id FROM newest")
        return str(row[0]) if row and row[0] else None

    def add(self, pack: str, entries: Sequence[PackEntry]) -> None:
        """Learn where the chunks of a pack are. Part of `ChunkIndex`."""
        with self._transaction() as connection:
            cursor = connection.execute("INSERT OR IGNORE INTO packs (name) VALUES (?)", (pack,))
            if cursor.rowcount:
                number = cursor.lastrowid
                connection.executemany(
                    "INSERT OR IGNORE INTO chunks VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        (e.id, number, e.offset, e.stored, e.size, e.codec)
                        for e in sorted(entries, key=_by_id)
                    ],
                )

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """Return where chunks are; those unknown are left out. Part of `ChunkIndex`."""
        found: dict[bytes, Location] = {}
        for start in range(0, len(ids), _FIND_AT_ONCE):
            some = ids[start : start + _FIND_AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._rows(f"{_FIND_CHUNKS} ({marks})", *some)
            found.update((row[0], Location(*row[1:])) for row in rows)
        return found

    def unknown_packs(self, names: Iterable[str]) -> list[str]:
        """Return those of some packs whose chunks are not known yet."""
        return [name for name in names if self._row("SELECT 1 FROM packs WHERE name = ?", name) is None]

    def forget_pack(self, name: str) -> None:
        """Forget where the chunks of a pack are, because it is not there any more."""
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM chunks WHERE pack = (SELECT number FROM packs WHERE name = ?)", (name,)
            )
            connection.execute("DELETE FROM packs WHERE name = ?", (name,))

    def _bundle(self, where: str, *values: object) -> BundleRow | None:
        rows = self._bundles(where, values, limit=1)
        return rows[0] if rows else None

    def _bundles(
        self, where: str, values: Sequence[object], *, order: str = "id DESC", limit: int = -1
    ) -> list[BundleRow]:
        with self._lock:
            rows = self._rows(
                f"SELECT id, record FROM bundles WHERE {where}"  # noqa: S608 - constants of this class only
                f" AND id NOT IN (SELECT bundle FROM deleted) ORDER BY {order} LIMIT ?",
                *values,
                limit,
            )
            return [BundleRow(record, self._tags(identifier)) for identifier, record in rows]

    def _tags(self, identifier: str) -> dict[str, str]:
        rows = self._rows(
            "SELECT key, value FROM tags WHERE bundle = ? AND value IS NOT NULL ORDER BY key", identifier
        )
        return dict(rows)

    def _row(self, sql: str, *values: object) -> tuple[object, ...] | None:
        rows = self._rows(sql, *values)
        return rows[0] if rows else None

    def _rows(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock, _translated():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _apply(connection: sqlite3.Connection, record: Record, payload: bytes) -> None:
    match record:
        case BundleRecord():
            connection.execute(
                "INSERT OR IGNORE INTO bundles VALUES (?, ?, ?, ?, ?, ?)",
                (record.id, record.context, record.name, record.digest, record.fingerprint, payload),
            )
            _apply_tags(connection, record.id, dict(record.tags), record.id)
        case ContextRecord():
            connection.execute(
                "INSERT INTO contexts VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " name = excluded.name, clock = excluded.clock WHERE excluded.clock > clock",
                (record.context, record.name, record.id),
            )
        case TagRecord():
            _apply_tags(connection, record.bundle, record.tags, record.id)
        case DeleteRecord():
            connection.execute("INSERT OR IGNORE INTO deleted VALUES (?)", (record.bundle,))


def _apply_tags(
    connection: sqlite3.Connection, bundle: str, tags: Mapping[str, str | None], clock: str
) -> None:
    connection.executemany(
        "INSERT INTO tags VALUES (?, ?, ?, ?) ON CONFLICT (bundle, key) DO UPDATE SET"
        " value = excluded.value, clock = excluded.clock WHERE excluded.clock > clock",
        [(bundle, key, value, clock) for key, value in tags.items()],
    )


def _by_id(entry: PackEntry) -> bytes:
    return entry.id


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            f"the catalog failed: {error}",
            kind="catalog-failed",
            hint="see that the cache folder has room and can be written to; removing it loses nothing",
        ) from error
