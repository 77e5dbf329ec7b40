"""One connection, its lock, and its errors as Stook's."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stook.catalog.schema import connect
from stook.errors import StorageError

__all__ = ["Database", "Row"]

Row = tuple  # type: ignore[type-arg]


class Database:
    """A SQLite file. Safe to share between threads and processes.

    Args:
        path: The file; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:  # type: ignore[type-arg]
        """Return all rows of a query. Raises StorageError."""
        with self._lock, _translated():
            return self._connection.execute(sql, values).fetchall()

    def find_row(self, sql: str, values: Sequence[object] = ()) -> Row | None:  # type: ignore[type-arg]
        """Return the first row of a query, or None. Raises StorageError."""
        rows = self.rows(sql, values)
        return rows[0] if rows else None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the right to write; what was written is kept when the block ends well. Raises StorageError."""
        with self._lock, _translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            f"the catalog failed: {error}",
            kind="catalog-failed",
            hint="see that the cache folder has room and can be written to; stook rebuild makes the catalog anew",
        ) from error
