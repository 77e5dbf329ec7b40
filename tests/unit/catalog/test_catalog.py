"""The view of the log."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from stook.catalog import Batch, Catalog
from stook.format import records
from stook.format.packs import PackEntry
from stook.model.clock import Clock
from stook.model.commit import Commit
from stook.model.position import Position
from stook.model.record import (
    BundleRecord,
    CommitRecord,
    ContextRecord,
    DeleteRecord,
    Manifest,
    Record,
    RestoreRecord,
    TagRecord,
)
from stook.model.tree import Blob, Value

_DIGEST = "ab" * 32
_CONTEXT = "c1"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """An empty catalog."""
    return Catalog(tmp_path / "catalog.db")


def _bundle(identifier: str, name: str = "n", **tags: str) -> BundleRecord:
    manifest = Manifest(Value(_DIGEST, Blob(0, _DIGEST, data=b"")))
    return BundleRecord(identifier, _CONTEXT, name, _DIGEST, 0, 0, "o", tags=tags, manifest=manifest)


def _batch(*some: Record) -> Batch:
    return Batch([(record, records.dump(record)) for record in some], {})


def test_records_give_the_same_in_any_order_and_twice(tmp_path: Path) -> None:
    """Tags, commits, renames, removals and restorings mean the same however the records arrive."""
    clock = Clock()
    a, b, c, d, e, f, g, h = (clock.new_id() for _ in range(8))
    some: list[Record] = [
        _bundle(a, stage="raw"),
        _bundle(b),
        TagRecord(c, _CONTEXT, a, {"stage": None, "by": "x"}, 0),
        TagRecord(d, _CONTEXT, a, {"by": "y"}, 0),
        RestoreRecord(b, _CONTEXT, b, 0),
        DeleteRecord(e, _CONTEXT, b, 0),
        DeleteRecord(c, _CONTEXT, a, 0),
        RestoreRecord(g, _CONTEXT, a, 0),
        CommitRecord(d, _CONTEXT, a, "old", 0),
        CommitRecord(h, _CONTEXT, a, "new", 7, "me"),
        ContextRecord(f, _CONTEXT, "new", 0),
        ContextRecord(b, _CONTEXT, "old", 0, deleted=True),
    ]
    chance = random.Random(7)
    for number in range(60):
        order = chance.sample(some, len(some))
        catalog = Catalog(tmp_path / str(number))
        catalog.apply(_batch(*order, *order[:3]))
        (row,) = catalog.versions(_CONTEXT, "n")
        assert (row.tags, row.commit) == ({"by": "y"}, Commit("new", "me", 7))
        assert catalog.find_latest(_CONTEXT, "n") == row == catalog.latest(_CONTEXT)[0]
        assert catalog.find_bundle(b) is None
        assert len(catalog.removed(_CONTEXT)) == 1
        assert [(found.name, found.bundles) for found in catalog.contexts()] == [("new", 1)]
        catalog.close()


def test_the_newest_id_is_that_of_any_record(catalog: Catalog) -> None:
    """A clock that starts from the catalog is ahead of tags too, so that the next tag wins."""
    clock = Clock()
    first, second = clock.new_id(), clock.new_id()
    catalog.apply(_batch(_bundle(first), TagRecord(second, _CONTEXT, first, {"a": "b"}, 0)))
    catalog.apply(_batch(_bundle(first)))
    assert catalog.find_newest_id() == second


def test_a_position_never_goes_back_by_itself(catalog: Catalog) -> None:
    """Of two refreshes that end at once the further one counts; a reset forgets it."""
    ahead, behind = Position(2, 100, b"m"), Position(1, 900, b"n")
    for position in (ahead, behind):
        catalog.apply(Batch([], {"w": position}))
    assert catalog.positions() == {"w": ahead}
    catalog.reset()
    assert catalog.positions() == {}


def test_a_chunk_in_two_packs_is_found_when_one_is_forgotten(catalog: Catalog) -> None:
    """Forgetting a pack does not lose the way to the same chunk elsewhere."""
    entry = PackEntry(os.urandom(32), 8, 5, 5, 0)
    catalog.chunks.add("data/one", [entry])
    catalog.chunks.add("data/two", [entry])
    catalog.chunks.forget_pack(catalog.chunks.find([entry.id])[entry.id].pack)
    left = catalog.chunks.find([entry.id])[entry.id].pack
    catalog.chunks.forget_pack(left)
    assert catalog.chunks.find([entry.id]) == {}
    assert catalog.chunks.unknown_packs(["data/one", "data/two"]) == ["data/one", "data/two"]


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to look like one" * 40])
def test_a_damaged_catalog_is_made_anew(tmp_path: Path, content: bytes) -> None:
    """A catalog holds nothing of its own, so a file that is none is replaced."""
    (tmp_path / "catalog.db").write_bytes(content)
    catalog = Catalog(tmp_path / "catalog.db")
    catalog.apply(_batch(_bundle(Clock().new_id())))
    assert catalog.names(_CONTEXT) == ["n"]


def test_an_older_catalog_is_made_anew(tmp_path: Path) -> None:
    """A catalog of another version has no part in this one."""
    path = tmp_path / "catalog.db"
    catalog = Catalog(path)
    catalog.apply(_batch(_bundle(Clock().new_id())))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 1")
    catalog.close()
    assert Catalog(path).names(_CONTEXT) == []
