"""Queries and updates, each one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stook.catalog.bundles import BundleTable, iter_described
from stook.catalog.chunks import ChunkTable
from stook.catalog.database import Database
from stook.catalog.ids import IdTable
from stook.catalog.intake import take_in, take_inputs
from stook.catalog.rows import Batch, BundleRow, CheckpointRow, ContextRow, DamageRow
from stook.catalog.schema import TABLES
from stook.catalog.search import Filter
from stook.catalog.whole import Whole, read_whole
from stook.model.position import Position
from stook.model.record import Manifest

__all__ = ["Catalog"]

_AT_ONCE = 500


class Catalog:
    """The view of one repository's log. Safe to share between threads and processes.

    Args:
        path: The database file; made when it is not there.

    Attributes:
        chunks: Which pack has which chunk.
        bundles: Many bundles at a time.
        ids: Their ids alone, and those of what is said of them.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self.chunks = ChunkTable(self._database)
        self.bundles = BundleTable(self._database)
        self.ids = IdTable(self._database)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def positions(self) -> dict[str, Position]:
        """Return how far each writer's records are known."""
        rows = self._database.rows("SELECT writer, seq, offset, mark FROM positions")
        return {writer: Position(seq, offset, mark) for writer, seq, offset, mark in rows}

    def damage(self) -> list[DamageRow]:
        """Return what of the log could not be read."""
        rows = self._database.rows(
            "SELECT writer, seq, offset, problem FROM damage ORDER BY writer, seq, offset"
        )
        return [DamageRow(*row) for row in rows]

    def apply(self, batch: Batch) -> None:
        """Take in records; any that are known already change nothing."""
        with self._database.transaction() as connection:
            take_in(connection, batch)

    def reset(self) -> None:
        """Forget everything; the log and the packs have it all."""
        with self._database.transaction() as connection:
            for table in TABLES:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants

    def replace(self, batches: Iterable[Batch]) -> None:
        """Forget all but the packs and take in these records, in one step for whoever reads meanwhile."""
        with self._database.transaction() as connection:
            for table in TABLES:
                if table not in {"packs", "chunks"}:
                    connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants
            for batch in batches:
                take_in(connection, batch)

    def iter_known(self) -> Iterator[bytes]:
        """Yield the records of all bundles, removed ones too, and all that is said of them."""
        for table in ("bundles", "events"):
            after = ""
            sql = f"SELECT id, record FROM {table} WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608 - constants
            while rows := self._database.rows(sql, (after, _AT_ONCE)):
                yield from (row[1] for row in rows)
                after = rows[-1][0]

    @contextmanager
    def whole(self) -> Iterator[Whole]:
        """Hold all that is known still, so that the records and how far they are known are of one moment."""
        with self._database.transaction() as connection:
            yield read_whole(connection)

    def find_checkpoint(self) -> CheckpointRow | None:
        """Return the newest checkpoint that was noted; there may be newer ones."""
        row = self._database.find_row("SELECT id, size, supersedes FROM checkpoint")
        return CheckpointRow(row[0], row[1], msgspec.json.decode(row[2])) if row else None

    def note_checkpoint(self, found: CheckpointRow) -> None:
        """Note a checkpoint, unless a newer one is known."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO checkpoint VALUES (0, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET"
                " id = excluded.id, size = excluded.size, supersedes = excluded.supersedes WHERE excluded.id > id",
                (found.id, found.size, msgspec.json.encode(dict(found.supersedes)).decode()),
            )

    def find_newest_id(self) -> str | None:
        """Return the highest id of any record there is or was."""
        row = self._database.find_row("SELECT id FROM newest")
        return str(row[0]) if row and row[0] else None

    def find_context(self, name: str) -> str | None:
        """Return the id of the context that bears a name; the oldest where two do."""
        row = self._database.find_row(
            "SELECT id FROM contexts WHERE name = ? AND (NOT deleted OR id IN (SELECT context FROM names))"
            " ORDER BY clock, id LIMIT 1",
            (name,),
        )
        return str(row[0]) if row else None

    def find_context_name(self, context: str) -> str | None:
        """Return the name of the context of an id; None where there is none, or it was deleted and is empty."""
        row = self._database.find_row(
            "SELECT name FROM contexts WHERE id = ? AND (NOT deleted OR id IN (SELECT context FROM names))",
            (context,),
        )
        return str(row[0]) if row else None

    def find_deleted_context(self, name: str) -> str | None:
        """Return the id of the context that bore a name last and was deleted."""
        sql = "SELECT id FROM contexts WHERE name = ? AND deleted ORDER BY clock DESC LIMIT 1"
        row = self._database.find_row(sql, (name,))
        return str(row[0]) if row else None

    def has_context(self, context: str) -> bool:
        """Tell whether there is or was a context of this id, under any name."""
        return self._database.find_row("SELECT 1 FROM contexts WHERE id = ?", (context,)) is not None

    def contexts(self) -> list[ContextRow]:
        """Return all contexts that are there, by name: those deleted are there while someone's bundles are."""
        rows = self._database.rows(
            "SELECT id, contexts.name, deleted, coalesce(named, 0), coalesce(versions, 0), coalesce(bytes, 0)"
            " FROM contexts LEFT JOIN"
            " (SELECT context, count(*) AS versions, sum(size) AS bytes FROM bundles WHERE live GROUP BY context)"
            " AS held ON held.context = id LEFT JOIN"
            " (SELECT context, count(*) AS named FROM names GROUP BY context) AS known ON known.context = id"
            " WHERE NOT deleted OR versions ORDER BY contexts.name, id"
        )
        return [
            ContextRow(identifier, name, bool(deleted), names, bundles, size)
            for identifier, name, deleted, names, bundles, size in rows
        ]

    def context_names(self) -> dict[str, str]:
        """Return the names of all contexts by id, of deleted ones too."""
        return dict(self._database.rows("SELECT id, name FROM contexts"))

    def find_bundle(self, identifier: str) -> BundleRow | None:
        """Return the bundle of an id, in any context."""
        return self._bundle("live AND id = ?", identifier)

    def find_removed(self, identifier: str) -> BundleRow | None:
        """Return the bundle of an id that was removed, in any context."""
        return self._bundle("NOT live AND id = ?", identifier)

    def find_latest(self, context: str, name: str) -> BundleRow | None:
        """Return the newest bundle of a name."""
        return self._bundle("live AND context = ? AND name = ?", context, name)

    def outputs(self, context: str, name: str, fingerprint: str) -> list[BundleRow]:
        """Return the bundles of a name that have this fingerprint, newest first."""
        where = "live AND context = ? AND name = ? AND fingerprint = ? AND fingerprint <> ''"
        return self._bundles(where, (context, name, fingerprint))

    def outputs_of(self, context: str, name: str, fingerprints: Sequence[str]) -> list[BundleRow]:
        """Return the bundles of a name that have one of some fingerprints, a few hundred at the most, newest first."""
        marks = ",".join("?" * len(fingerprints))
        where = f"live AND context = ? AND name = ? AND fingerprint IN ({marks}) AND fingerprint <> ''"
        return self._bundles(where, (context, name, *fingerprints))

    def find_prefix(self, context: str, name: str, prefix: str) -> list[BundleRow]:
        """Return the bundles of a name, of any where it is empty, whose id begins or ends so, two at the most."""
        where = "live AND context = ? AND (substr(id, 1, ?) = ? OR substr(id, -?) = ?)"
        length = len(prefix)
        values = (context, length, prefix, length, prefix)
        if name:
            return self._bundles(f"{where} AND name = ?", (*values, name), limit=2)
        return self._bundles(where, values, limit=2)

    def versions(self, context: str, name: str) -> list[BundleRow]:
        """Return every bundle of a name, newest first."""
        return self._bundles("live AND context = ? AND name = ?", (context, name))

    def removed(self, context: str, name: str = "") -> list[BundleRow]:
        """Return the bundles of a context, or of one name in it, that were removed, newest first."""
        where = "NOT live AND context = ? AND name = ?" if name else "NOT live AND context = ?"
        return self._bundles(where, (context, name) if name else (context,))

    def latest(self, context: str) -> list[BundleRow]:
        """Return the newest bundle of each name, by name."""
        return list(self.bundles.iter_found(Filter(context, latest=True, order="name")))

    def names(self, context: str) -> list[str]:
        """Return the names of bundles, sorted."""
        rows = self._database.rows("SELECT name FROM names WHERE context = ? ORDER BY name", (context,))
        return [row[0] for row in rows]

    def count_versions(self, context: str, name: str) -> int:
        """Return how many versions a name has."""
        sql = "SELECT count(*) FROM bundles WHERE live AND context = ? AND name = ?"
        return int(self._database.rows(sql, (context, name))[0][0])

    def iter_live(self) -> Iterator[bytes]:
        """Yield the records of all bundles that are there, in every context, by id."""
        after = ""
        sql = "SELECT id, record FROM bundles WHERE live AND id > ? ORDER BY id LIMIT ?"
        while rows := self._database.rows(sql, (after, _AT_ONCE)):
            yield from (row[1] for row in rows)
            after = rows[-1][0]

    def events(self, context: str, name: str) -> list[bytes]:
        """Return all records about the bundles of a name, removed ones too, oldest first."""
        sql = (
            "WITH versions AS (SELECT id, record FROM bundles WHERE live AND context = ? AND name = ? UNION ALL"
            " SELECT id, record FROM bundles WHERE NOT live AND context = ? AND name = ?)"
            " SELECT id, record FROM versions UNION ALL"
            " SELECT events.id, events.record FROM events JOIN versions ON versions.id = bundle ORDER BY 1"
        )
        return [row[1] for row in self._database.rows(sql, (context, name) * 2)]

    def undescribed(self) -> list[BundleRow]:
        """Return the bundles that are there, have no manifest in their records, and were not given to `describe`."""
        return self._bundles("live AND id IN (SELECT bundle FROM undescribed)", ())

    def describe(self, bundle: str, manifest: Manifest) -> None:
        """Take in a manifest that is not in its record."""
        with self._database.transaction() as connection:
            take_inputs(connection, bundle, manifest.lineage.used_ids())
            connection.execute("DELETE FROM undescribed WHERE bundle = ?", (bundle,))

    def dependents(self, bundle: str) -> list[BundleRow]:
        """Return the bundles that were made from one, newest first; of any context, as far as they are described."""
        return self._bundles("live AND id IN (SELECT bundle FROM inputs WHERE input = ?)", (bundle,))

    def _bundle(self, where: str, *values: object) -> BundleRow | None:
        rows = self._bundles(where, values, limit=1)
        return rows[0] if rows else None

    def _bundles(self, where: str, values: Sequence[object], *, limit: int = -1) -> list[BundleRow]:
        sql = f"SELECT id, record FROM bundles WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        rows = self._database.rows(sql, (*values, limit))
        pages = (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))
        return [row for page in pages for row in iter_described(self._database, page)]
