"""Records into tables, so that neither their order nor repetition counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from stook.catalog.rows import Batch
from stook.model.record import (
    BundleRecord,
    CommitRecord,
    ContextRecord,
    DeleteRecord,
    Record,
    RestoreRecord,
    TagRecord,
)

__all__ = ["take_in", "take_inputs"]


def take_in(connection: sqlite3.Connection, batch: Batch) -> None:
    """Apply a batch within a transaction."""
    touched: set[tuple[str, str]] = set()
    for record, payload in batch.records:
        match record:
            case BundleRecord():
                _take_bundle(connection, record, payload)
                touched.add((record.context, record.name))
            case ContextRecord():
                _take_context(connection, record, payload)
            case DeleteRecord() | RestoreRecord():
                touched |= _take_state(connection, record, payload)
            case _:
                _take_word(connection, record, payload)
    _renew_names(connection, touched)
    _take_positions(connection, batch)


def _take_bundle(connection: sqlite3.Connection, record: BundleRecord, payload: bytes) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO bundles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " coalesce((SELECT live FROM states WHERE bundle = ?), 1), ?)",
        (
            *(record.id, record.context, record.name, record.digest, record.fingerprint),
            *(record.task, record.owner, record.time, record.size, record.id, payload),
        ),
    )
    if record.tags:
        _take_tags(connection, record.id, record.tags, record.id)
    if record.manifest is not None:
        take_inputs(connection, record.id, record.manifest.lineage.used_ids())
    elif record.inputs is not None:
        take_inputs(connection, record.id, record.inputs)
    else:
        connection.execute("INSERT OR IGNORE INTO undescribed VALUES (?)", (record.id,))


def take_inputs(connection: sqlite3.Connection, bundle: str, used: Iterable[str]) -> None:
    """Note which bundles one was made from."""
    rows = [(identifier, bundle) for identifier in used]
    connection.executemany("INSERT OR IGNORE INTO inputs VALUES (?, ?)", rows)


def _take_context(connection: sqlite3.Connection, record: ContextRecord, payload: bytes) -> None:
    connection.execute(
        "INSERT INTO contexts VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
        " clock = excluded.clock, deleted = excluded.deleted, record = excluded.record"
        " WHERE excluded.clock > clock",
        (record.context, record.name, record.id, record.deleted, payload),
    )


def _take_state(
    connection: sqlite3.Connection, record: DeleteRecord | RestoreRecord, payload: bytes
) -> set[tuple[str, str]]:
    connection.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?)", (record.id, record.bundle, payload))
    connection.execute(
        "INSERT INTO states VALUES (?, ?, ?) ON CONFLICT (bundle) DO UPDATE SET"
        " clock = excluded.clock, live = excluded.live WHERE excluded.clock > clock",
        (record.bundle, record.id, isinstance(record, RestoreRecord)),
    )
    connection.execute(
        "UPDATE bundles SET live = (SELECT live FROM states WHERE bundle = bundles.id) WHERE id = ?",
        (record.bundle,),
    )
    return set(connection.execute("SELECT context, name FROM bundles WHERE id = ?", (record.bundle,)))


def _take_word(connection: sqlite3.Connection, record: Record, payload: bytes) -> None:
    """Apply what is said of a bundle."""
    if isinstance(record, TagRecord):
        _take_tags(connection, record.bundle, record.tags, record.id)
    elif isinstance(record, CommitRecord):
        connection.execute(
            "INSERT INTO commits VALUES (?, ?, ?, ?, ?) ON CONFLICT (bundle) DO UPDATE SET clock = excluded.clock,"
            " message = excluded.message, owner = excluded.owner, time = excluded.time"
            " WHERE excluded.clock > clock",
            (record.bundle, record.id, record.message, record.owner, record.time),
        )
    else:
        return
    connection.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?)", (record.id, record.bundle, payload))


def _take_tags(
    connection: sqlite3.Connection, bundle: str, tags: Mapping[str, str | None], clock: str
) -> None:
    connection.executemany(
        "INSERT INTO tags VALUES (?, ?, ?, ?) ON CONFLICT (bundle, key) DO UPDATE SET"
        " value = excluded.value, clock = excluded.clock WHERE excluded.clock > clock",
        [(bundle, key, value, clock) for key, value in tags.items()],
    )


def _renew_names(connection: sqlite3.Connection, touched: Iterable[tuple[str, str]]) -> None:
    places = sorted(touched)
    connection.executemany(
        "INSERT OR REPLACE INTO names SELECT context, name, max(id) FROM bundles"
        " WHERE live AND context = ? AND name = ? GROUP BY context, name",
        places,
    )
    connection.executemany(
        "DELETE FROM names WHERE context = ? AND name = ? AND NOT EXISTS"
        " (SELECT 1 FROM bundles WHERE live AND bundles.context = names.context AND bundles.name = names.name)",
        places,
    )


def _take_positions(connection: sqlite3.Connection, batch: Batch) -> None:
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
    connection.executemany(
        "INSERT OR IGNORE INTO damage VALUES (?, ?, ?, ?)",
        [(row.writer, row.seq, row.offset, row.problem) for row in batch.damage],
    )
