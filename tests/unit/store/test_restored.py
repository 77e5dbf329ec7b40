"""Stores whose folder is not what the cache beside it knows."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import stook
from stook.errors import IntegrityError, StorageError
from stook.model.clock import Clock
from stook.store import Store
from stook.store.repository import open_repository

_BYTES = os.urandom(20_000)


def _open(folder: Path) -> Store:
    return stook.open(folder / "store", context="test")


def _without_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("STOOK_CACHE", str(folder / "another-cache"))
    return _open(folder)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one bundle, and a copy of it beside."""
    store = _open(tmp_path)
    store.add("first", 1)
    shutil.copytree(tmp_path / "store", tmp_path / "copy")
    return store


def _restore(folder: Path) -> None:
    shutil.rmtree(folder / "store")
    shutil.copytree(folder / "copy", folder / "store")


@pytest.mark.parametrize("is_open", [True, False])
def test_content_that_a_restored_store_lost_is_written_again(
    store: Store, tmp_path: Path, is_open: bool
) -> None:
    """After an older copy was put back what the cache takes for known is not relied on; who had it open is told."""
    store.add("lost", {"bytes": _BYTES})
    _restore(tmp_path)
    if is_open:
        with pytest.raises(StorageError, match="replaced"):
            store.add("again", {"bytes": _BYTES})
    _open(tmp_path).add("again", {"bytes": _BYTES})
    assert _open(tmp_path).get("again").data == {"bytes": _BYTES}
    assert [bundle.name for bundle in _open(tmp_path).ls()] == ["again", "first"]


def test_content_of_packs_that_vanished_is_written_again(store: Store, tmp_path: Path) -> None:
    """A pack that is gone while the log is unchanged is not relied on either."""
    store.add("lost", {"bytes": _BYTES})
    shutil.rmtree(tmp_path / "store/packs")
    with pytest.raises(IntegrityError):
        _ = _open(tmp_path).get("lost").data
    store.add("again", {"bytes": _BYTES})
    assert _open(tmp_path).get("again").data == {"bytes": _BYTES}
    assert _open(tmp_path).get("lost").data == {"bytes": _BYTES}


def test_content_that_a_failed_bundle_left_is_found_without_the_cache(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle may rely on a pack that no record names; whoever has no catalog finds it among the packs."""
    writer = store.repository.writer()
    writer.add_bytes(_BYTES)
    writer.flush()
    assert store.add("kept", [_BYTES, Path(__file__)]).record.packs
    (tmp_path / "bytes").write_bytes(_BYTES)
    assert store.add("file", tmp_path / "bytes").record.packs == ()
    assert _without_cache(tmp_path, monkeypatch).get("file").path().read_bytes() == _BYTES


def test_a_damaged_pack_holds_nobody_up(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a pack cut short, a new catalog is made all the same, and only that pack's bundle is not readable."""
    pack = store.add("bad", {"bytes": _BYTES}).record.packs[0].partition("/")[2]
    (tmp_path / "store/packs/data" / pack[:2] / f"{pack}.pack").write_bytes(b"short")
    fresh = _without_cache(tmp_path, monkeypatch)
    assert fresh.get("first").data == 1
    with pytest.raises(IntegrityError):
        _ = fresh.get("bad").data


def test_the_store_is_read_when_its_cache_is_removed_while_open(store: Store, tmp_path: Path) -> None:
    """Removing the cache loses nothing, whoever has it open."""
    shutil.rmtree(store.repository.cache)
    store.add("second", {"bytes": _BYTES})
    assert _open(tmp_path).get("second").data == {"bytes": _BYTES}
    assert store.get("second").data == {"bytes": _BYTES}


def test_nothing_is_added_to_a_store_that_was_removed_or_replaced(store: Store, tmp_path: Path) -> None:
    """An open store does not write into a folder that is another repository by now, or none."""
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(StorageError, match="removed or replaced"):
        store.add("lost", 2)
    shutil.rmtree(tmp_path / "store", ignore_errors=True)
    _open(tmp_path).add("other", 1)
    with pytest.raises(StorageError, match="removed or replaced"):
        store.add("lost", 2)
    assert [bundle.name for bundle in _open(tmp_path).ls()] == ["other"]


def test_a_clock_that_is_behind_still_makes_the_latest(tmp_path: Path) -> None:
    """Two machines whose clocks are hours behind the newest bundle add later versions, and are warned."""

    def machine(name: str, time: float) -> Store:
        clock = Clock(now=lambda: time)
        repository = open_repository(str(tmp_path / "store"), cache=tmp_path / name, owner=name, clock=clock)
        return Store(repository, "test")

    machine("ahead", 20_000.0).add("n", ["ahead"])
    with pytest.warns(UserWarning, match="minutes ahead"):
        behind = [machine(name, 10_000.0) for name in ("b", "c")]
    made = [store.add("n", [store.repository.owner]) for store in behind]
    assert len({bundle.id for bundle in made}) == 2
    assert sorted(b.data for b in behind[0].versions("n")[:2]) == [["b"], ["c"]]


def test_a_forked_process_has_locks_of_its_own(store: Store, tmp_path: Path) -> None:
    """A child adds to the store though the parent was forked in the middle of a commit."""
    log = store.repository.log
    with log._commit_lock, store.repository.clock._lock, store.repository.catalog._database._lock:
        child = os.fork()
        if child == 0:
            store.add("child", 1)
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.add("parent", 2)
    assert [bundle.name for bundle in store.ls()] == ["child", "first", "parent"]
