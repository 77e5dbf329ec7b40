"""The database under the catalog: forks, full disks, and what it is after an error."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from stook.catalog.database import Database
from stook.errors import StorageError

_HANGS_SECONDS = 120


def test_a_child_forked_while_a_thread_writes_can_write(tmp_path: Path) -> None:
    """A fork waits for the transactions of other threads, so that no lock is left over in the child."""
    database = Database(tmp_path / "catalog.db")
    entered, release = threading.Event(), threading.Event()

    def write() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO newest VALUES (1, 'parent')")
            entered.set()
            release.wait(30)

    writer = threading.Thread(target=write)
    writer.start()
    entered.wait(30)
    os.register_at_fork(before=release.set)  # runs before that of the database, which was registered earlier
    child = os.fork()
    if child == 0:
        _add_one_and_exit(tmp_path / "catalog.db")
    _, status = os.waitpid(child, 0)
    writer.join()
    assert status == 0
    assert database.rows("SELECT id FROM newest ORDER BY one") == [("parent",), ("child",)]


def _add_one_and_exit(path: Path) -> None:
    signal.alarm(_HANGS_SECONDS)
    code = 1
    try:
        with Database(path).transaction() as connection:
            connection.execute("INSERT INTO newest VALUES (2, 'child')")
        code = 0
    finally:
        os._exit(code)


def test_a_fork_leaves_the_parent_connected(tmp_path: Path) -> None:
    """After a fork, the parent and the child can use the very same object."""
    database = Database(tmp_path / "catalog.db")
    child = os.fork()
    if child == 0:
        signal.alarm(_HANGS_SECONDS)
        os._exit(len(database.rows("SELECT * FROM newest")))
    assert os.waitpid(child, 0)[1] == 0
    assert database.rows("SELECT * FROM newest") == []


def test_a_closed_one_stays_closed(tmp_path: Path) -> None:
    """After `close`, a query is refused, before a fork as after it."""
    database = Database(tmp_path / "catalog.db")
    database.close()
    with pytest.raises(StorageError, match="closed"):
        database.rows("SELECT * FROM newest")


def test_a_full_disk_leaves_no_transaction_open(tmp_path: Path) -> None:
    """Where a commit fails, nothing of it is there, and the next transaction works."""
    database = Database(tmp_path / "catalog.db")
    (pages,) = database.rows("PRAGMA page_count")[0]
    database.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="full"), database.transaction() as connection:
        connection.execute("INSERT INTO newest VALUES (1, ?)", ("x" * 100_000,))
    database.rows("PRAGMA max_page_count = 1000000")
    with database.transaction() as connection:
        connection.execute("INSERT INTO newest VALUES (2, 'kept')")
    assert database.rows("SELECT id FROM newest") == [("kept",)]


def test_a_commit_that_is_refused_is_taken_back(tmp_path: Path) -> None:
    """A deferred constraint that fails at the commit ends the transaction."""
    database = Database(tmp_path / "catalog.db")
    with database.transaction() as connection:
        connection.execute("CREATE TABLE parents (id PRIMARY KEY)")
        connection.execute("CREATE TABLE children (id REFERENCES parents DEFERRABLE INITIALLY DEFERRED)")
    database.rows("PRAGMA foreign_keys = ON")
    with pytest.raises(StorageError, match="FOREIGN KEY"), database.transaction() as connection:
        connection.execute("INSERT INTO children VALUES (1)")
    with database.transaction() as connection:
        connection.execute("INSERT INTO parents VALUES (1)")
    assert database.rows("SELECT * FROM children") == []


def _damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 4096):
        data[at : at + 64] = os.urandom(64)
    path.write_bytes(data)


def _filled(path: Path) -> Database:
    database = Database(path)
    with database.transaction() as connection:
        connection.executemany("INSERT INTO newest VALUES (?, ?)", [(n, "x" * 100) for n in range(1000)])
    return database


def test_who_opens_it_first_waits_for_others_who_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of processes that open a new catalog at once each gets it, also who comes while another is making it."""
    other = sqlite3.connect(tmp_path / "catalog.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(time, "sleep", lambda _: other.execute("COMMIT") if other.in_transaction else None)
    assert Database(tmp_path / "catalog.db").rows("SELECT * FROM newest") == []
    assert not other.in_transaction
    other.close()


def test_a_damaged_one_is_made_anew(tmp_path: Path) -> None:
    """Whoever meets the damage is told, nobody gets a wrong answer, and the next query has an empty catalog."""
    path = tmp_path / "catalog.db"
    _filled(path).close()
    _damage(path)
    database = Database(path)
    with pytest.raises(StorageError, match="damaged"):
        database.rows("SELECT * FROM newest")
    assert database.rows("SELECT * FROM newest") == []


def test_damage_that_another_has_dealt_with_is_left_alone(tmp_path: Path) -> None:
    """A new catalog in the place of the damaged one is not thrown away with it."""
    path = tmp_path / "catalog.db"
    _filled(path).close()
    _damage(path)
    late, other = Database(path), Database(path)
    with pytest.raises(StorageError, match="damaged"):
        other.rows("SELECT * FROM newest")
    with other.transaction() as connection:
        connection.execute("INSERT INTO newest VALUES (1, 'new')")
    with pytest.raises(StorageError, match="damaged"):
        late.rows("SELECT * FROM newest")
    assert late.rows("SELECT id FROM newest") == [("new",)]
