"""Writing checkpoints: when, by whom, of what, and what comes of it where something fails."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from pathlib import Path

import pytest

from stook.errors import StorageError
from stook.format import records
from stook.format.checkpoints import PREFIX
from stook.log import Damage, FolderLog
from stook.log.checkpoints import read_checkpoint
from stook.log.listing import list_checkpoints, list_segments
from stook.model.record import ContextRecord
from stook.storage import open_storage
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store.checkpoints import write_if_due
from stook.store.rebuild import rebuild
from stook.store.refresh import refresh
from stook.store.repository import Repository, open_on
from stook.store.stamp import append, stamp
from stook.store.verify.history import read_history
from stook.store.verify.report import ignore
from stook.testing import Fault, FaultyStorage
from tests.unit.store.aging import open_at


def _open(storage: Storage, cache: Path) -> Repository:
    return open_on(storage, cache=cache, owner="tester")


def _say(repository: Repository, count: int = 1) -> None:
    for _ in range(count):
        mark = stamp(repository)
        append(repository, ContextRecord(mark.id, f"c{mark.id}", f"name {mark.id}", mark.time))


def _said(repository: Repository) -> int:
    refresh(repository)
    return len(repository.catalog.contexts())


def _checkpoints(storage: Storage) -> list[str]:
    return list(list_checkpoints(storage))


@pytest.fixture
def storage() -> Storage:
    """An empty bucket."""
    return open_storage("memory:")


def test_whoever_appends_writes_one_when_four_segments_are_in_none(storage: Storage, tmp_path: Path) -> None:
    """Of what its catalog knows, all of it; and the next only after four more."""
    repository = _open(storage, tmp_path)
    _say(repository, 3)
    refresh(repository)
    _say(repository)
    assert _checkpoints(storage) == []
    refresh(repository)
    _say(repository)
    (first,) = _checkpoints(storage)
    content = read_checkpoint(storage, first)
    assert list(content.supersedes.values()) == [4]
    assert len(list(content.iter_records())) == 4
    refresh(repository)
    _say(repository, 3)
    assert _checkpoints(storage) == [first]
    refresh(repository)
    _say(repository)
    assert _checkpoints(storage)[1:] == [first]


def test_nothing_is_asked_of_the_storage_where_none_is_due(storage: Storage, tmp_path: Path) -> None:
    """An append costs one request; one that writes a checkpoint a listing and another PUT."""
    counted = FaultyStorage(storage)
    repository = _open(counted, tmp_path)
    for due in (False, False, False, False, True, False):
        refresh(repository)
        before = len(counted.log)
        _say(repository)
        names = [(operation.name, operation.key[:4]) for operation in counted.log[before:]]
        assert names == [("put_new", "log/"), *([("list", "chec"), ("put_new", "chec")] if due else [])]


def test_others_checkpoints_count(storage: Storage, tmp_path: Path) -> None:
    """Where another machine has just written one, nobody does so again; its first bytes say what it covers."""
    one, two = _open(storage, tmp_path / "1"), _open(storage, tmp_path / "2")
    _say(one, 10)
    refresh(one)
    refresh(two)
    _say(one)
    counted = FaultyStorage(storage)
    two.storage = counted
    _say(two)
    assert len(_checkpoints(storage)) == 1
    assert Counter(operation.name for operation in counted.log) == {"list": 1, "get_range": 1}
    _say(two)
    assert len(counted.log) == 2


def test_folders_have_none(tmp_path: Path) -> None:
    """The segments of a folder are few."""
    repository = _open(FolderStorage(tmp_path / "store"), tmp_path / "cache")
    other = FolderLog(tmp_path / "store", "a" * 32, seal_bytes=30)
    for _ in range(9):
        mark = stamp(repository)
        other.append([records.dump(ContextRecord(mark.id, "c", "name", mark.time))])
    refresh(repository)
    _say(repository)
    assert len(list((tmp_path / "store/log" / ("a" * 32)).glob("0*"))) == 9
    assert not (tmp_path / "store" / "checkpoints").exists()


def test_none_is_written_of_a_log_of_which_a_part_is_lost(storage: Storage, tmp_path: Path) -> None:
    """It would say of what nobody knows that it does not matter."""
    _say(_open(storage, tmp_path / "1"), 9)
    storage.delete(next(entry.key for entry in storage.list("log/")))
    repository = _open(storage, tmp_path / "2")
    with pytest.warns(UserWarning, match="is missing"):
        refresh(repository)
    _say(repository)
    assert _checkpoints(storage) == []


@pytest.mark.parametrize("kind", ["error-before", "error-after"])
@pytest.mark.parametrize("operation", ["list", "get_range", "put_new"])
def test_a_failure_to_write_one_is_none_of_the_commit(
    storage: Storage, tmp_path: Path, operation: str, kind: str
) -> None:
    """What was said is said, nobody is told, and the next append tries again."""
    other = _open(storage, tmp_path / "1")
    _say(other, 9)
    refresh(other)
    _say(other)
    _say(other, 9)
    repository = _open(storage, tmp_path / "2")
    refresh(repository)
    repository.storage = FaultyStorage(storage, [Fault(kind, 1, operation)])  # type: ignore[arg-type]
    _say(repository)
    assert [one.fault for one in repository.storage.log if one.fault] == [kind]
    _say(repository)
    assert len(_checkpoints(storage)) == 2
    assert _said(_open(storage, tmp_path / "3")) == 21


def test_a_log_whose_covered_segments_are_gone_is_whole_to_everyone(storage: Storage, tmp_path: Path) -> None:
    """Verifying, rebuilding and readers warm and cold find every record, and no damage."""
    repository, warm = _open(storage, tmp_path / "1"), _open(storage, tmp_path / "2")
    _say(repository, 2)
    refresh(warm)
    _say(repository, 5)
    refresh(repository)
    _say(repository)
    for writer, sizes in list_segments(storage).items():
        for seq in list(sizes)[:-1]:
            storage.delete(f"log/{writer}/{seq:016d}")
    assert _said(warm) == _said(_open(storage, tmp_path / "3")) == 8
    history = read_history(warm, ignore)
    assert (history.problems, len(history.contexts)) == ((), 8)
    store = open_at(storage, tmp_path / "1")
    assert rebuild(store).problems == ()
    assert len(store.repository.catalog.contexts()) == 8
    assert not [item for item in warm.open_log().read({}) if isinstance(item, Damage)]


def test_two_may_write_at_once(storage: Storage, tmp_path: Path) -> None:
    """Both are there then, each is whole, and readers take either."""
    one, two = _open(storage, tmp_path / "1"), _open(storage, tmp_path / "2")
    _say(one, 5)
    for repository in (one, two):
        refresh(repository)
    blind = open_storage("memory:")  # so that the second does not see that of the first
    two.storage, real = blind, two.storage
    write_if_due(one)
    write_if_due(two)
    for entry in blind.list(PREFIX):
        real.put_new(entry.key, blind.get(entry.key).data)
    assert len(_checkpoints(storage)) == 2
    assert _said(_open(storage, tmp_path / "3")) == 5


_EACH = 12


def _say_much(root: Path, cache: Path) -> None:
    """Append from a process of its own, to a folder taken for a bucket."""
    repository = _open(_Bucket(root), cache)
    for _ in range(_EACH):
        refresh(repository)
        _say(repository)
    os._exit(0)


class _Bucket:
    """A folder in which nothing but whole objects is written, as in a bucket."""

    def __init__(self, root: Path) -> None:
        self._inner = FolderStorage(root)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def get(self, key: str, *, limit: int = 1 << 28) -> object:
        return self._inner.get(key, limit=limit)


def test_processes_of_one_machine_write_under_one_id(tmp_path: Path) -> None:
    """Four at once lose nothing and leave no gap; whoever comes second takes the next number."""
    context = multiprocessing.get_context("spawn")
    bucket: Storage = _Bucket(tmp_path / "store")  # type: ignore[assignment]
    _open(bucket, tmp_path / "cache")
    some = [
        context.Process(target=_say_much, args=(tmp_path / "store", tmp_path / "cache")) for _ in range(4)
    ]
    for process in some:
        process.start()
    for process in some:
        process.join()
        assert process.exitcode == 0
    ((_, sizes),) = list_segments(bucket).items()
    assert list(sizes) == list(range(1, 4 * _EACH + 1))
    assert _checkpoints(bucket)
    assert _said(_open(bucket, tmp_path / "other")) == 4 * _EACH


def test_an_append_takes_its_number_from_what_was_read(storage: Storage, tmp_path: Path) -> None:
    """So that the first of a process needs no listing of its own."""
    _say(_open(storage, tmp_path), 3)
    counted = FaultyStorage(storage)
    repository = _open(counted, tmp_path)
    refresh(repository)
    before = len(counted.log)
    mark = stamp(repository)
    repository.log.append([b'{"type":"tag","id":"%s"}' % mark.id.encode()])
    assert [(one.name, one.key[-3:]) for one in counted.log[before:]] == [("put_new", "004")]


def test_who_cannot_write_conditionally_has_an_id_of_its_own(storage: Storage, tmp_path: Path) -> None:
    """Where a storage lets one write undo another, no two processes write under one id."""

    class Careless(FaultyStorage):
        @property
        def has_conditional_writes(self) -> bool:
            return False

    for _ in range(2):
        _say(_open(Careless(storage), tmp_path))
    assert len(list_segments(storage)) == 2


def test_a_storage_that_refuses_to_list_checkpoints_is_told_of(storage: Storage, tmp_path: Path) -> None:
    """A reader that needs them does not go on without: it would take what is there for all."""
    repository = _open(storage, tmp_path / "1")
    _say(repository, 5)
    faulty = FaultyStorage(storage, [Fault("error-before", 2, "list")])
    with pytest.raises(StorageError):
        refresh(_open(faulty, tmp_path / "2"))
