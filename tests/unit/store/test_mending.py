"""Adding the same data again mends what the store has lost of it, also where only changes are to be added."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from stook.chunks import ChunkWriter, MemoryIndex
from stook.errors import StorageError
from stook.format.packs import pack_key
from stook.model.clock import Clock
from stook.store import Store
from stook.store.packs.chunk_index import KnownIndex, learn_packs
from stook.store.repository import open_repository

HOUR = 3600
MANY = 200  # so that the folder gets a snapshot, and its description a pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files, none of which is short."""
    path = tmp_path / "folder"
    path.mkdir()
    for number in range(MANY):
        (path / f"a-file-of-a-name-that-is-long-{number:04}").write_bytes(os.urandom(5_000))
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose clock is an hour ahead, so that every file is old enough not to be read again."""
    clock = Clock(now=lambda: time.time() + HOUR)
    repository = open_repository(str(tmp_path / "store"), cache=tmp_path / "cache", owner="me", clock=clock)
    return Store(repository, "test")


def _lose(store: Store, area: str) -> None:
    for pack in Path(store.repository.url, "packs", area).rglob("*.pack"):
        pack.unlink()


def test_what_is_there_is_not_added_again(store: Store, folder: Path) -> None:
    """Without a loss, the latest version is the answer."""
    bundle = store.add("raw", folder, if_changed=True)
    assert store.add("raw", folder, if_changed=True) == bundle


def test_lost_content_of_a_folder_is_there_again(store: Store, folder: Path) -> None:
    """Where packs of data went, the very version is whole again, though no file was changed."""
    bundle = store.add("raw", folder, if_changed=True)
    _lose(store, "data")
    assert store.add("raw", folder, if_changed=True) == bundle
    assert store.verify(deep=True).problems == ()


def test_a_lost_description_makes_a_new_version(store: Store, folder: Path) -> None:
    """Where the pack of the description went, a version is added that can be read: the old one is lost."""
    bundle = store.add("raw", folder, if_changed=True)
    assert bundle.record.manifest_blob is not None
    _lose(store, "meta")
    again = store.add("raw", folder, if_changed=True)
    assert again != bundle
    assert len(list(again.path().iterdir())) == MANY


def test_lost_content_of_a_value_is_there_again(store: Store) -> None:
    """What is no path is looked at in the same way."""
    data = os.urandom(50_000).hex()
    bundle = store.add("value", {"data": data}, if_changed=True)
    _lose(store, "data")
    assert store.add("value", {"data": data}, if_changed=True) == bundle
    assert store.verify(deep=True).problems == ()


def test_chunks_in_several_packs_are_known_while_one_pack_is_there(store: Store) -> None:
    """To ask for all at once gives the same answer as to look for each."""
    storage, catalog = store.repository.storage, store.repository.catalog
    writers = [ChunkWriter(storage, MemoryIndex()) for _ in range(2)]
    ids = []
    for number, writer in enumerate(writers):
        blobs = [writer.add_bytes(bytes([byte]) * 50_000) for byte in (7, 8 + number)]
        ids += [bytes.fromhex(blob.digest) for blob in blobs]
    packs = [writer.flush()[0] for writer in writers]
    learn_packs(storage, catalog, packs)
    assert KnownIndex(storage, catalog).has_all(ids)
    assert not KnownIndex(storage, catalog).has_all([*ids, bytes(32)])
    storage.delete(pack_key(packs[0]))
    assert KnownIndex(storage, catalog).has_all([ids[0], ids[3]])
    assert not KnownIndex(storage, catalog).has_all(ids)


def test_a_damaged_catalog_is_made_anew(tmp_path: Path) -> None:
    """Whoever meets the damage is told once; then all is there again, without a command to be given."""

    def reopen() -> Store:
        repository = open_repository(str(tmp_path / "store"), cache=tmp_path / "cache", owner="me")
        return Store(repository, "test")

    store = reopen()
    made = [store.add(f"name-{number}", {"text": "x" * 1000}) for number in range(100)]
    store.ls()
    store.close()
    (catalog,) = (tmp_path / "cache").rglob("catalog.db")
    data = bytearray(catalog.read_bytes())
    for at in range(4096, len(data), 4096):
        data[at : at + 64] = os.urandom(64)
    catalog.write_bytes(data)
    with pytest.raises(StorageError, match="damaged"):
        reopen()
    assert set(reopen().ls()) == set(made)
