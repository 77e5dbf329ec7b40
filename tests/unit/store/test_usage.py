"""What takes how much room."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import stook
from stook.errors import NotFoundError
from stook.store import Store
from stook.store.gc import collect
from stook.store.usage import NameUse, measure


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in which a file of 50 kB is in three names, two of one context, and each name has one of its own."""
    store = stook.open(tmp_path / "store", context="test")
    shared = tmp_path / "shared"
    shared.write_bytes(os.urandom(50_000))
    for number, target in enumerate((store, store, store.in_context("other"))):
        own = tmp_path / f"own{number}"
        own.write_bytes(os.urandom(10_000 * (number + 1)))
        target.add(f"n{number}", {"shared": shared, "own": own})
    return store


def test_what_is_shared_is_told_from_what_is_not(store: Store, tmp_path: Path) -> None:
    """What another name needs too, of any context, counts as shared; versions of one name share without that."""
    store.add("n0", {"shared": tmp_path / "shared", "own": tmp_path / "own0", "more": 1})
    usage = measure(store)
    assert usage.names == (
        NameUse("n1", 1, 70_000, 20_000, 50_000),
        NameUse("n0", 2, 120_001, 10_000, 50_000),
    )
    assert measure(store, ["n1"]).names == usage.names[:1]
    assert measure(store.in_context("other")).names == (NameUse("n2", 1, 80_000, 30_000, 50_000),)


def test_compressed_bytes_count(store: Store, tmp_path: Path) -> None:
    """What counts is what is stored, not what was given."""
    (tmp_path / "zeros").write_bytes(bytes(100_000))
    store.add("zeros", tmp_path / "zeros")
    (use,) = measure(store, ["zeros"]).names
    assert use.size == 100_000
    assert 0 < use.exclusive < 1000


def test_a_name_that_is_not_there_is_said(store: Store) -> None:
    """Of a name without a version there is nothing to measure; the hint names what is near."""
    store.add("prices", 1)
    for name, hint in (
        ("price", "did you mean prices?"),
        ("n2", "did you mean n1?"),
    ):  # n2: of another context
        with pytest.raises(NotFoundError) as caught:
            store.du("prices", name)
        assert caught.value.hint == hint
    with pytest.raises(NotFoundError):
        store.in_context("empty").du("prices")
    store.rm("prices")
    with pytest.raises(NotFoundError, match="all versions of prices were removed"):
        store.du("prices")


def test_totals_agree_with_the_disk_and_with_collection(store: Store, tmp_path: Path) -> None:
    """Packs and log are what the folder has, and `gc` frees what was foretold."""
    store.rm(store.get("n1"))
    usage = measure(store)
    root = tmp_path / "store"
    assert usage.packs.bytes == sum(path.stat().st_size for path in root.glob("packs/*/*/*"))
    assert usage.log.bytes == sum(path.stat().st_size for path in root.glob("log/*/0*"))
    assert usage.removable == collect(store.repository).swept.bytes > 20_000
    assert measure(store).removable == 0


def test_files_made_for_reading_are_cache(store: Store) -> None:
    """What was unpacked for reading is counted as cache."""
    before = measure(store).cache
    store.get("n0").path("own").read_bytes()
    assert measure(store).cache.bytes == before.bytes + 10_000


def test_an_empty_store_takes_nothing(tmp_path: Path) -> None:
    """Without bundles there are no names and no packs."""
    usage = measure(stook.open(tmp_path / "empty"))
    assert (usage.names, usage.packs.bytes, usage.removable) == ((), 0, 0)
