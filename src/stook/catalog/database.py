"""One connection, its lock, and its errors as Stook's."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stook.catalog.schema import connect, discard
from stook.errors import StorageError

__all__ = ["Database", "Row"]

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

Row = tuple  # type: ignore[type-arg]


class Database:
    """A SQLite file. Safe to share between threads and processes.

    No connection lives through a fork: what SQLite keeps in memory of the locks of a file would be wrong in the child,
    which would wait for ever for a lock that nobody holds, or take one that it has not got
    (https://sqlite.org/howtocorrupt.html, section 2.6).

    Args:
        path: The file; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._opened: sqlite3.Connection | None = None
        self._is_closed = False
        self._connect()
        _watch_forks(weakref.ref(self))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._is_closed = True
            self._disconnect()

    def prepare_fork(self) -> None:
        """Wait for other threads to be done, and disconnect; `end_fork` is to be called afterwards."""
        self._lock.acquire()
        if self._opened is not None and not self._opened.in_transaction:
            self._disconnect()

    def end_fork(self) -> None:
        """Let other threads go on."""
        self._lock.release()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Hold the connection."""
        with self._lock:
            try:
                yield self._opened or self._connect()
            except sqlite3.Error as error:
                raise self._failure(error) from error

    def _failure(self, error: sqlite3.Error) -> StorageError:
        """Return what is to be raised. A catalog that is damaged is thrown away: the next use makes it anew."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            return StorageError(
                f"the catalog failed: {error}",
                kind="catalog-failed",
                hint="see that the cache folder has room and can be written to",
            )
        self._disconnect()
        discard(self._path, self._found)
        return StorageError(
            f"the catalog was damaged: {error}",
            kind="catalog-damaged",
            hint="do the same again: the catalog is made anew, and nothing is lost with it",
        )

    def _connect(self) -> sqlite3.Connection:
        if self._is_closed:
            raise sqlite3.ProgrammingError("it was closed")
        self._opened = connect(self._path)
        self._found = os.stat(self._path)
        return self._opened

    def _disconnect(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:  # type: ignore[type-arg]
        """Return all rows of a query. Raises StorageError."""
        with self._lock:
            try:
                return (self._opened or self._connect()).execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._failure(error) from error

    def find_row(self, sql: str, values: Sequence[object] = ()) -> Row | None:  # type: ignore[type-arg]
        """Return the first row of a query, or None. Raises StorageError."""
        rows = self.rows(sql, values)
        return rows[0] if rows else None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the right to write; what was written is kept when the block ends well. Raises StorageError."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:  # some errors end it by themselves
                    connection.execute("ROLLBACK")


def _watch_forks(reference: weakref.ref[Database]) -> None:
    held: list[Database] = []

    def prepare() -> None:
        database = reference()
        if database is not None:
            held.append(database)
            database.prepare_fork()

    def end() -> None:
        if held:
            held.pop().end_fork()

    os.register_at_fork(before=prepare, after_in_parent=end, after_in_child=end)
