"""Descriptions, listings and data that a remote has lost: their versions are left and told, all others are pulled."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from stook.chunks import read_pack_index
from stook.errors import IntegrityError
from stook.format import records, trees
from stook.format.packs import pack_key
from stook.model.clock import Clock
from stook.model.record import BundleRecord, Manifest
from stook.model.tree import Blob, File
from stook.storage.protocol import Storage
from stook.store import Bundle, Store
from stook.store.packs.chunk_index import list_packs
from stook.store.packs.reach import needed_ids
from stook.store.remotes.pull import Pulled
from stook.testing import FaultProxy
from tests.unit.store.remotes.conftest import OpenStore, Place


def _described(store: Store, count: int) -> list[Bundle]:
    """Add bundles with descriptions that are too long for their records."""
    made = [
        store.add(f"n{number}", number, params={"long": os.urandom(30_000).hex()}) for number in range(count)
    ]
    assert all(one.record.manifest is None for one in made)
    return made


def _description_of(bundle: Bundle) -> bytes:
    blob = bundle.record.manifest_blob
    assert blob is not None
    return bytes.fromhex(blob.chunks[0] if blob.chunks else blob.digest)


def _there(store: Store) -> Storage:
    there = store.at_remote()
    there.close()
    return there.repository.storage


def _pack_of(storage: Storage, chunk: bytes) -> str:
    (found,) = [
        pack
        for pack in list_packs(storage)
        if chunk in {entry.id for entry in read_pack_index(storage, pack)}
    ]
    return found


def _spoil(storage: Storage, *chunks: bytes) -> Callable[[], None]:
    """Change a byte of each of some chunks of one pack; return what mends it."""
    pack = _pack_of(storage, chunks[0])
    data = storage.get(pack_key(pack)).data
    spoilt = bytearray(data)
    for entry in read_pack_index(storage, pack):
        if entry.id in chunks:
            spoilt[entry.offset + entry.stored // 2] ^= 1
    _replace(storage, pack_key(pack), bytes(spoilt))
    return lambda: _replace(storage, pack_key(pack), data)


def _replace(storage: Storage, key: str, data: bytes) -> None:
    storage.delete(key)
    storage.put_new(key, data)


def _forge(store: Store, record: BundleRecord) -> None:
    there = store.at_remote()
    there.repository.log.append([records.dump(msgspec.structs.replace(record, context=there.context_id()))])
    there.close()


def _left(store: Store, *names: str, data: bool = False) -> Pulled:
    with pytest.raises(IntegrityError) as caught:
        store.pull(*names, data=data)
    done = caught.value.facts["pulled"]
    assert isinstance(done, Pulled)
    return done


def test_a_damaged_description_costs_only_its_own_version(ann: Store, bob: Store) -> None:
    """Of many in one pack all others come, also those of that pack; once it is mended, it comes too."""
    made = _described(ann, 12)
    ann.push(every=True)
    mend = _spoil(_there(ann), _description_of(made[5]))
    done = _left(bob)
    assert done.bundles == tuple(one.ref for one in made if one is not made[5])
    (refused,) = done.refused
    assert (refused.ref, refused.part, refused.kind) == (made[5].ref, "bundle", "damaged-chunk")
    assert refused.reason == "its description is damaged there"
    assert bob.verify(deep=True).is_clean
    mend()
    assert bob.pull().bundles == (made[5].ref,)
    assert bob.get("n5").params == made[5].params


def test_a_pack_that_is_gone_costs_all_that_need_it(ann: Store, bob: Store) -> None:
    """Those whose descriptions were in it are left, each of them told; the versions of other packs come."""
    early = _described(ann, 6)
    ann.push(every=True)
    late = [
        ann.add(f"late{number}", number, params={"long": os.urandom(30_000).hex()}) for number in range(3)
    ]
    ann.push(every=True)
    storage = _there(ann)
    key = pack_key(_pack_of(storage, _description_of(early[0])))
    data = storage.get(key).data
    storage.delete(key)
    done = _left(bob)
    assert done.bundles == tuple(one.ref for one in late)
    assert {one.ref for one in done.refused} == {one.ref for one in early}
    assert {one.reason for one in done.refused} == {"its description is missing there"}
    again = _left(bob, "n0", "late0")
    assert (again.bundles, [one.ref for one in again.refused]) == ((), [early[0].ref])
    storage.put_new(key, data)
    assert bob.pull().bundles == tuple(one.ref for one in early)


def _listed(store: Store, path: Path) -> Bundle:
    """Add a file of so many chunks that a listing names them."""
    path.write_bytes(os.urandom(30_000_000))
    made = store.add(path.stem, path)
    tree = made.manifest.tree
    assert isinstance(tree, File)
    assert tree.blob.listing is not None
    return made


def _listing_of(bundle: Bundle) -> bytes:
    tree = bundle.manifest.tree
    assert isinstance(tree, File)
    assert tree.blob.listing is not None
    return bytes.fromhex(tree.blob.listing.digest)


def test_a_listing_that_is_damaged_is_as_a_description(ann: Store, bob: Store, tmp_path: Path) -> None:
    """Its version is left, of which nothing stays but chunks that are collected; the other comes."""
    raw = ann.add("raw", [1] * 9000)
    large = _listed(ann, tmp_path / "large.bin")
    ann.push(every=True)
    mend = _spoil(_there(ann), _listing_of(large))
    assert _left(bob).bundles == (raw.ref,)
    assert (bob.find("large"), bob.get("raw").data) == (None, [1] * 9000)
    bob.gc()
    assert bob.verify(deep=True).is_clean
    mend()
    assert bob.pull("large", data=True).bundles == (large.ref,)
    assert (bob.get("large").data).read_bytes() == (tmp_path / "large.bin").read_bytes()


def test_a_forged_listing_does_not_stop_collection(ann: Store, bob: Store) -> None:
    """A listing whose chunks are there, and are not what it should be, would make it unknown what its version needs."""
    parts = [ann.add(f"part{number}", {"bytes": os.urandom(6_400)}) for number in range(2)]
    ann.push(every=True)
    storage = _there(ann)
    entries = [entry for pack in list_packs(storage) for entry in read_pack_index(storage, pack)]
    ids = [entry.id.hex() for entry in entries if entry.size >= 6_400][:2]
    size = sum(entry.size for entry in entries if entry.id.hex() in ids)
    listing = Blob(size - size % 32, "ab" * 32, chunks=tuple(ids))
    tree = File("x", Blob(size, "cd" * 32, listing=listing))
    _forge(
        ann,
        msgspec.structs.replace(
            parts[0].record,
            id=Clock().new_id(),
            name="evil",
            digest=trees.digest_tree(tree),
            manifest=Manifest(tree),
        ),
    )
    done = _left(bob)
    assert len(done.bundles) == 2
    assert [one.part for one in done.refused] == ["bundle"]
    bob.gc()
    assert bob.verify().is_clean


def test_of_data_that_is_damaged_there_the_record_comes(ann: Store, bob: Store) -> None:
    """With data, what is said of the version is here, its data is told as left; all other data is here."""
    made = [ann.add(f"n{number}", {"bytes": os.urandom(50_000)}) for number in range(8)]
    ann.push(every=True)
    storage = _there(ann)
    chunk = next(iter(_chunks_of(ann, made[3])))
    mend = _spoil(storage, chunk)
    done = _left(bob, data=True)
    assert done.bundles == tuple(one.ref for one in made)
    assert [(one.ref, one.part, one.reason) for one in done.refused] == [
        (made[3].ref, "data", "its data is damaged there")
    ]
    assert done.transferred.size > 7 * 50_000
    (elsewhere,) = bob.verify(deep=True).elsewhere
    assert elsewhere.bundles == 1
    again = _left(bob, data=True)
    assert (again.bundles, again.transferred.chunks) == ((), 0)
    mend()
    assert bob.pull(data=True).transferred.chunks == 1
    bob.remove_remote("origin")
    assert bob.get("n3").data == made[3].data


def _chunks_of(store: Store, bundle: Bundle) -> list[bytes]:
    return list(needed_ids(store.repository.reader(), bundle.record))


def test_data_of_what_was_known_comes_but_for_what_is_lost(ann: Store, bob: Store) -> None:
    """Where only data was to come it is told apart from nothing; where none could come, it is nothing."""
    made = [ann.add(f"n{number}", {"bytes": os.urandom(50_000)}) for number in range(3)]
    ann.push(every=True)
    bob.pull()
    _spoil(_there(ann), _chunks_of(ann, made[0])[0])
    with pytest.raises(IntegrityError, match="all else was taken") as caught:
        bob.pull(data=True)
    assert caught.value.hint.startswith("stook verify --deep --remote origin")
    with pytest.raises(IntegrityError, match="nothing was pulled"):
        bob.pull(data=True)
    with pytest.raises(IntegrityError, match="nothing was pulled"):
        bob.pull("n0", data=True)


def test_data_that_is_here_is_not_missed_there(ann: Store, bob: Store) -> None:
    """Only versions whose data is nowhere are told, though their pack is gone for all."""
    made = [ann.add(f"n{number}", {"bytes": os.urandom(50_000)}) for number in range(3)]
    ann.push(every=True)
    bob.pull("n1", data=True)
    bob.pull()
    storage = _there(ann)
    for pack in list_packs(storage):
        storage.delete(pack_key(pack))
    done = _left(bob, data=True)
    assert [(one.ref, one.reason) for one in done.refused] == [
        (one.ref, "its data is missing there") for one in (made[0], made[2])
    ]


def test_what_was_removed_here_is_not_brought_back_without_its_description(ann: Store, bob: Store) -> None:
    """A version that was removed and collected stays so where its description cannot be had."""
    (made,) = _described(ann, 1)
    ann.push(every=True)
    bob.pull()
    bob.rm("n0")
    bob.gc()
    mend = _spoil(_there(ann), _description_of(made))
    done = _left(bob, "n0")
    assert (done.restored, [one.ref for one in done.refused]) == ((), [made.ref])
    assert bob.search() == []
    mend()
    assert bob.pull("n0").restored == (made.ref,)


@pytest.mark.parametrize(("harm", "lost"), [("one", 1), ("many", 20), ("gone", 60)])
def test_what_is_lost_costs_a_few_requests(s3_place: Place, machine: OpenStore, harm: str, lost: int) -> None:
    """It is found out for all together: not by asking for descriptions one by one, be it one or many of them."""
    ann = machine("ann")
    ann.add_remote("origin", s3_place.url, s3_place.options)
    made = _described(ann, 60)
    ann.push(every=True)
    with FaultProxy(s3_place.endpoint) as proxy:
        bob = machine("bob")
        bob.add_remote("origin", s3_place.url, {**s3_place.options, "endpoint": proxy.endpoint})
        storage, chunks = _there(ann), [_description_of(one) for one in made]
        if harm == "gone":
            storage.delete(pack_key(_pack_of(storage, chunks[0])))
        else:
            _spoil(storage, *chunks[:lost])
        proxy.set_faults()
        assert len(_left(bob).refused) == lost
        assert len(proxy.requests) <= 20, proxy.requests
