"""Who writes to a bucket late, after it was put back, beside a collector or after a wrong clock: nothing is lost."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest

from stook.format import checkpoints, records
from stook.format.packs import pack_key
from stook.log.listing import list_checkpoints, list_segments
from stook.log.objects import covered_by
from stook.model.clock import Clock
from stook.model.record import ContextRecord
from stook.storage.protocol import Storage
from stook.store import Bundle, Store
from stook.store.gc import collect
from stook.store.packs.chunk_index import learn_packs, list_packs
from stook.store.packs.reach import needed_ids
from stook.store.refresh import refresh
from stook.store.remotes.aliasing import sync_aliases
from stook.store.remotes.choosing import Choice
from stook.store.remotes.mapping import ContextMap
from stook.store.remotes.outgoing import find_outgoing
from stook.store.remotes.packs_at import prepare
from stook.store.remotes.report import ignore
from stook.store.remotes.sending import Sender
from stook.store.repository import Repository, open_on
from stook.store.stamp import append, stamp
from stook.store.words.remove import remove
from tests.unit.store.aging import HOUR, AgingStorage, open_at
from tests.unit.store.remotes.conftest import OpenStore


def _say(repository: Repository, *names: str, context: str = "c") -> None:
    for name in names:
        mark = stamp(repository)
        append(repository, ContextRecord(mark.id, context, name, mark.time))
        refresh(repository)


def _copy(storage: Storage) -> dict[str, bytes]:
    return {entry.key: storage.get(entry.key).data for entry in storage.list()}


def _put_back(storage: Storage, old: dict[str, bytes]) -> None:
    for key, data in _copy(storage).items():
        if old.get(key) != data:
            storage.delete(key)
    for key in old.keys() - _copy(storage).keys():
        storage.put_new(key, old[key])


@pytest.mark.parametrize("is_in_flight", [False, True])
def test_a_commit_that_comes_days_late_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_in_flight: bool
) -> None:
    """Its number has been another's, whose segment was collected since; readers look there no more."""
    storage = AgingStorage()
    slow, quick = (open_on(storage, cache=tmp_path / "same", owner="o") for _ in range(2))
    _say(slow, "first", context="slow")
    real = time.clock_gettime

    def go_on() -> None:
        _say(quick, *(f"n{number}" for number in range(8)))
        storage.now += 25 * HOUR
        assert collect(quick).segments.count
        monkeypatch.setattr(time, "clock_gettime", lambda clock: real(clock) + 25 * HOUR)

    if is_in_flight:
        storage.meddle_at_put("log/", go_on)
    else:
        go_on()
    mark = stamp(slow)
    append(slow, ContextRecord(mark.id, "slow", "late", mark.time))
    ((_, sizes),) = list_segments(storage).items()
    assert list(sizes) == ([2, 9, 10] if is_in_flight else [9, 10])
    for reader in (open_on(storage, cache=tmp_path / "new", owner="o"), quick, slow):
        refresh(reader)
        assert [one.name for one in reader.catalog.contexts()] == ["late", "n7"]


def test_a_log_that_was_put_back_goes_on_without_a_gap(tmp_path: Path) -> None:
    """Whoever had written to it takes the number after the last one that there is now."""
    storage = AgingStorage()
    repository = open_on(storage, cache=tmp_path, owner="o")
    _say(repository, "one")
    old = _copy(storage)
    _say(repository, "two", "three")
    _put_back(storage, old)
    refresh(repository)
    _say(repository, "four")
    ((_, sizes),) = list_segments(storage).items()
    assert list(sizes) == [1, 2]
    assert repository.catalog.damage() == []


def test_a_checkpoint_by_a_clock_that_is_ahead_is_followed_by_newer_ones(tmp_path: Path) -> None:
    """Else each commit of all others would be followed by a checkpoint of its own."""
    storage = AgingStorage()
    writer = open_on(storage, cache=tmp_path / "w", owner="o")
    _say(writer, "a", "b")
    with writer.catalog.whole() as whole:
        kept, covered = list(whole.iter_records()), covered_by(whole.positions)
    identifier = Clock(lambda: time.time() + 3 * HOUR).new_id()
    size = checkpoints.framed_size(len(kept), sum(map(len, kept)))
    data = checkpoints.dump(identifier, covered, iter(kept), size)
    storage.put_new(checkpoints.checkpoint_key(identifier), data)
    _say(writer, *(f"n{number}" for number in range(20)))
    assert len(list_checkpoints(storage)) <= 1 + 20 // 4


@pytest.fixture
def lossy(tmp_path: Path) -> tuple[AgingStorage, Store, Bundle]:
    """A bucket, a store on it, and a bundle that the newest checkpoint lacks though it covers its record."""
    storage = AgingStorage()
    store = open_at(storage, tmp_path / "a")
    lost = store.add("x", os.urandom(5000))
    store.add("y", os.urandom(5000))
    store.refresh()
    with store.repository.catalog.whole() as whole:
        kept = [payload for payload in whole.iter_records() if records.read_id(payload) != lost.id]
        covered = covered_by(whole.positions)
        everything = list(whole.iter_records())
    for some in (everything, everything, kept):
        identifier = store.repository.clock.new_id()
        size = checkpoints.framed_size(len(some), sum(map(len, some)))
        data = checkpoints.dump(identifier, covered, iter(some), size)
        storage.put_new(checkpoints.checkpoint_key(identifier), data)
    return storage, store, lost


@pytest.mark.parametrize("are_segments_gone", [False, True])
def test_what_a_checkpoint_lacks_is_needed_nevertheless(
    lossy: tuple[AgingStorage, Store, Bundle], tmp_path: Path, are_segments_gone: bool
) -> None:
    """A collector reads the segments that it covers, and older checkpoints, and keeps these."""
    storage, store, lost = lossy
    if are_segments_gone:
        for writer, sizes in list_segments(storage).items():
            for seq in list(sizes)[:-1]:
                storage.delete(f"log/{writer}/{seq:016}")
    for _ in range(3):
        storage.now += 30 * HOUR
        problems = collect(open_at(storage, tmp_path / "b").repository).problems
        assert [one for one in problems if "not all of it is in" in one]
    storage.get(pack_key(lost.record.packs[0]))
    assert len(store.get(lost.id).data) == 5000


def _unsent(
    machine: OpenStore, data: bytes, storage: Storage, cache: Path
) -> tuple[Store, Repository, ContextMap]:
    here = machine("ann", context="test")
    here.commit(here.add("x", data), "keep")
    here.refresh()
    remote = open_on(storage, cache=cache, owner="ann")
    refresh(remote)
    return here, remote, ContextMap(here.repository, remote, {})


def test_a_push_relies_on_no_pack_that_was_listed_before_it_went(machine: OpenStore, tmp_path: Path) -> None:
    """A collector deletes a condemned pack, and the list that says so, just after the push has listed the packs."""
    storage, data = AgingStorage(), os.urandom(50_000)
    far = open_at(storage, tmp_path / "far")
    remove(far, [far.add("x", data)], force=False)
    far.add("y", b"kept")
    storage.now += 30 * HOUR
    collect(far.repository)
    storage.now += 30 * HOUR
    here, remote, _ = _unsent(machine, data, storage, tmp_path / "cache")
    learn_packs(storage, remote.catalog, list_packs(storage))
    ids = list(needed_ids(here.repository.reader(), here.get("x").record))
    with remote.writer() as writer:
        prepare(writer, remote, here.repository, [])
        assert collect(far.repository).swept.count
        assert writer.index.find(ids) == {}


def _send(here: Store, remote: Repository, contexts: ContextMap) -> None:
    outgoing = find_outgoing(here, Choice(), remote, contexts)
    with closing(Sender(remote, has_bundles=True)) as sender:
        sender.send(here.repository, outgoing, contexts, ignore)


def test_an_alias_goes_to_a_bucket_again_that_was_put_back(machine: OpenStore, tmp_path: Path) -> None:
    """What was noted of its aliases is forgotten when its log is seen to be an older one."""
    storage = AgingStorage()
    here, remote, contexts = _unsent(machine, b"x", storage, tmp_path / "cache")
    old = _copy(storage)
    _send(here, remote, contexts)
    here.alias("prod", here.get("x"))
    context = here.context_id()
    sides = (here.repository, context, remote, contexts.find(context))
    refresh(remote)
    assert sync_aliases(*sides).moved == ("x@prod",)
    _put_back(storage, old)
    with pytest.warns(UserWarning, match="went back"):
        refresh(remote)
    _send(here, remote, contexts)
    assert sync_aliases(*sides).moved == ("x@prod",)


def test_what_was_pushed_to_a_folder_that_was_put_back_is_pushed_again(
    machine: OpenStore, tmp_path: Path
) -> None:
    """Nothing is noted of a push but what the remote's log has: so the next one sees that the bundle is gone."""
    ann, place = machine("ann"), tmp_path / "team"
    ann.add_remote("origin", str(place))
    for name in ("old", "new"):
        ann.commit(ann.add(name, {"is": name}), "to keep")
        shutil.copytree(place, tmp_path / f"before-{name}")
        ann.push()
    shutil.rmtree(place)
    shutil.copytree(tmp_path / "before-new", place)
    with pytest.warns(UserWarning, match="went back"):
        assert [ref.partition("@")[0] for ref in ann.push().bundles] == ["new"]
    assert {bundle.name for bundle in ann.at_remote().search()} == {"old", "new"}
