"""Stores that have records whose data is on a remote: every verb on them works, or says where the data is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec import structs

from stook.errors import NotFoundError, StorageError
from stook.format import records
from stook.format.packs import pack_key
from stook.model.clock import Clock
from stook.model.tree import File
from stook.store import Bundle, Store
from stook.store.remotes.cloning import clone
from stook.store.verify import verify
from stook.store.words.remove import has_content
from tests.unit.store.remotes.conftest import OpenStore, Place


@pytest.fixture
def ann(place: Place, machine: OpenStore) -> Store:
    """A store that pushed: values, a folder, a large file, and two versions of a table's worth of numbers."""
    store = machine("ann")
    store.add_remote("origin", place.url, place.options)
    return store


@pytest.fixture
def bundles(ann: Store, tmp_path: Path) -> list[Bundle]:
    """What it pushed."""
    given = tmp_path / "given"
    given.mkdir()
    for number in range(40):
        (given / f"{number}.bin").write_bytes(os.urandom(6_000))
    (tmp_path / "large.bin").write_bytes(os.urandom(6_000_000))
    made = [
        ann.add("folder", given),
        ann.add("large", tmp_path / "large.bin"),
        ann.add("numbers", list(range(20_000))),
        ann.add("numbers", list(range(20_001))),
        ann.add("small", 1),
    ]
    ann.push(every=True)
    return made


@pytest.fixture
def bob(bundles: list[Bundle], place: Place, machine: OpenStore) -> Store:
    """A store that has the records alone."""
    store = machine("bob")
    clone(store, place.url, options=place.options)
    return store


def _counted(store: Store, *, deep: bool = False) -> list[tuple[str, int]]:
    found = verify(store, deep=deep)
    assert found.problems == ()
    return [(one.remote, one.bundles) for one in found.elsewhere]


def _drop_packs(folder: str, bundle: Bundle) -> None:
    for pack in bundle.record.packs:
        (Path(folder) / pack_key(pack)).unlink()


def test_what_is_on_a_remote_is_no_damage(bob: Store, bundles: list[Bundle]) -> None:
    """Verify counts the bundles whose data is elsewhere, by remote, until it is here; with every byte read likewise."""
    assert _counted(bob) == [("origin", 4)]
    assert _counted(bob, deep=True) == [("origin", 4)]
    assert verify(bob, names=["large", "small"]).elsewhere[0].bundles == 1
    assert bob.get("large").data.stat().st_size == 6_000_000
    assert _counted(bob) == [("origin", 3)]
    bob.pull(data=True)
    assert _counted(bob, deep=True) == []


def test_what_a_remote_has_not_any_more_is_damage(bob: Store, bundles: list[Bundle], ann: Store) -> None:
    """Where the remote is known to have removed a bundle, its data being nowhere is a problem."""
    there = ann.at_remote()
    there.rm(there.get(bundles[1].id))
    there.close()
    assert _counted(bob) == [("origin", 4)]
    bob.fetch()
    found = verify(bob)
    assert [one.bundles for one in found.elsewhere] == [3]
    assert [problem.place for problem in found.problems] == [bundles[1].ref]


def test_a_pack_that_is_damaged_here_comes_from_there(ann: Store, bundles: list[Bundle]) -> None:
    """A damaged pack is a problem that names no bundles, since the remote has what was lost; reading mends it."""
    root = Path(ann.repository.url)
    path = root / pack_key(bundles[1].record.packs[0])
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    found = ann.verify(deep=True)
    assert [(problem.kind, problem.bundles) for problem in found.problems] == [("damaged-pack", ())]
    assert found.problems[0].hint == "nothing: it comes from origin"
    assert [(one.remote, one.bundles) for one in found.elsewhere] == [("origin", 1)]
    assert ann.get("large").data.stat().st_size == 6_000_000
    assert ann.verify(deep=True).is_clean


def test_what_is_wrong_in_itself_is_damage_wherever_it_is(ann: Store, bob: Store) -> None:
    """A bundle whose record and items do not agree is reported, though a remote has it just so."""
    record = structs.replace(ann.add("wrong", list(range(20_000))).record, id=Clock().new_id(), size=7)
    ann.repository.log.append([records.dump(record)])
    ann.push(every=True)
    bob.pull()
    for store in (ann, bob):
        found = verify(store)
        assert [problem.kind for problem in found.problems] == [
            "damaged-bundle" if store is ann else "missing-chunk"
        ]
        assert "its record says 7" in found.problems[0].message


def test_garbage_collection_goes_on(bob: Store, bundles: list[Bundle]) -> None:
    """What is not here is not missed; what was fetched stays while a bundle needs it, and goes with it."""
    assert bob.gc().problems == ()
    assert bob.get("large").data.stat().st_size == 6_000_000
    assert bob.gc().swept.count == 0
    bob.rm("large")
    assert bob.gc().swept.bytes > 5_000_000
    assert _counted(bob) == [("origin", 3)]


def test_listings_need_no_data(bob: Store, bundles: list[Bundle]) -> None:
    """What is told of bundles is told without any of their data."""
    before = list(bob.repository.storage.list("packs/"))
    assert [one.name for one in bob.ls()] == ["folder", "large", "numbers", "small"]
    assert sum(use.versions for use in bob.du().names) == 5
    assert [path for path, _ in bob.get("folder").items()] == [""]
    assert len(bob.log("numbers")) == 2
    assert list(bob.repository.storage.list("packs/")) == before


def test_reading_verbs_fetch(bob: Store, bundles: list[Bundle], tmp_path: Path) -> None:
    """Checkout, diff, trace and reading a part all get what they need."""
    bob.checkout("folder", tmp_path / "out")
    assert (tmp_path / "out" / "7.bin").read_bytes() == (tmp_path / "given" / "7.bin").read_bytes()
    numbers = bob.versions("numbers")
    assert bob.diff(numbers[1], numbers[0])
    assert [one.bundle.id for one in bob.trace(tmp_path / "large.bin").sightings] == [bundles[1].id]
    large = bob.get("large").tree
    assert isinstance(large, File)
    wanted = (tmp_path / "large.bin").read_bytes()[3_000_000:3_000_100]
    assert bob.repository.reader().read_range(large.blob, 3_000_000, 100) == wanted


def test_what_was_removed_here_comes_back(bob: Store, bundles: list[Bundle]) -> None:
    """A bundle whose data never was here can be removed and restored: the remote has it, and that is enough."""
    large = bob.get("large")
    bob.rm(large)
    bob.gc()
    assert has_content(bob, large)
    assert bob.restore(large) == [large]
    assert _counted(bob) == [("origin", 4)]
    assert large.data.stat().st_size == 6_000_000


def test_what_was_removed_on_both_sides_comes_back_while_it_can(tmp_path: Path, machine: OpenStore) -> None:
    """Restoring takes the data from a remote that may have it still; where it has not, it says so."""
    ann = machine("ann")
    ann.add_remote("origin", str(tmp_path / "remote"))
    kept, lost = ann.add("kept", list(range(20_000))), ann.add("lost", list(range(30_000)))
    ann.push(every=True)
    bob = machine("bob")
    clone(bob, str(tmp_path / "remote"))
    bob.rm("kept", "lost")
    there = ann.at_remote()
    there.rm("kept", "lost")
    there.close()
    _drop_packs(str(tmp_path / "remote"), lost)
    bob.fetch()
    assert not has_content(bob, kept)
    assert bob.restore(kept.id)[0].data == list(range(20_000))
    with pytest.raises(NotFoundError, match="collected"):
        bob.restore(lost.id)
    (tmp_path / "remote").rename(tmp_path / "away")
    with pytest.raises(StorageError, match="cannot be asked"):
        bob.restore(lost.id)
