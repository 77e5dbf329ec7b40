"""Tasks that take too long or too much are ended, and nothing else is."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

import stook
from stook.errors import InputError, TaskError
from stook.pipeline.runner import run
from stook.pipeline.running.crew import Crew
from stook.pipeline.running.options import RunOptions
from stook.pipeline.running.processes.pool import PoolExecutor
from stook.pipeline.running.work import Died, Done, Failed, Work
from stook.store import Store
from stook.testing.executors import is_alive, is_soon, reports_of, work_of


class Sleeps(stook.Task):
    """Sleeps far longer than it may, in Python or in C, with a child that does so too."""

    timeout = 2.5
    file: Path
    in_c: bool = False

    def run(self) -> None:
        """Sleep."""
        import ctypes
        import subprocess

        child = subprocess.Popen(["sleep", "600"])
        self.file.write_text(f"{os.getpid()} {child.pid}", encoding="ascii")
        if self.in_c:
            ctypes.PyDLL(None).sleep(600)  # which keeps the interpreter's lock
        time.sleep(600)


class Quick(stook.Task):
    """Takes no time."""

    timeout = 20.0
    memory = "1GB"

    def run(self) -> int:
        """Return the process."""
        print("as quick as can be")  # noqa: T201 - to be heard
        return os.getpid()


class Stubborn(stook.Task):
    """Does not let itself be interrupted."""

    timeout = 0.3

    def run(self) -> None:
        """Go on and on."""
        while True:
            try:
                time.sleep(600)
            except KeyboardInterrupt:
                continue


class Hungry(stook.Task):
    """Takes more memory than it said, itself or by a child."""

    memory = "300MB"
    by_child: bool = False

    def run(self) -> None:
        """Take it."""
        import subprocess

        words = "x = bytearray(500_000_000); import time; time.sleep(600)"
        if self.by_child:
            subprocess.run([sys.executable, "-c", words], check=False)
        exec(words, {})  # noqa: S102 - the same words


class AsksLong(stook.Task):
    """May work for a short while only, but waits longer than that for an answer."""

    timeout = 2.0

    def run(self) -> Iterator[object]:
        """Ask."""
        yield Quick()


class Threads(stook.Task):
    """Uses two CPUs."""

    cpus = 2

    def run(self) -> list[str]:
        """Return how many threads libraries may use."""
        return [os.environ["OMP_NUM_THREADS"], os.environ["POLARS_MAX_THREADS"]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A new store."""
    return stook.open(tmp_path / "store")


@pytest.mark.parametrize("in_c", [False, True])
def test_time_out(store: Store, tmp_path: Path, in_c: bool) -> None:
    """A task that takes longer than its timeout is ended with its children, whatever it is doing."""
    file = tmp_path / "pids"
    started = time.monotonic()
    with pytest.raises(TaskError, match=r"took longer than its timeout of 2\.5 seconds") as caught:
        run(Sleeps(file=file, in_c=in_c), store=store)
    assert (caught.value.kind, time.monotonic() - started < 20) == ("task-timeout", True)
    assert is_soon(lambda: not any(is_alive(int(pid)) for pid in file.read_text().split()))


def test_time_out_of_one_that_catches_interrupts(store: Store) -> None:
    """A task that is asked to end and does not is killed."""
    with pytest.raises(TaskError, match="timeout"):
        run(Stubborn(), store=store)


def test_a_time_out_is_the_fault_of_the_task(store: Store, tmp_path: Path) -> None:
    """A time-out is reported as a death of the task's own doing; the others go on."""
    executor = PoolExecutor(store, 2)
    executor.submit(work_of(store, Sleeps(file=tmp_path / "pids"), 0))
    executor.submit(work_of(store, Quick(), 1))
    reports = {report.number: report for report in reports_of(executor, 2)}
    executor.close(at_once=False)
    died, done = reports[0], reports[1]
    assert isinstance(died, Died)
    assert (died.is_its_fault, died.seconds >= 2.5, isinstance(done, Done)) == (True, True, True)


def test_waiting_for_an_answer_takes_no_time(store: Store) -> None:
    """Time in which a task waits for what it asked for does not count."""
    executor = PoolExecutor(store, 1)
    executor.submit(work_of(store, AsksLong()))
    reports_of(executor, 1)
    assert not executor.wait(2.2)
    executor.answer(0, [store.add("quick", 1)])
    assert isinstance(reports_of(executor, 1)[0], Done)
    executor.close(at_once=False)


@pytest.mark.parametrize("by_child", [False, True])
def test_too_much_memory(store: Store, by_child: bool) -> None:
    """A task that takes more memory than it said is ended, also where a child takes it."""
    with pytest.raises(TaskError, match="MiB of memory, and said that 286 would do") as caught:
        run(Hungry(by_child=by_child), store=store)
    assert caught.value.kind == "task-memory"
    assert caught.value.facts["used"] > 300_000_000  # type: ignore[operator]


def test_limits_take_one_job_to_another_process(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """With one job too, a task with limits runs in a process of its own; what it prints is shown all the same."""
    result = run(Quick(), store=store, options=RunOptions(jobs=1))
    assert result.bundle.data != os.getpid()
    assert capsys.readouterr().err == "as quick as can be\n"


def test_a_store_in_memory_has_no_other_processes() -> None:
    """Processes cannot share a store in memory, and the error says what to do."""
    with pytest.raises(InputError, match="of this process alone") as caught:
        run(Quick(), store=stook.open("memory:"), options=RunOptions(jobs=2))
    assert caught.value.kind == "store-in-memory"


def test_threads_of_libraries(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries use as many threads as the task has CPUs, unless the environment says otherwise."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("POLARS_MAX_THREADS", "7")
    assert run(Threads(), store=store, options=RunOptions(jobs=2)).bundle.data == ["2", "7"]


def test_a_notebook_has_no_time_outs(store: Store) -> None:
    """A task in cells of a notebook runs in the notebook's process, so that a timeout could not be kept."""
    crew = Crew(store, RunOptions(jobs=2))
    plain, limited = work_of(store, Threads()), work_of(store, Quick())
    with pytest.raises(InputError, match="is in a notebook, where nothing could end it after 20 seconds"):
        crew.submit(_in_notebook(limited))
    crew.submit(_in_notebook(plain))
    (report,) = crew.wait(None)
    crew.close(at_once=False)
    assert isinstance(report, Failed)
    assert "KeyError" in report.error.message


def _in_notebook(work: Work) -> Work:
    return structs.replace(
        work, node=structs.replace(work.node, place=structs.replace(work.node.place, is_live=True))
    )
