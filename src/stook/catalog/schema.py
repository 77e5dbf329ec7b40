"""The tables, and opening a database that has them."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from pathlib import Path

from stook.errors import StorageError

__all__ = ["TABLES", "VERSION", "connect", "discard"]

# A catalog of another version is thrown away and made again from the log: it holds nothing of its own.
VERSION = 4
_WAIT_SECONDS = 60
_POLL_SECONDS = 0.005

TABLES = (
    "positions",
    "damage",
    "newest",
    "checkpoint",
    "contexts",
    "bundles",
    "names",
    "states",
    "tags",
    "commits",
    "events",
    "inputs",
    "undescribed",
    "packs",
    "chunks",
)

_SCHEMA = """
CREATE TABLE positions (
    writer TEXT PRIMARY KEY, seq INTEGER NOT NULL, offset INTEGER NOT NULL,
    mark BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE damage (
    writer TEXT NOT NULL, seq INTEGER NOT NULL, offset INTEGER NOT NULL, problem TEXT NOT NULL,
    PRIMARY KEY (writer, seq, offset)
) WITHOUT ROWID;
CREATE TABLE newest (one INTEGER PRIMARY KEY, id TEXT NOT NULL);
CREATE TABLE checkpoint (
    one INTEGER PRIMARY KEY, id TEXT NOT NULL, size INTEGER NOT NULL, supersedes TEXT NOT NULL
);
CREATE TABLE contexts (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, clock TEXT NOT NULL, deleted INTEGER NOT NULL, record BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE bundles (
    id TEXT PRIMARY KEY, context TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, fingerprint TEXT NOT NULL,
    task TEXT NOT NULL, owner TEXT NOT NULL, time INTEGER NOT NULL, size INTEGER NOT NULL, live INTEGER NOT NULL,
    record BLOB NOT NULL
);
CREATE INDEX bundles_by_name ON bundles (context, name, id, size) WHERE live;
CREATE INDEX bundles_removed ON bundles (context, name, id) WHERE NOT live;
CREATE INDEX bundles_by_fingerprint ON bundles (context, name, fingerprint, id) WHERE live AND fingerprint <> '';
CREATE TABLE names (
    context TEXT NOT NULL, name TEXT NOT NULL, latest TEXT NOT NULL, PRIMARY KEY (context, name)
) WITHOUT ROWID;
CREATE TABLE states (bundle TEXT PRIMARY KEY, clock TEXT NOT NULL, live INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tags (
    bundle TEXT NOT NULL, key TEXT NOT NULL, value TEXT, clock TEXT NOT NULL, PRIMARY KEY (bundle, key)
) WITHOUT ROWID;
CREATE INDEX tags_by_key ON tags (key, value) WHERE value IS NOT NULL;
CREATE TABLE commits (
    bundle TEXT PRIMARY KEY, clock TEXT NOT NULL, message TEXT NOT NULL, owner TEXT NOT NULL, time INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE events (id TEXT PRIMARY KEY, bundle TEXT NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX events_by_bundle ON events (bundle, id);
CREATE TABLE inputs (input TEXT NOT NULL, bundle TEXT NOT NULL, PRIMARY KEY (input, bundle)) WITHOUT ROWID;
CREATE TABLE undescribed (bundle TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE packs (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE chunks (
    id BLOB NOT NULL, pack INTEGER NOT NULL, offset INTEGER NOT NULL, stored INTEGER NOT NULL,
    size INTEGER NOT NULL, codec INTEGER NOT NULL, PRIMARY KEY (id, pack)
) WITHOUT ROWID;
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open a catalog, making it where there is none; one that is damaged or of another version is made anew.

    Raises:
        StorageError: The cache folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            discard(path, os.stat(path))
            return _open(path)
    except (OSError, sqlite3.OperationalError) as error:
        raise StorageError(
            f"cannot open the catalog {path}: {error}",
            kind="catalog-unusable",
            hint="see that the folder can be written to and has room, or set STOOK_CACHE to one that does",
            path=str(path),
        ) from error


def discard(path: Path, found: os.stat_result) -> None:
    """Remove a catalog, unless another process has put a new one in its place by now.

    Args:
        path: Where it is.
        found: What `stat` said of it.

    Raises:
        OSError: It cannot be removed.
    """
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.samestat(found, os.stat(path)):
            for suffix in ("-wal", "-shm", ""):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
    except FileNotFoundError:
        return
    finally:
        os.close(lock)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = NORMAL")
    if connection.execute("PRAGMA user_version").fetchone()[0] == VERSION:
        return connection
    _write_ahead(connection)
    connection.execute("BEGIN IMMEDIATE")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found == 0:
        for statement in _SCHEMA.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
    if found in {0, VERSION}:
        return connection
    connection.close()
    raise sqlite3.DatabaseError(f"version {found}")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Choose the journal; SQLite does not wait by itself for others who open the file in the same moment."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return
