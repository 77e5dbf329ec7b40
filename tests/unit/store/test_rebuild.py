"""The catalog made again from the log and the packs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import stook
from stook.store import Store
from stook.store.open import reopen
from stook.store.rebuild import rebuild
from stook.store.verify import verify

pytestmark = pytest.mark.filterwarnings("ignore:a part of the log is lost")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The store's folder."""
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> Store:
    """A store with bundles in two contexts, one removed and one tagged."""
    store = stook.open(root, context="first")
    for number in range(5):
        store.add("values", {"number": number})
    store.add("bytes", {"text": "x" * 100_000})
    store.rm(store.get("values"))
    store.tag(store.get("bytes"), {"stage": "raw"})
    stook.open(root, context="second").add("other", [1, 2])
    store.refresh()
    return store


def seen(store: Store) -> object:
    """Return what a store shows."""
    return [(b.ref, b.tags, b.data) for name in ("values", "bytes") for b in store.versions(name)]


def test_a_catalog_is_made_again_as_it_was(store: Store) -> None:
    """Names, versions, tags, removals and chunks are those of before, and are counted."""
    before = seen(store)
    done = rebuild(store)
    assert (done.bundles, done.packs, done.rescued, done.problems) == (7, 1, 0, ())
    assert done.chunks >= 1
    assert seen(store) == before
    assert stook.open(store.repository.url, context="second").get("other").data == [1, 2]


def test_what_the_catalog_believes_of_packs_does_not_stay(store: Store, root: Path) -> None:
    """A pack that is not there is forgotten, and one that was unknown is learned."""
    chunks = store.repository.catalog.chunks
    (pack,) = chunks.packs()
    chunks.forget_pack(pack)
    chunks.add("data/" + "0" * 64, [])
    rebuild(store)
    assert chunks.packs() == {pack}
    assert chunks.entries(pack)


def test_damage_is_passed_over_and_reported(store: Store, root: Path) -> None:
    """A damaged pack and a damaged record are reported; everything else is taken."""
    path = next(root.glob("packs/*/*/*.pack"))
    path.write_bytes(path.read_bytes()[:-1])
    store.repository.catalog.reset()
    flip_in_log(root, b'"number":1')
    done = rebuild(store)
    assert sorted(problem.kind for problem in done.problems) == ["damaged-log", "damaged-pack"]
    assert done.bundles == 6
    assert len(store.repository.catalog.damage()) == 1
    assert [bundle.data["number"] for bundle in store.versions("values")] == [3, 2, 0]


def test_records_that_only_the_catalog_has_are_written_again(store: Store, root: Path) -> None:
    """What the log lost and this machine's catalog still has is in the log again, for every machine."""
    before = seen(store)
    flip_in_log(root, b'"number":1')
    assert {problem.kind for problem in verify(store).problems} == {"damaged-log", "lost-record"}
    assert rebuild(store).rescued == 1
    assert seen(store) == before
    assert {problem.kind for problem in verify(store).problems} == {"damaged-log"}
    fresh = reopen(str(root), "first", str(root.parent / "cache2"), "tess")
    assert seen(fresh) == before


def test_a_context_without_a_name_is_named_again(store: Store, root: Path, tmp_path: Path) -> None:
    """Where the record of a context is lost, its bundles are found again under its name, if that is the one in use."""
    for segment in root.glob("log/*/0*"):
        data = segment.read_bytes()
        for name in (b"first", b"second"):
            data = data.replace(b'"name":"' + name + b'"', b'"name":"' + name.upper() + b'"')
        segment.write_bytes(data)
    fresh = reopen(str(root), "first", str(tmp_path / "fresh"), "tess")
    assert [bundle.name for bundle in fresh.ls()] == ["bytes", "values"]  # known by the id that a name has
    assert sum(problem.kind == "lost-context" for problem in verify(fresh).problems) == 2
    assert rebuild(fresh).rescued == 2
    assert [bundle.name for bundle in fresh.ls()] == ["bytes", "values"]
    (other,) = [context.name for context in fresh.repository.catalog.contexts() if context.name != "first"]
    assert other.startswith("recovered-")
    assert reopen(str(root), other, str(tmp_path / "fresh"), "tess").get("other").data == [1, 2]


def test_others_see_the_old_catalog_until_the_new_one_is_there(store: Store, root: Path) -> None:
    """A reader of the same catalog finds every bundle at every moment."""
    other = stook.open(root, context="first")
    catalog, context = other.repository.catalog, other.find_context_id()
    assert context is not None
    misses, stop = [], threading.Event()

    def look() -> None:
        while not stop.is_set():
            if catalog.find_latest(context, "bytes") is None:
                misses.append(1)

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(20):
        rebuild(store)
    stop.set()
    reader.join()
    assert not misses


def flip_in_log(root: Path, text: bytes) -> None:
    """Change a byte of the record in which a text is; values are in base64 there."""
    import base64

    for path in root.glob("log/*/0*"):
        data = bytearray(path.read_bytes())
        for shown in (text, base64.b64encode(b'{"number":' + text.rpartition(b":")[2] + b"}")):
            if (at := data.find(shown)) >= 0:
                data[at] ^= 1
                path.write_bytes(data)
                return
    raise AssertionError
