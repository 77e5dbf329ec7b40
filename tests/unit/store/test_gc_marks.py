"""Everything that bundles refer to is kept, whatever kind it is."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from blake3 import blake3

import stook
from stook.errors import IntegrityError
from stook.format.packs import pack_key
from stook.model.tree import Blob, File
from stook.store import Store
from stook.store.gc import collect
from stook.store.gc.marking import Marks
from stook.store.gc.survey import look_at_packs
from stook.store.publish import Description, publish


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with a removed bundle, so that there is always something to collect."""
    store = stook.open(tmp_path / "store", context="test")
    store.rm(store.add("removed", os.urandom(50_000)))
    return store


def packs(store: Store) -> list[str]:
    """Return the keys of all packs."""
    return [entry.key for entry in store.repository.storage.list("packs/")]


def count_unmarked(store: Store) -> int:
    """Return the stored bytes of chunks that are not marked."""
    marks = Marks()
    store.refresh()
    marks.mark(store.repository.reader(), store.repository.catalog.iter_live())
    return sum(pack.dead for pack in look_at_packs(store.repository, marks).packs.values())


def test_every_kind_of_data_outlives_collection(store: Store, tmp_path: Path) -> None:
    """Values, files, folders, frames, containers of those, and bundles of other contexts read back; the removed go."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(300):  # so many that the description has a pack of its own
        (folder / f"{number}").write_bytes(os.urandom(100) + bytes(number))
    (folder / "big").write_bytes(
        random.Random(1).randbytes(20_000_000)
    )  # its listing of chunks is a chunk itself
    bundles = [
        store.add("value", os.urandom(9000)),
        store.add("folder", folder),
        store.add("file", folder / "big"),
        store.add("dict", {"a": [os.urandom(9000), {"b": folder / "7"}], "c": os.urandom(6000)}),
        store.in_context("other").add("value", os.urandom(9000)),
    ]
    assert bundles[1].record.manifest_blob is not None
    assert bundles[2].record.manifest is not None
    file = bundles[2].record.manifest.tree
    assert isinstance(file, File)
    assert file.blob.listing is not None
    assert file.blob.listing.data is None
    before = [bundle.digest for bundle in bundles]
    assert collect(store.repository).swept.count == 1
    assert count_unmarked(store) == 0
    (folder / "big").unlink()  # read from the packs, not from what an add may keep in mind
    again = stook.open(tmp_path / "store", context="test")
    for bundle, digest in zip(bundles, before, strict=True):
        kept = again.get(bundle.id)
        assert kept.digest == digest
        for _, leaf in kept.items():
            _check(kept, leaf)


def _check(bundle: stook.Bundle, leaf: object) -> None:
    reader = bundle.repository.reader()
    for blob in [leaf.blob] if hasattr(leaf, "blob") else [file.blob for file in leaf.files]:  # type: ignore[attr-defined]
        assert blake3(reader.read(blob)).hexdigest() == blob.digest


def test_listings_of_listings_are_kept(store: Store) -> None:
    """A file whose listing of chunks has a listing of its own reads back."""
    with store.repository.writer() as writer:
        pieces = [os.urandom(5000) for _ in range(300)]
        ids = [bytes.fromhex(writer.add_bytes(piece).digest) for piece in pieces]
        rows = [b"".join(ids[at : at + 150]) for at in range(0, 300, 150)]
        for row in rows:
            writer._packer.add(blake3(row).digest(), row)
        whole, inner = b"".join(ids), b"".join(blake3(row).digest() for row in rows)
        listing = Blob(len(whole), blake3(whole).hexdigest(), listing=_inline(inner))
        data = b"".join(pieces)
        blob = Blob(len(data), blake3(data).hexdigest(), listing=listing)
        description = Description.of("nested", params=None, tags=None, inputs=(), lineage=None)
        bundle = publish(store, File("nested", blob), writer, description)
    collect(store.repository)
    assert len(packs(store)) == 1
    assert count_unmarked(store) == 0
    assert store.repository.reader().read(store.get(bundle.id).tree.blob) == data  # type: ignore[union-attr]


def _inline(data: bytes) -> Blob:
    return Blob(len(data), blake3(data).hexdigest(), data=data)


def test_what_cannot_be_told_is_not_collected(store: Store, tmp_path: Path) -> None:
    """With a description that is damaged nothing is deleted, and the error names the bundle."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number}").write_bytes(os.urandom(40))
    bundle = store.add("folder", folder)
    meta = next(pack for pack in bundle.record.packs if pack.startswith("meta/"))
    path = tmp_path / "store" / pack_key(meta)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    before = packs(store)
    with pytest.raises(IntegrityError, match="folder@") as caught:
        collect(store.repository)
    assert caught.value.kind == "cannot-mark"
    assert packs(store) == before


def test_a_damaged_log_is_not_collected(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where records are lost, what they needed is not known: nothing is deleted."""
    for number in range(4):
        store.add("n", [number, os.urandom(5000)])
    (segment,) = (tmp_path / "store").glob("log/*/0*")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    monkeypatch.setenv("STOOK_CACHE", str(tmp_path / "fresh"))
    before = packs(store)
    with pytest.warns(UserWarning, match="lost"):
        fresh = stook.open(tmp_path / "store", context="test")
    with pytest.raises(IntegrityError) as caught:
        collect(fresh.repository)
    assert caught.value.kind == "damaged-log"
    assert packs(store) == before


def test_a_log_that_is_not_there_condemns_nothing(store: Store, tmp_path: Path) -> None:
    """A store whose log is gone altogether keeps its packs."""
    store.add("n", os.urandom(5000))
    (tmp_path / "store/log").rename(tmp_path / "log-elsewhere")
    before = packs(store)
    fresh = stook.open(tmp_path / "store", context="test")
    assert "log" in collect(fresh.repository).problems[0]
    assert packs(store) == before


def test_a_catalog_that_forgot_bundles_costs_nothing(store: Store) -> None:
    """What is needed is told by the log: a catalog that is being made again, or has lost some, does no harm."""
    bundle = store.add("n", os.urandom(50_000))
    store.refresh()
    with store.repository.catalog._database.transaction() as connection:
        connection.execute("DELETE FROM bundles")
    assert store.find("n") is None
    assert collect(store.repository).swept.count == 1
    store.repository.catalog.reset()
    assert store.get("n").data == bundle.data


def test_a_catalog_that_is_wrong_about_packs_costs_nothing(store: Store) -> None:
    """What a pack holds is read from the pack before it goes: a catalog that knows half of it does no harm."""
    data = [os.urandom(50_000) for _ in range(3)]
    bundle = store.add("n", {str(number): item for number, item in enumerate(data)})
    entries = store.repository.catalog.chunks.entries(bundle.record.packs[0])
    store.repository.catalog.chunks.forget_pack(bundle.record.packs[0])
    store.repository.catalog.chunks.tidy()
    store.repository.catalog.chunks.add(bundle.record.packs[0], entries[:0])
    collect(store.repository)
    fresh = stook.open(store.repository.url, context="test")
    assert fresh.get("n").data == {str(number): item for number, item in enumerate(data)}
