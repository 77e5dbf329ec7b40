"""Data that comes from a remote when it is used."""

from __future__ import annotations

import os
import pickle
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from stook.errors import IntegrityError, StorageError
from stook.format.packs import pack_key
from stook.model.tree import File
from stook.store import Store
from stook.store.open import reopen
from stook.store.remotes.cloning import clone
from stook.store.verify import verify
from stook.testing import FaultProxy
from tests.small_disks import small_disk_at
from tests.unit.store.remotes.conftest import OpenStore, Place
from tests.unit.store.remotes.filling import fill


@pytest.fixture
def ann(place: Place, machine: OpenStore) -> Store:
    """A store that pushes to the remote."""
    store = machine("ann")
    store.add_remote("origin", place.url, place.options)
    return store


def _clone(store: Store, place: Place) -> Store:
    clone(store, place.url, options=place.options)
    return store


def _pack_bytes(store: Store) -> int:
    return sum(entry.size for entry in store.repository.storage.list("packs/"))


def _lose_packs(store: Store, area: str) -> None:
    for entry in list(store.repository.storage.list(f"packs/{area}")):
        store.repository.storage.delete(entry.key)


def test_only_what_is_read_comes_until_it_is_much(ann: Store, place: Place, machine: OpenStore) -> None:
    """Two small bundles of one large pack come alone; with the third the pack comes whole, and serves all others."""
    refs = fill(ann, 300)
    ann.push(every=True)
    bob = _clone(machine("bob"), place)
    for number, ref in enumerate(refs[:2], 1):
        assert bob.get(ref).data.read_bytes() == ann.get(ref).data.read_bytes()
        assert _pack_bytes(bob) < number * 11_000
    bob.get(refs[2]).data  # noqa: B018 - which reads it
    assert _pack_bytes(bob) > 3_000_000
    bob.remove_remote("origin")
    assert all(bob.get(ref).data.read_bytes() for ref in refs)


def test_many_may_want_the_same_at_once(ann: Store, place: Place, machine: OpenStore, tmp_path: Path) -> None:
    """Threads of one process, and others beside it with a cache of their own, all get what they read."""
    (tmp_path / "large.bin").write_bytes(os.urandom(3_000_000))
    bundle = ann.add("large", tmp_path / "large.bin")
    ann.push(every=True)
    stores = [_clone(machine("bob"), place), *(machine("bob", cache=f"other{number}") for number in range(2))]

    def read(number: int) -> bytes:
        item = stores[number % 3].get(bundle.id).tree
        return stores[number % 3].repository.reader().read(item.blob)  # type: ignore[union-attr]

    with ThreadPoolExecutor(9) as pool:
        found = set(pool.map(read, range(9)))
    assert found == {(tmp_path / "large.bin").read_bytes()}
    assert verify(stores[0], deep=True, quarantine=False).is_clean


def test_what_many_ask_for_at_once_comes_once(ann: Store, place: Place, machine: OpenStore) -> None:
    """However many threads miss the same chunk in the same moment, there is one pack with it afterwards."""
    ref = fill(ann, 50)[7]
    ann.push(every=True)
    bob = _clone(machine("bob"), place)
    bundle, backing = bob.get(ref), bob.repository.backing
    assert isinstance(bundle.tree, File)
    assert backing is not None
    id_, start = bytes.fromhex(bundle.tree.blob.digest), threading.Barrier(6)

    def bring(_: int) -> bool:
        start.wait(30)
        return backing.bring([id_])

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(bring, range(6)))
    assert len(list(bob.repository.storage.list("packs/"))) == 1


def test_a_writer_may_read_what_is_not_here_while_garbage_waits(
    ann: Store, place: Place, machine: OpenStore, tmp_path: Path
) -> None:
    """Fetching within a writer's work waits for no collector, and the collector for it no longer than it says."""
    ann.add("raw", list(range(30_000)))
    ann.push(every=True)
    bob, other = _clone(machine("bob"), place), machine("bob", cache="other")
    with bob.repository.writer() as writer:
        writer.add_bytes(os.urandom(200_000))
        writer.flush()
        collecting = threading.Thread(target=other.gc)
        collecting.start()
        assert bob.get("raw").data == list(range(30_000))
        collecting.join(60)
        assert not collecting.is_alive()
    assert other.verify(deep=True).is_clean


def test_collecting_garbage_fetches_descriptions_that_were_lost(
    ann: Store, place: Place, machine: OpenStore
) -> None:
    """A collector that misses a description takes it from the remote, and does not wait for itself."""
    ann.add("raw", {str(number): os.urandom(300) for number in range(500)}, params={"x": "y" * 40_000})
    ann.push(every=True)
    bob = _clone(machine("bob"), place)
    _lose_packs(bob, "meta")
    assert bob.gc().problems == ()
    assert len(list(bob.repository.storage.list("packs/meta"))) == 1


def test_a_lost_pack_heals(ann: Store, place: Place, machine: OpenStore, tmp_path: Path) -> None:
    """What this store itself made and pushed comes back from there when its own packs are gone, to all that read it."""
    (tmp_path / "large.bin").write_bytes(os.urandom(3_000_000))
    ann.add("raw", list(range(30_000)))
    ann.add("large", tmp_path / "large.bin")
    ann.push(every=True)
    _lose_packs(ann, "data")
    found = ann.verify()
    assert (found.problems, [(one.remote, one.bundles) for one in found.elsewhere]) == ((), [("origin", 2)])
    fresh = machine("ann", cache="fresh")
    assert ann.get("raw").data == fresh.get("raw").data == list(range(30_000))
    assert ann.get("large").data.read_bytes() == (tmp_path / "large.bin").read_bytes()
    found = ann.verify(deep=True)
    assert (found.problems, found.elsewhere) == ((), ())


def test_a_folder_that_is_away_is_named(tmp_path: Path, machine: OpenStore) -> None:
    """Where the remote cannot be reached, the error says whose data it is and where; when it is back, it is read."""
    place = Place(str(tmp_path / "remote"))
    ann = machine("ann")
    ann.add_remote("origin", place.url)
    raw = ann.add("raw", {"a": list(range(30_000))})
    ann.push(every=True)
    bob = _clone(machine("bob"), place)
    (tmp_path / "remote").rename(tmp_path / "away")
    with pytest.raises(StorageError) as caught:
        bob.get("raw").data  # noqa: B018
    error = caught.value
    assert (error.exit_code, error.kind) == (6, "remote-unreachable")
    assert raw.ref in error.message
    assert f"origin ({place.url})" in error.message
    assert error.hint == "stook remote check origin"
    assert [one.ref for one in bob.ls()] == [raw.ref]
    assert bob.verify().elsewhere[0].bundles == 1
    assert bob.du().names[0].versions == 1
    (tmp_path / "away").rename(tmp_path / "remote")
    assert bob.get("raw").data == {"a": list(range(30_000))}


def test_a_server_that_is_stopped_is_named(s3_place: Place, machine: OpenStore) -> None:
    """A server that does not answer any more is an error of its own, and no damage; what is here is read without it."""
    ann = machine("ann")
    ann.add_remote("origin", s3_place.url, s3_place.options)
    ann.add("raw", list(range(30_000)))
    ann.add("small", 1)
    ann.push(every=True)
    with FaultProxy(s3_place.endpoint) as proxy:
        options = {**s3_place.options, "endpoint": proxy.endpoint}
        bob = _clone(machine("bob"), Place(s3_place.url, options))
    assert bob.get("small").data == 1
    assert bob.verify().is_clean
    with pytest.raises(StorageError, match="which cannot be asked") as caught:
        bob.get("raw").data  # noqa: B018
    assert caught.value.kind == "remote-unreachable"
    with pytest.raises(StorageError):
        bob.pull()


@pytest.mark.parametrize("full", ["store", "cache"])
def test_a_full_disk_here_is_not_blamed_on_the_remote(
    tmp_path: Path, place: Place, ann: Store, full: str
) -> None:
    """What this side cannot take is an error of its own, which says what to do here."""
    (tmp_path / "large.bin").write_bytes(os.urandom(3_000_000))
    ann.add("large", tmp_path / "large.bin")
    ann.push(every=True)
    with small_disk_at(tmp_path / "disk", 2) as disk:
        folders = {"store": tmp_path / "roomy", "cache": tmp_path / "wide"} | {full: disk / "small"}
        bob = _clone(reopen(str(folders["store"]), "main", str(folders["cache"]), "bob"), place)
        if full == "cache":
            _fill_up(disk)
        with pytest.raises(StorageError) as caught:
            bob.get("large").data.read_bytes()
        assert caught.value.kind in {"disk-full", "catalog-failed", "catalog-unusable"}
        assert "origin" not in caught.value.message
        assert "remote" not in caught.value.hint


def test_a_closed_folder_here_is_not_blamed_on_the_remote(
    place: Place, ann: Store, machine: OpenStore
) -> None:
    """A store that may not be written to says so where data would come into it."""
    ann.add("raw", list(range(30_000)))
    ann.push(every=True)
    bob = _clone(machine("bob"), place)
    (Path(bob.repository.url) / "packs").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        bob.get("raw").data  # noqa: B018
    assert caught.value.kind == "key-clash"
    assert bob.repository.url in caught.value.message


def _fill_up(disk: Path) -> None:
    with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_data_that_is_nowhere_says_who_was_asked(tmp_path: Path, machine: OpenStore) -> None:
    """Where every remote answers and none has it, it is damage, and the error names them all."""
    ann = machine("ann")
    for name in ("origin", "backup"):
        ann.add_remote(name, str(tmp_path / name))
    raw = ann.add("raw", list(range(30_000)))
    ann.push(every=True)
    for pack in raw.record.packs:
        (tmp_path / "origin" / pack_key(pack)).unlink()
    _lose_packs(ann, "data")
    with pytest.raises(IntegrityError, match="nor is it on") as caught:
        ann.get("raw").data  # noqa: B018
    assert caught.value.kind in {"missing-chunk", "missing-pack"}
    assert all(str(tmp_path / name) in caught.value.message for name in ("origin", "backup"))


def test_the_second_remote_is_asked_where_the_first_is_away(tmp_path: Path, machine: OpenStore) -> None:
    """One remote that has the data is enough, whatever becomes of the others."""
    ann = machine("ann")
    for name in ("origin", "backup"):
        ann.add_remote(name, str(tmp_path / name))
        ann.add("raw", list(range(30_000)))
        ann.push(every=True, remote=name)
    _lose_packs(ann, "data")
    shutil.rmtree(tmp_path / "origin")
    assert ann.get("raw").data == list(range(30_000))


def test_what_is_damaged_there_is_not_taken(tmp_path: Path, machine: OpenStore) -> None:
    """Bytes that are not those of their digest never come here."""
    ann = machine("ann")
    ann.add_remote("origin", str(tmp_path / "origin"))
    raw = ann.add("raw", os.urandom(100_000))
    ann.push(every=True)
    bob = _clone(machine("bob"), Place(str(tmp_path / "origin")))
    path = tmp_path / "origin" / pack_key(raw.record.packs[0])
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match="on origin") as caught:
        bob.get("raw").data  # noqa: B018
    assert caught.value.hint == "stook verify --deep --remote origin"
    assert caught.value.facts["bundle"] == raw.ref
    assert verify(bob, deep=True, quarantine=False).problems == ()


def test_a_remote_has_a_bundle_only_with_its_content(ann: Store) -> None:
    """Which remote has a bundle is told by id and digest, and not of one that was removed there."""
    raw, other = ann.add("raw", 1), ann.add("other", 2)
    ann.push(every=True)
    backing = ann.repository.backing
    assert backing is not None
    wanted = {raw.id: raw.digest, other.id: raw.digest}
    assert backing.find_holders(wanted) == {raw.id: "origin"}
    there = ann.at_remote()
    there.rm("raw")
    there.close()
    assert backing.find_holders(wanted) == {}


def test_a_store_that_was_pickled_fetches_too(ann: Store, place: Place, machine: OpenStore) -> None:
    """Another process that gets a bundle reads it from the remote as this one would."""
    ann.add("raw", list(range(30_000)))
    ann.push(every=True)
    bob = _clone(machine("bob"), place)
    there = pickle.loads(pickle.dumps(bob.get("raw")))  # noqa: S301
    assert there.data == list(range(30_000))


def test_a_store_without_remotes_asks_nobody(machine: OpenStore) -> None:
    """What is lost where there are no remotes is damage, as ever."""
    ann = machine("ann")
    ann.add("raw", list(range(30_000)))
    _lose_packs(ann, "data")
    with pytest.raises(IntegrityError) as caught:
        ann.get("raw").data  # noqa: B018
    assert "nor is it" not in caught.value.message
    assert not ann.verify().is_clean
