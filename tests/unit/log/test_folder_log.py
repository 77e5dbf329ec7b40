"""The log in a folder."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import threading
from pathlib import Path

import pytest

from stook.errors import IntegrityError, StookError, StorageError
from stook.log import FolderLog, Line
from stook.model.position import Position
from stook.storage.locks import locked

_W = "a" * 32


def _payloads(log: FolderLog, known: dict[str, Position] | None = None) -> list[bytes]:
    return [line.payload for line in log.read(known or {}) if isinstance(line, Line)]


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    """Records come back in the order of their commits, whoever reads."""
    log = FolderLog(tmp_path, "1" * 32)
    log.append([b"a", b"b"])
    log.append([b"c"])
    assert _payloads(FolderLog(tmp_path, "2" * 32)) == [b"a", b"b", b"c"]


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    """A reader that knows a position gets what came after it."""
    log = FolderLog(tmp_path, "1" * 32)
    log.append([b"a"])
    known = {line.writer: line.position for line in log.read({})}
    assert _payloads(log, known) == []
    log.append([b"b"])
    assert _payloads(log, known) == [b"b"]


@pytest.mark.parametrize("cut", [1, 5, 19, 21])
def test_a_torn_tail_is_ignored_and_then_replaced(tmp_path: Path, cut: int) -> None:
    """Half a record at the end, as a crash leaves it, is not read, and the next record takes its place."""
    FolderLog(tmp_path, _W).append([b"whole"])
    FolderLog(tmp_path, _W).append([b"torn"])
    segment = next(p for p in (tmp_path / "log" / _W).iterdir() if not p.name.startswith("."))
    data = segment.read_bytes()
    segment.write_bytes(data[:-cut])
    assert _payloads(FolderLog(tmp_path, _W)) == [b"whole"]
    FolderLog(tmp_path, _W).append([b"next"])
    assert _payloads(FolderLog(tmp_path, _W)) == [b"whole", b"next"]


def test_a_full_segment_is_sealed_and_reading_goes_on_within_it(tmp_path: Path) -> None:
    """Sealing changes no record, and a position from before it still holds."""
    log = FolderLog(tmp_path, _W, seal_bytes=100)
    written = [b"%03d" % number for number in range(20)]
    log.append(written[:1])
    known = {line.writer: line.position for line in log.read({})}
    for payload in written[1:]:
        log.append([payload])
    assert len([p for p in (tmp_path / "log" / _W).iterdir() if p.name[0] != "."]) > 2
    assert _payloads(log) == written
    assert _payloads(log, known) == written[1:]


def _known(log: FolderLog) -> dict[str, Position]:
    return {line.writer: line.position for line in log.read({})}


def _went_back(log: FolderLog, known: dict[str, Position]) -> bool:
    with pytest.raises(IntegrityError) as caught:
        _payloads(log, known)
    return caught.value.kind == "log-went-back"


def test_a_log_that_went_back_is_noticed(tmp_path: Path) -> None:
    """A segment shorter than what is known of it was restored from an older copy."""
    log = FolderLog(tmp_path, _W)
    log.append([b"a"])
    older = (tmp_path / f"log/{_W}/0000000000000001").read_bytes()
    log.append([b"b"])
    known = _known(log)
    (tmp_path / f"log/{_W}/0000000000000001").write_bytes(older)
    assert _went_back(log, known)


def test_a_log_that_went_back_and_grew_again_is_noticed(tmp_path: Path) -> None:
    """Where other records of the same length took the place of known ones, the reader does not go on after them."""
    log = FolderLog(tmp_path, _W)
    log.append([b"a"])
    older = (tmp_path / f"log/{_W}/0000000000000001").read_bytes()
    log.append([b"b"])
    known = _known(log)
    (tmp_path / f"log/{_W}/0000000000000001").write_bytes(older)
    FolderLog(tmp_path, _W).append([b"c"])
    FolderLog(tmp_path, _W).append([b"d"])
    assert _went_back(log, known)


def test_a_writer_or_segment_that_is_gone_is_noticed(tmp_path: Path) -> None:
    """What was known of a writer is not taken to be there when its last segment, or all of it, is not."""
    log = FolderLog(tmp_path, _W, seal_bytes=30)
    for _ in range(3):
        log.append([b"x" * 30])
    known = _known(log)
    (tmp_path / f"log/{_W}/0000000000000003").unlink()
    assert _went_back(log, known)
    shutil.rmtree(tmp_path / "log")
    assert _went_back(log, known)


@pytest.mark.parametrize(
    "name", ["notes.txt", f"{_W}/0000000000000001.sig", f"{_W}/٣", "readme/0000000000000001"]
)
def test_what_is_no_segment_is_passed_over(tmp_path: Path, name: str) -> None:
    """Names that the format does not know are not read, and stand in nobody's way."""
    log = FolderLog(tmp_path, _W)
    log.append([b"a"])
    (tmp_path / "log" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "log" / name).write_bytes(b"?")
    log.append([b"b"])
    assert _payloads(log) == [b"a", b"b"]


def test_what_is_cut_off_is_kept_aside(tmp_path: Path) -> None:
    """The torn end that an append cuts off can be had back."""
    FolderLog(tmp_path, _W).append([b"first"])
    segment = tmp_path / f"log/{_W}/0000000000000001"
    whole = segment.stat().st_size
    FolderLog(tmp_path, _W).append([b"second"])
    torn = segment.read_bytes()[whole:-1]
    os.truncate(segment, whole + len(torn))
    FolderLog(tmp_path, _W).append([b"third"])
    assert _payloads(FolderLog(tmp_path, _W)) == [b"first", b"third"]
    assert (tmp_path / f"log/{_W}/.cut-{segment.name}-{whole}").read_bytes() == torn


def test_no_thread_takes_a_failed_commit_for_its_own_success(tmp_path: Path) -> None:
    """When a commit that many threads share fails by whatever error, each of them is told."""
    log = FolderLog(tmp_path, _W)
    log.append([b"a"])
    segment = tmp_path / f"log/{_W}/0000000000000001"
    segment.unlink()
    segment.mkdir()
    failed: list[StookError] = []

    def work() -> None:
        try:
            log.append([b"b"])
        except StookError as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    with log._commit_lock:
        for thread in threads:
            thread.start()
        while len(log._waiting) < 3:
            os.sched_yield()
    for thread in threads:
        thread.join()
    assert len(failed) == 3


def test_a_forked_process_does_not_keep_the_lock(tmp_path: Path) -> None:
    """A child that was forked while a commit held the lock, and lives on, stands in nobody's way."""
    log = FolderLog(tmp_path, _W)
    log.append([b"a"])
    read, write = os.pipe()
    with locked(log._open_lock()):
        child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    with open(tmp_path / f"log/{_W}/.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.write(write, b".")
    os.waitpid(child, 0)


def test_threads_share_a_log_and_lose_nothing(tmp_path: Path) -> None:
    """Commits of many threads are all there, those of one thread in its order."""
    log = FolderLog(tmp_path, _W, seal_bytes=500)

    def work(name: int) -> None:
        for step in range(25):
            log.append([b"%d:%d" % (name, step)])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = [p.split(b":") for p in _payloads(log)]
    for name in range(4):
        assert [int(step) for who, step in seen if int(who) == name] == list(range(25))


def test_a_commit_is_on_the_disk_when_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The segment is synced, after its record was written and before anyone is told."""
    synced: list[tuple[str, int]] = []
    sync = os.fsync

    def record(descriptor: int) -> None:
        sync(descriptor)
        synced.append((os.readlink(f"/proc/self/fd/{descriptor}"), os.fstat(descriptor).st_size))

    log = FolderLog(tmp_path, _W)
    log.append([b"first"])
    monkeypatch.setattr(os, "fsync", record)
    log.append([b"second"])
    segment = next(path for path in (tmp_path / "log" / _W).iterdir() if not path.name.startswith("."))
    assert (str(segment), segment.stat().st_size) in synced


def test_a_disk_that_refuses_leaves_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the sync fails the append raises, nobody reads the record, and the next one is written."""
    log = FolderLog(tmp_path, _W)
    log.append([b"first"])

    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(StorageError):
            log.append([b"lost"])
    assert _payloads(log) == [b"first"]
    log.append([b"next"])
    assert _payloads(FolderLog(tmp_path, _W)) == [b"first", b"next"]
