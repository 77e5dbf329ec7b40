"""Leases of tasks among runs: one holder at a time, taken over when the holder is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stook.pipeline.running.leases import FolderLeases

KEY = "0f" * 32
HOLDER = """
import sys
from pathlib import Path
from stook.pipeline.running.leases import FolderLeases
leases = FolderLeases(Path(sys.argv[1]), "theirs", patience=float(sys.argv[2]))
print(leases.take(sys.argv[3]) or "held", flush=True)
sys.stdin.read()
leases.close()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where leases are; not there yet."""
    return tmp_path / "cache" / "leases"


@pytest.fixture
def ours(folder: Path) -> Iterator[FolderLeases]:
    """The leases of this run."""
    leases = FolderLeases(folder, "ours")
    yield leases
    leases.close()


def hold(folder: Path, patience: float = 60.0) -> subprocess.Popen[str]:
    """Return a process that holds the lease."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), str(patience), KEY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Kill a process and wait for it."""
    process.kill()
    process.communicate()


def write_lease(folder: Path, age: float, host: str = "elsewhere") -> None:
    """Write what a holder on another machine has written, and touched some seconds ago."""
    folder.mkdir(parents=True)
    text = msgspec.json.encode({"run": "theirs", "pid": 7, "host": host, "since": 1})
    (folder / KEY).write_bytes(text)
    os.utime(folder / KEY, (time.time() - age, time.time() - age))


def test_one_holder_at_a_time(folder: Path, ours: FolderLeases) -> None:
    """Whoever comes second learns who holds the lease, and gets it once that is given back; nothing is left."""
    theirs = FolderLeases(folder, "theirs")
    assert ours.take(KEY) == ""
    assert theirs.take(KEY) == f"ours (process {os.getpid()} on {os.uname().nodename})"
    assert theirs.take("another") == ""
    ours.release(KEY)
    assert theirs.take(KEY) == ""
    theirs.close()
    assert list(folder.iterdir()) == []


def test_close_gives_all_back(folder: Path) -> None:
    """After close nothing is held, and no thread of it is alive."""
    before = threading.active_count()
    leases = FolderLeases(folder, "ours")
    for number in range(10):
        leases.take(f"{number:064x}")
    leases.close()
    assert list(folder.iterdir()) == []
    leases.close()
    deadline = time.monotonic() + 5
    while threading.active_count() > before:
        assert time.monotonic() < deadline


def test_a_holder_that_dies_holds_nothing(folder: Path, ours: FolderLeases) -> None:
    """kill -9 of the holder frees its lease at once."""
    holder = hold(folder)
    try:
        assert ours.take(KEY).startswith(f"theirs (process {holder.pid} on ")
    finally:
        end(holder)
    assert ours.take(KEY) == ""


def test_a_stopped_holder_is_taken_over(folder: Path) -> None:
    """A holder that is stopped keeps its lock, but touches nothing: it is taken over, and only then."""
    patience = 1.0
    holder = hold(folder, patience)
    leases = FolderLeases(folder, "ours", patience=patience)
    try:
        until = time.monotonic() + 2 * patience
        while time.monotonic() < until:
            assert leases.take(KEY).startswith("theirs")
        holder.send_signal(signal.SIGSTOP)
        until = time.monotonic() + 20 * patience
        while leases.take(KEY):
            assert time.monotonic() < until
        holder.send_signal(signal.SIGCONT)
        assert holder.communicate("", timeout=20)[0] == ""
        assert [path.name for path in folder.iterdir()] == [KEY]  # what it has lost it does not remove
    finally:
        end(holder)
        leases.close()


@pytest.mark.parametrize(("age", "answer"), [(0.0, "theirs (process 7 on elsewhere)"), (100.0, "")])
def test_holders_on_other_machines_are_told_by_their_beat(
    folder: Path, ours: FolderLeases, age: float, answer: str
) -> None:
    """A lock says nothing of other machines, so their file counts as long as it is touched."""
    write_lease(folder, age)
    assert ours.take(KEY) == answer


def test_what_a_dead_process_of_this_machine_left_is_free(folder: Path, ours: FolderLeases) -> None:
    """A file that nobody has locked is nobody's, however fresh it is."""
    write_lease(folder, 0.0, os.uname().nodename)
    assert ours.take(KEY) == ""


def test_old_leftovers_are_removed(folder: Path, ours: FolderLeases) -> None:
    """Files of holders that died long ago do not pile up."""
    write_lease(folder, 5000.0)
    (folder / "fresh").write_text("")
    ours.take("mine")
    assert {path.name for path in folder.iterdir()} == {"fresh", "mine"}


def test_a_file_of_nonsense_is_nobodys(folder: Path, ours: FolderLeases) -> None:
    """Bytes that no holder has written do not stand in the way."""
    folder.mkdir(parents=True)
    (folder / KEY).write_bytes(b"\xff{nonsense")
    assert ours.take(KEY) == ""


def test_a_disk_that_refuses_lets_everyone_do_everything(tmp_path: Path) -> None:
    """Where no lease can be kept, a run goes on without."""
    (tmp_path / "file").write_text("")
    leases = FolderLeases(tmp_path / "file" / "leases", "ours")
    assert leases.take(KEY) == ""
    leases.release(KEY)
    leases.close()


def test_many_at_once_never_share_a_lease(folder: Path) -> None:
    """Eight threads that take and release the same leases are never two at one."""
    holding: dict[str, int] = {}
    clashes: list[str] = []

    def take_turns(number: int) -> None:
        leases = FolderLeases(folder, f"run-{number}")
        for turn in range(150):
            key = f"{turn % 3:064x}"
            if leases.take(key) == "":
                if holding.setdefault(key, number) != number:
                    clashes.append(key)
                del holding[key]
                leases.release(key)
        leases.close()

    threads = [threading.Thread(target=take_turns, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clashes == []
    assert list(folder.iterdir()) == []


def test_others_learn_that_a_task_waits_for_what_it_asked_for(folder: Path, ours: FolderLeases) -> None:
    """Whether a holder waits for others is known to whoever has tried to take its lease since."""
    theirs = FolderLeases(folder, "theirs")
    theirs.take(KEY)
    for is_asking in (True, False):
        theirs.note_asking(KEY, is_asking=is_asking)
        assert ours.take(KEY).startswith("theirs (process ")
        assert ours.is_asking(KEY) is is_asking
    theirs.close()
    assert ours.take(KEY) == ""
