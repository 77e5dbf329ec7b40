"""Sealing: by several at once, under readers, and cut short by a crash."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stook.format import segments
from stook.log import Damage, FolderLog, Line
from stook.model.position import Position

_W = "a" * 32
_WRITER = """
import sys
from pathlib import Path
from stook.log import FolderLog
log = FolderLog(Path(sys.argv[1]), "a" * 32, seal_bytes=200)
for step in range(int(sys.argv[3])):
    log.append([b'{"type":"tag","by":"%s:%d"}' % (sys.argv[2].encode(), step)])
    print(step, flush=True)
"""


def _start(root: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WRITER, str(root), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _all(root: Path) -> list[bytes]:
    found = list(FolderLog(root, "b" * 32).read({}))
    assert not [item for item in found if isinstance(item, Damage)]
    return [item.payload for item in found if isinstance(item, Line)]


def _record(name: str, step: int) -> bytes:
    return b'{"type":"tag","by":"%s:%d"}' % (name.encode(), step)


def test_processes_seal_at_once_while_others_read(tmp_path: Path) -> None:
    """No record is lost or doubled, and a reader that goes on from where it was gets each one once, in order."""
    writers = [_start(tmp_path, name, 60) for name in "pq"]
    reader = FolderLog(tmp_path, "b" * 32)
    known: dict[str, Position] = {}
    seen: list[bytes] = []
    while len(seen) < 120:
        for item in reader.read(known):
            assert isinstance(item, Line), item
            seen.append(item.payload)
            known[item.writer] = item.position
        if all(process.poll() is not None for process in writers) and not reader.has_news():
            break
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert seen == _all(tmp_path)
    for name in "pq":
        assert [r for r in seen if b'"%s:' % name.encode() in r] == [_record(name, n) for n in range(60)]
    sealed = sorted((tmp_path / "log" / _W).glob("[0-9]*"))[:-1]
    assert len(sealed) > 10
    assert all(segments.is_sealed(path.read_bytes()) for path in sealed)


@pytest.mark.parametrize("after", [1, 7, 20, 33])
def test_a_killed_writer_leaves_what_it_acknowledged(tmp_path: Path, after: int) -> None:
    """Killed at whatever step of an append or a sealing, it leaves every record of which it had said so."""
    process = _start(tmp_path, "p", 10_000)
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(after)]
    process.send_signal(signal.SIGKILL)
    told += process.communicate()[0].splitlines(keepends=True)
    whole = [line for line in told if line.endswith("\n")]
    records = _all(tmp_path)
    assert records[: len(whole)] == [_record("p", step) for step in range(len(whole))]
    assert len(records) <= len(whole) + 1
    FolderLog(tmp_path, _W, seal_bytes=200).append([b"next"])
    assert _all(tmp_path) == [*records, b"next"]


@pytest.mark.parametrize("step", ["temporary file written", "sealed", "next begun"])
def test_a_sealing_cut_short_is_finished_by_the_next_append(tmp_path: Path, step: str) -> None:
    """After each of its steps the log reads whole and takes records."""
    FolderLog(tmp_path, _W).append([b"one", b"two"])
    segment = tmp_path / f"log/{_W}/0000000000000001"
    sealed = segments.seal(segment.read_bytes())
    (segment if step != "temporary file written" else segment.with_name(".tmp-0")).write_bytes(sealed)
    if step == "next begun":
        segment.with_name("0000000000000002").write_bytes(segments.MAGIC)
    assert _all(tmp_path) == [b"one", b"two"]
    FolderLog(tmp_path, _W, seal_bytes=30).append([b"three"])
    assert _all(tmp_path) == [b"one", b"two", b"three"]
    assert sorted(path.name for path in segment.parent.glob("[0-9]*"))[1:] == ["0000000000000002"]


def test_threads_seal_and_read_at_once(tmp_path: Path) -> None:
    """One log object, shared: readings in the midst of sealing are whole up to some commit."""
    log = FolderLog(tmp_path, _W, seal_bytes=100)
    written = [_record("t", step) for step in range(200)]
    thread = threading.Thread(target=lambda: [log.append([record]) for record in written])
    thread.start()
    while thread.is_alive():
        records = _all(tmp_path)
        assert records == written[: len(records)]
    thread.join()
    assert _all(tmp_path) == written


def test_what_looks_damaged_is_read_again_when_nobody_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that a writer was just cutting off and writing anew are no damage."""
    FolderLog(tmp_path, _W).append([_record("p", 0), _record("p", 1), _record("p", 2)])
    segment, lock = tmp_path / f"log/{_W}/0000000000000001", tmp_path / f"log/{_W}/.lock"
    whole = segment.read_bytes()
    segment.write_bytes(whole.replace(b"p:1", b"?:1"))
    found: list[bytes] = []
    take, has_seen_damage = fcntl.flock, threading.Event()

    def wait_for_the_writer(descriptor: int, operation: int) -> None:
        has_seen_damage.set()
        take(descriptor, operation)

    with open(lock) as writing:
        take(writing, fcntl.LOCK_EX)
        monkeypatch.setattr(fcntl, "flock", wait_for_the_writer)
        reader = threading.Thread(target=lambda: found.extend(_all(tmp_path)))
        reader.start()
        assert has_seen_damage.wait(60)
        segment.write_bytes(whole)
    reader.join()
    assert found == [_record("p", step) for step in range(3)]
