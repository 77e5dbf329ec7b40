"""What a store heeds of others while its catalog is left as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import stook
from stook.model.clock import Clock
from stook.model.lineage import Lineage
from stook.store import Store
from stook.store.repository import open_repository

_KEY = "f" * 64


@pytest.fixture
def ours(tmp_path: Path) -> Store:
    """A store with one bundle, which has read all that there is."""
    store = stook.open(tmp_path / "store", context="test")
    store.add("first", 1)
    store.refresh()
    return store


@pytest.fixture
def theirs(ours: Store, tmp_path: Path) -> Store:
    """The same as another machine sees it, whose clock is a minute ahead."""
    return _open_elsewhere(ours, tmp_path, "theirs")


def _open_elsewhere(ours: Store, folder: Path, cache: str) -> Store:
    ahead = Clock(lambda: ours.repository.clock.now() + 60)
    repository = open_repository(str(folder / "store"), cache=folder / cache, owner="them", clock=ahead)
    return Store(repository, "test")


def _make(store: Store, name: str) -> stook.Bundle:
    with store.draft(name, lineage=Lineage(task="m:T", fingerprint=_KEY)) as draft:
        draft.set(1)
    return draft.bundle


def test_ids_are_greater_than_those_of_others_though_the_catalog_does_not_know_them(
    ours: Store, theirs: Store
) -> None:
    """A new bundle comes after what another machine, whose clock is ahead, wrote since the catalog was refreshed."""
    before, other = ours.refreshed, theirs.add("x", 1)
    assert ours.add("x", 2).id > other.id
    assert ours.refreshed == before


def test_a_bundle_that_was_heeded_is_heard_of_until_the_catalog_has_it(ours: Store, theirs: Store) -> None:
    """Its fingerprint is known at once; the bundle itself is there when the store was refreshed."""
    assert not ours.has_heard_of(_KEY)
    made = _make(theirs, "x")
    ours.heed()
    assert ours.has_heard_of(_KEY)
    assert ours.outputs("x", _KEY) == []
    ours.refresh()
    assert ours.outputs("x", _KEY) == [made]
    assert not ours.has_heard_of(_KEY)


def test_what_was_heeded_one_after_another_is_all_heard_of(ours: Store, theirs: Store) -> None:
    """Looking again forgets nothing."""
    _make(theirs, "x")
    ours.heed()
    theirs.add("y", 1)
    ours.heed()
    assert ours.has_heard_of(_KEY)


def test_what_is_no_bundle_is_taken_in(ours: Store, theirs: Store) -> None:
    """A removal changes what was there before, so the catalog learns of it at once."""
    before = ours.refreshed
    theirs.rm("first")
    ours.heed()
    assert ours.refreshed > before
    assert ours.repository.catalog.names(ours.context_id()) == []


def test_no_news_is_no_work(ours: Store) -> None:
    """Where nobody has written, nothing is read and nothing refreshed."""
    before = ours.refreshed
    ours.heed()
    ours.add("x", 1)
    ours.heed()
    assert ours.refreshed == before


def test_a_log_that_went_back_is_taken_in_anew(ours: Store, theirs: Store, tmp_path: Path) -> None:
    """What is not there any more is not relied on, and what comes then is heeded as ever."""
    shutil.copytree(tmp_path / "store", tmp_path / "copy")
    theirs.add("x", 1)
    ours.heed()
    shutil.rmtree(tmp_path / "store")
    shutil.copytree(tmp_path / "copy", tmp_path / "store")
    before = ours.refreshed
    ours.heed()
    assert ours.refreshed > before
    _make(_open_elsewhere(ours, tmp_path, "other"), "z")
    ours.heed()
    assert ours.has_heard_of(_KEY)


def test_damage_is_told_by_who_takes_it_in(ours: Store, theirs: Store) -> None:
    """A record that is none has the catalog refreshed, which says so."""
    theirs.repository.log.append([b'{"type": "bundle", "id": "never"}'])
    with pytest.warns(UserWarning, match="part of the log is lost"):
        ours.heed()
