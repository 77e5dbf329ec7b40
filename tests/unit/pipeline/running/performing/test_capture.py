"""What tasks print is kept, as much of it as anybody could read."""

from __future__ import annotations

import random
import sys
import threading
from pathlib import Path

import pytest

import stook
from stook.errors import TaskError
from stook.pipeline.runner import run
from stook.pipeline.running.options import RunOptions
from stook.pipeline.running.performing.capture import capturing
from stook.pipeline.running.performing.output_log import OutputLog
from stook.store import Store


class Chatty(stook.Task):
    """Prints by Python, by C and by a child, then fails."""

    number: int = 0

    def run(self) -> None:
        """Print."""
        import ctypes
        import subprocess

        print("by Python")  # noqa: T201 - to be heard
        ctypes.CDLL(None).puts(b"by C")
        ctypes.CDLL(None).fflush(None)
        subprocess.run(["sh", "-c", "echo by a child; echo on errors >&2"], check=True)
        raise ValueError(self.number)


class Again(stook.Task):
    """Prints which attempt it is, without ending the line at first, and fails twice."""

    retries = 2
    backoff = 0.0
    file: Path

    def run(self) -> int:
        """Print."""
        attempt = len(self.file.read_text()) + 1 if self.file.exists() else 1
        self.file.write_text("x" * attempt)
        print("this is", attempt, end="" if attempt == 1 else "\n")  # noqa: T201 - to be heard
        return 1 // (attempt // 3)


class Dies(stook.Task):
    """Prints, and dies of what somebody else does, the first time."""

    file: Path

    def run(self) -> None:
        """Print and die."""
        import os
        import signal

        print("there already" if self.file.exists() else "the first", flush=True)  # noqa: T201 - to be heard
        if not self.file.exists():
            self.file.touch()
            os.kill(os.getpid(), signal.SIGKILL)


class Gigabyte(stook.Task):
    """Prints a gigabyte."""

    def run(self) -> int:
        """Print."""
        import os

        os.write(1, b"the first line\n")
        line = b"x" * 1023 + b"\n"
        for _ in range(1024):
            data = memoryview(line * 1024)
            while data:
                data = data[os.write(1, data) :]
        os.write(1, b"the last line\n")
        return 1


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A new store."""
    return stook.open(tmp_path / "store")


def test_all_that_a_task_prints(store: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In the pool, C and children are heard too; nothing of it is shown, and the failure has it."""
    with pytest.raises(TaskError) as caught:
        run(Chatty(), store=store, options=RunOptions(jobs=2, folder=tmp_path / "run"))
    assert caught.value.facts["output"] == "by Python\nby C\nby a child\non errors"
    log = Path(str(caught.value.facts["log"]))
    assert log.read_text() == "by Python\nby C\nby a child\non errors\n"
    assert log == tmp_path / "run" / "tasks" / "0.log"
    assert capfd.readouterr() == ("", "")


def test_one_job_shows_what_is_printed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """With one job, what a task prints is shown as it comes, and the failure has it all the same."""
    with pytest.raises(TaskError) as caught:
        run(Chatty(), store=store)
    assert caught.value.facts["output"] == "by Python"
    assert capsys.readouterr().out == "by Python\n"


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_attempt_is_in_the_log(store: Store, tmp_path: Path, jobs: int) -> None:
    """What an attempt prints stays, above a line that says which one follows; a new run begins a new log."""
    for _ in range(2):
        options = RunOptions(jobs=jobs, folder=tmp_path / "run", force=("again",))
        run(Again(file=tmp_path / "attempts"), store=store, options=options)
        log = (tmp_path / "run" / "tasks" / "0.log").read_text()
        assert log == "this is 1\nattempt 2 of 3\nthis is 2\nattempt 3 of 3\nthis is 3\n"
        (tmp_path / "attempts").unlink()


def test_what_a_task_has_printed_that_is_begun_again_stays(store: Store, tmp_path: Path) -> None:
    """Also where its process has died by no fault of the task."""
    run(Dies(file=tmp_path / "file"), store=store, options=RunOptions(jobs=2, folder=tmp_path / "run"))
    log = (tmp_path / "run" / "tasks" / "0.log").read_text()
    assert log == "the first\nbegun again\nthere already\n"


def test_long_logs_of_two_attempts(tmp_path: Path) -> None:
    """Of both together the middle is left out, and what is missing of both is counted."""
    path, size = tmp_path / "log", 21_000_000
    for heading in ("", "attempt 2 of 2"):
        log = OutputLog(path, heading)
        log.write(b"x" * size)
        log.close()
    kept = path.read_bytes()
    said = 2 * size + len("\nattempt 2 of 2\n") - 10_000_000
    assert kept[1_000_000:-9_000_000].decode() == f"\n… {said:>15,} bytes are left out here …\n"


@pytest.mark.full
def test_a_gigabyte(store: Store, tmp_path: Path) -> None:
    """A task that prints a gigabyte leaves a log of 10 MB, with its first and its last lines."""
    run(Gigabyte(), store=store, options=RunOptions(jobs=2, folder=tmp_path / "run"))
    data = (tmp_path / "run" / "tasks" / "0.log").read_bytes()
    assert len(data) < 11_000_000
    assert data.startswith(b"the first line\n")
    assert data.endswith(b"x\nthe last line\n")
    assert b"bytes are left out here" in data


def test_a_log_without_its_middle(tmp_path: Path) -> None:
    """Of a long log the first and last bytes are kept, however they came, and how many are missing is said."""
    data = random.Random(0).randbytes(41_000_000)
    log = OutputLog(tmp_path / "a" / "log")
    at, most = 0, 0
    for size in (100, 2_000_000, 30_000_000, 1, 5_000_000, 3_000_000):
        log.write(data[at : at + size])
        at += size
        most = max(most, (tmp_path / "a" / "log").stat().st_size)
    log.close()
    kept = (tmp_path / "a" / "log").read_bytes()
    first, mark, last = kept[:1_000_000], kept[1_000_000:-9_000_000], kept[-9_000_000:]
    assert (first, last, most < 20_000_000) == (data[:1_000_000], data[at - 9_000_000 : at], True)
    assert mark.decode() == f"\n… {at - 10_000_000:>15,} bytes are left out here …\n"


def test_a_short_log_is_whole(tmp_path: Path) -> None:
    """A log of up to 10 MB has all."""
    log = OutputLog(tmp_path / "log")
    for _ in range(10):
        log.write(b"x" * 1_000_000)
    log.close()
    assert (tmp_path / "log").read_bytes() == b"x" * 10_000_000


def test_no_log_where_it_cannot_be(tmp_path: Path) -> None:
    """Where the file cannot be made, the last lines are there for the failure, and no file is named."""
    (tmp_path / "file").touch()
    log = OutputLog(tmp_path / "file" / "log")
    log.write(b"one\ntwo\n")
    log.close()
    error = TaskError("no")
    log.add_facts(error)
    assert error.facts == {"output": "one\ntwo"}


def test_streams_of_threads(tmp_path: Path) -> None:
    """Two tasks in two threads that end in the order in which they began leave the streams as they were."""
    before = sys.stdout
    entered, may_end, is_in = threading.Event(), threading.Event(), threading.Event()

    def other() -> None:
        with capturing(OutputLog(None)):
            entered.set()
            is_in.wait(30)
        may_end.set()

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(30)
    with capturing(OutputLog(tmp_path / "log")):
        is_in.set()
        may_end.wait(30)
        print("heard")  # noqa: T201 - to be heard
    thread.join()
    assert sys.stdout is before
    assert (tmp_path / "log").read_text() == "heard\n"
