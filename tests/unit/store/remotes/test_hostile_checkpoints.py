"""Checkpoints that an attacker wrote: what they hide is told, kept and mended; what cannot be right is passed over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from stook.errors import IntegrityError
from stook.format import checkpoints, segments
from stook.format.encoding import to_json
from stook.log import FolderLog, Line, ObjectLog
from stook.log.lines import segment_key
from stook.model.clock import Clock
from stook.storage import open_storage
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store import Store
from stook.testing import FaultyStorage
from tests.unit.store.remotes.conftest import OpenStore

_W = "a" * 32
_FAR = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"


@pytest.fixture
def ann(machine: OpenStore, tmp_path: Path) -> Store:
    """A store in a folder that is shared, with a small bundle and one that has packs."""
    store = machine("team")
    store.add("good", {"a": 1})
    (tmp_path / "big").write_bytes(os.urandom(200_000))
    store.add("big", tmp_path / "big")
    return store


def _ends(storage: Storage) -> dict[str, int]:
    keys = [entry.key.split("/") for entry in storage.list("log")]
    return {writer: int(seq) for _, writer, seq in keys}


def _forge(storage: Storage, identifier: str, supersedes: Mapping[str, int]) -> None:
    storage.put_new(checkpoints.checkpoint_key(identifier), checkpoints.dump(identifier, supersedes, [], 0))


def _hide_all(store: Store) -> None:
    storage = store.repository.storage
    for writer, seq in _ends(storage).items():  # since the last one is read whatever covers it
        storage.put_new(segment_key(writer, seq + 1), segments.MAGIC)
    _forge(storage, store.repository.clock.new_id(), _ends(storage))


def test_what_a_checkpoint_hides_is_told_and_mended(ann: Store, machine: OpenStore) -> None:
    """A newcomer does not see what is left out; verify says so, and one rebuild makes all see it."""
    _hide_all(ann)
    bob = machine("bob")
    bob.add("mine", 1)
    bob.add_remote("origin", ann.repository.url)
    assert bob.pull().bundles == ()
    newcomer = machine("team", cache="newcomer")
    assert not newcomer.search()
    (problem,) = newcomer.verify().problems
    assert (problem.kind, problem.place[:12], bool(problem.hint)) == ("hidden-records", "checkpoints/", True)
    done = newcomer.rebuild()
    assert (done.rescued, done.bundles) == (3, 2)
    assert {one.name for one in newcomer.search()} == {"good", "big"}
    assert not newcomer.verify(deep=True).problems
    assert len(bob.pull(data=True).bundles) == 2


def test_what_a_checkpoint_hides_is_not_collected(ann: Store, machine: OpenStore) -> None:
    """A collector that sees nothing but the checkpoint keeps the packs of what that leaves out."""
    _hide_all(ann)
    machine("team", cache="newcomer").gc()
    assert {one.kind for one in ann.verify(deep=True).problems} == {"hidden-records", "lost-record"}
    ann.rebuild()
    assert not ann.verify(deep=True).problems


def test_what_is_appended_to_what_a_checkpoint_covers_is_read(ann: Store, machine: OpenStore) -> None:
    """In a folder the last segment of a writer grows: no checkpoint stands for what comes to it."""
    _forge(ann.repository.storage, ann.repository.clock.new_id(), _ends(ann.repository.storage))
    newcomer = machine("team", cache="newcomer")
    assert len(newcomer.search()) == 2
    ann.add("later", 1)
    assert len(newcomer.search()) == 3
    assert len(machine("team", cache="another").search()) == 3


def test_verify_says_nothing_of_an_honest_checkpoint(ann: Store, machine: OpenStore) -> None:
    """One with all records hides none, though a context was named anew since."""
    ann.rename_context("main", "other")
    storage, identifier = ann.repository.storage, ann.repository.clock.new_id()
    with ann.repository.catalog.whole() as whole:
        size = checkpoints.framed_size(whole.count, whole.size)
        data = checkpoints.dump(identifier, _ends(storage), whole.iter_records(), size)
    storage.put_new(checkpoints.checkpoint_key(identifier), data)
    assert not machine("team", context="other", cache="newcomer").verify().problems


def test_a_checkpoint_from_the_future_is_not_read(ann: Store, machine: OpenStore) -> None:
    """One that would be the newest for ever hides nothing."""
    _forge(ann.repository.storage, _FAR, _ends(ann.repository.storage))
    assert len(machine("team", cache="newcomer").search()) == 2


_ID = Clock().new_id()


def _header(text: str) -> bytes:
    return segments.frame(f'{{"type":"checkpoint","id":"{_ID}","supersedes":{text}}}'.encode())


@pytest.mark.parametrize(
    "frames",
    [
        _header(f'{{"{_W}":2}}'),
        _header(f'{{"{_W}":{2**63}}}'),
        _header(f'{{"{_W}":{2**70}}}'),
        _header(f'{{"{_W}":-1}}'),
        _header(f'{{"{_W}":1,"{"Ａ" * 32}":1}}'),
        _header(f'{{"../../{"a" * 26}":1}}'),
        _header(f'{{"{_W}":1}},"supersedes":{{}}'),
        _header("{}"),
        segments.frame(to_json(checkpoints.Header(_FAR, {_W: 1}))),
        segments.frame(b'{"type":"checkpoint","id":' + b"[" * 60_000),
        _header(f'{{"{_W}":1}}') + b"\0" * 100,
        _header(f'{{"{_W}":1}}') + segments.frame(b'{"type":1}') * 100_000,
        b"",
    ],
    ids=len,  # what they hold is another each time, and processes that share the tests must call them alike
)
def test_a_checkpoint_that_cannot_be_is_passed_over(frames: bytes) -> None:
    """Of other ids, writers and numbers than there can be, or of too many records: the segments are read instead."""
    storage = open_storage("memory:")
    ObjectLog(storage, _W).append([b'{"type":"x"}'])
    storage.put_new(checkpoints.checkpoint_key(_ID), segments.seal(segments.MAGIC + frames))
    found = [line for line in ObjectLog(storage, "b" * 32).read({}) if isinstance(line, Line)]
    assert [line.payload for line in found if line.position.seq] == [b'{"type":"x"}']
    assert len(found) < 10_000


def test_checkpoints_without_end_are_not_all_read() -> None:
    """After some that bring nothing the segments are read, however many more checkpoints there are."""
    counted = FaultyStorage(open_storage("memory:"))
    ObjectLog(counted, _W).append([b'{"type":"x"}'])
    clock = Clock()
    for _ in range(100):
        counted.put_new(checkpoints.checkpoint_key(clock.new_id()), segments.seal(segments.MAGIC))
    before = len(counted.log)
    assert len(list(ObjectLog(counted, "b" * 32).read({}))) == 1
    assert len(counted.log) - before < 40


@pytest.mark.parametrize("kind", ["bucket", "folder"])
def test_nothing_is_written_where_nobody_reads_it(tmp_path: Path, kind: str) -> None:
    """After a segment of the last number there is none: who would write one is refused, instead of unheard."""
    storage = open_storage("memory:") if kind == "bucket" else FolderStorage(tmp_path)
    storage.put_new(f"log/{_W}/{10**16 - 1}", b"forged")
    with pytest.raises(IntegrityError) as caught:
        _log(storage).append([b'{"type":"x"}'])
    assert (caught.value.kind, bool(caught.value.hint)) == ("log-full", True)
    assert len(list(storage.list())) == 1


def _log(storage: Storage) -> ObjectLog | FolderLog:
    return FolderLog(storage.root, _W) if isinstance(storage, FolderStorage) else ObjectLog(storage, _W)
