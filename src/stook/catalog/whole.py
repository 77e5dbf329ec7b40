"""All that a catalog knows of the log, of one moment: what a checkpoint is made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

import msgspec

from stook.model.position import Position

__all__ = ["Whole", "read_whole"]

_TABLES = ("contexts", "bundles", "events")


class Whole(msgspec.Struct, frozen=True):
    """Every record that matters: of contexts, of bundles, removed ones too, and of what is said of them.

    Attributes:
        positions: How far each writer's records are known.
        is_damaged: Whether a part of the log could not be read.
        count: How many records.
        size: Their bytes.
    """

    positions: Mapping[str, Position]
    is_damaged: bool
    count: int
    size: int
    _connection: sqlite3.Connection

    def iter_records(self) -> Iterator[bytes]:
        """Yield the records."""
        for table in _TABLES:
            rows = self._connection.execute(f"SELECT record FROM {table} ORDER BY id")  # noqa: S608 - constants
            yield from (row[0] for row in rows)


def read_whole(connection: sqlite3.Connection) -> Whole:
    """Return what is known, within a transaction; it is to be used within that."""
    rows = connection.execute("SELECT writer, seq, offset, mark FROM positions")
    positions = {writer: Position(seq, offset, mark) for writer, seq, offset, mark in rows}
    (damaged,) = connection.execute("SELECT count(*) FROM damage").fetchone()
    count = size = 0
    for table in _TABLES:
        sql = f"SELECT count(*), coalesce(sum(length(record)), 0) FROM {table}"  # noqa: S608 - constants
        some, length = connection.execute(sql).fetchone()
        count, size = count + some, size + length
    return Whole(positions, bool(damaged), count, size, connection)
