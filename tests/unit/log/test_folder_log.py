"""The log in a folder."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from stook.errors import IntegrityError
from stook.log import FolderLog
from stook.model.position import Position


def _payloads(log: FolderLog, known: dict[str, Position] | None = None) -> list[bytes]:
    return [line.payload for line in log.read(known or {})]


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    """Records come back in the order of their commits, whoever reads."""
    log = FolderLog(tmp_path, "w1")
    log.append([b"a", b"b"])
    log.append([b"c"])
    assert _payloads(FolderLog(tmp_path, "w2")) == [b"a", b"b", b"c"]


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    """A reader that knows a position gets what came after it."""
    log = FolderLog(tmp_path, "w1")
    log.append([b"a"])
    known = {line.writer: line.position for line in log.read({})}
    assert _payloads(log, known) == []
    log.append([b"b"])
    assert _payloads(log, known) == [b"b"]


@pytest.mark.parametrize("cut", [1, 5, 19, 21])
def test_a_torn_tail_is_ignored_and_then_replaced(tmp_path: Path, cut: int) -> None:
    """Half a record at the end, as a crash leaves it, is not read, and the next record takes its place."""
    FolderLog(tmp_path, "w").append([b"whole"])
    FolderLog(tmp_path, "w").append([b"torn"])
    segment = next(p for p in (tmp_path / "log/w").iterdir() if not p.name.startswith("."))
    data = segment.read_bytes()
    segment.write_bytes(data[:-cut])
    assert _payloads(FolderLog(tmp_path, "w")) == [b"whole"]
    FolderLog(tmp_path, "w").append([b"next"])
    assert _payloads(FolderLog(tmp_path, "w")) == [b"whole", b"next"]


def test_a_full_segment_is_sealed_and_reading_goes_on_within_it(tmp_path: Path) -> None:
    """Sealing changes no record, and a position from before it still holds."""
    log = FolderLog(tmp_path, "w", seal_bytes=100)
    written = [b"%03d" % number for number in range(20)]
    log.append(written[:1])
    known = {line.writer: line.position for line in log.read({})}
    for payload in written[1:]:
        log.append([payload])
    assert len([p for p in (tmp_path / "log/w").iterdir() if p.name[0] != "."]) > 2
    assert _payloads(log) == written
    assert _payloads(log, known) == written[1:]


def test_damage_before_the_last_segment_is_an_error(tmp_path: Path) -> None:
    """Only the end of the last segment may be torn; anywhere else a lost record is said, not skipped."""
    log = FolderLog(tmp_path, "w", seal_bytes=60)
    for number in range(6):
        log.append([b"x" * 20 + b"%d" % number])
    (tmp_path / "log/w/0000000000000001").write_bytes(b"STOOKLG1" + b"\0" * 30)
    with pytest.raises(IntegrityError):
        _payloads(log)


def test_a_log_that_went_back_is_noticed(tmp_path: Path) -> None:
    """A segment shorter than what is known of it was restored from an older copy."""
    log = FolderLog(tmp_path, "w")
    log.append([b"a"])
    with pytest.raises(IntegrityError) as caught:
        _payloads(log, {"w": Position(1, 10_000)})
    assert caught.value.kind == "log-went-back"


def test_threads_share_a_log_and_lose_nothing(tmp_path: Path) -> None:
    """Commits of many threads are all there, those of one thread in its order."""
    log = FolderLog(tmp_path, "w", seal_bytes=500)

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
