"""Tasks that do odd things to their process: the next task in it, and the run, do not notice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import stook
from stook.errors import TaskError
from stook.pipeline.runner import run
from stook.pipeline.running.inline import InlineExecutor
from stook.pipeline.running.options import RunOptions
from stook.pipeline.running.processes.pool import PoolExecutor
from stook.pipeline.running.work import Died, Done, Failed, Report
from stook.store import Store
from stook.testing.executors import data_of, is_alive, is_soon, reports_of, work_of


def _close_descriptors() -> None:
    os.close(1)
    os.close(2)


def _close_streams() -> None:
    sys.stdout.close()
    sys.stderr.close()


def _take_streams_apart() -> None:
    sys.stdout.detach()  # type: ignore[attr-defined]


def _put_another_environment() -> None:
    os.environ = {**os.environ, "ODD": "odd"}  # type: ignore[assignment]  # noqa: B003


def _set_an_alarm() -> None:
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.02)


_ODD: dict[str, Callable[[], None]] = {
    "descriptors": _close_descriptors,
    "streams": _close_streams,
    "apart": _take_streams_apart,
    "environment": _put_another_environment,
    "alarm": _set_an_alarm,
}


class Odd(stook.Task):
    """Does something odd."""

    what: str

    def run(self) -> int:
        """Do it."""
        _ODD[self.what]()
        return os.getpid()


class Looks(stook.Task):
    """Prints, waits a little, and tells of its process."""

    def run(self) -> dict[str, object]:
        """Print by Python and by another process."""
        print("printed", flush=True)  # noqa: T201 - to be heard
        print("on errors", file=sys.stderr, flush=True)  # noqa: T201 - to be heard
        subprocess.run(["echo", "by a child"], check=True)
        time.sleep(0.03)
        return {"odd": os.environ.get("ODD"), "pid": os.getpid()}


class ClosesAll(stook.Task):
    """Closes whatever its process has open."""

    def run(self) -> None:
        """Close."""
        os.closerange(3, 256)


class Interrupts(stook.Task):
    """Raises what Ctrl-C does."""

    def run(self) -> None:
        """Raise."""
        raise KeyboardInterrupt


class Ends(stook.Task):
    """Is ended by a signal."""

    number: int

    def run(self) -> None:
        """End."""
        os.kill(os.getpid(), self.number)
        time.sleep(60)


class Terminates(stook.Task):
    """Starts processes as `multiprocessing` does, and ends them at once."""

    def run(self) -> list[int | None]:
        """Return how they ended."""
        import multiprocessing

        ended = []
        for _ in range(20):
            child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
            child.start()
            child.terminate()
            child.join()
            ended.append(child.exitcode)
        return ended


class Orphans(stook.Task):
    """Leaves a process in a session of its own, which has started one in another."""

    file: Path

    def run(self) -> None:
        """Start them."""
        inner = f"echo $$ >> {self.file}; sleep 600"
        words = f"echo $$ >> {self.file}; setsid sh -c '{inner}' & wait"
        subprocess.Popen(["sh", "-c", words], start_new_session=True)
        while not self.file.exists() or len(self.file.read_text().split()) < 2:
            time.sleep(0.01)


class Asks(stook.Task):
    """Asks for something, and says who it is."""

    file: Path

    def run(self) -> Iterator[object]:
        """Ask."""
        with self.file.open("a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
        slow = yield Slow(file=self.file)
        return slow.data  # type: ignore[attr-defined]


class Slow(stook.Task):
    """Has whoever asked for it killed, once, while it runs."""

    file: Path

    def run(self) -> int:
        """Kill it, and go on for as long as it may take to be begun again."""
        os.kill(int(self.file.read_text().split()[0]), signal.SIGKILL)
        until = time.monotonic() + 30
        while len(self.file.read_text().split()) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        return 7


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A new store."""
    return stook.open(tmp_path / "store")


@pytest.fixture
def pool(store: Store) -> Iterator[PoolExecutor]:
    """A pool of one process."""
    pool = PoolExecutor(store, 1)
    yield pool
    pool.close(at_once=True)


def _one(pool: PoolExecutor, store: Store, task: stook.Task, log: Path | None = None) -> Report:
    pool.submit(work_of(store, task, log=log))
    return reports_of(pool, 1)[0]


@pytest.mark.parametrize("what", _ODD)
def test_the_next_task_does_not_notice(pool: PoolExecutor, store: Store, tmp_path: Path, what: str) -> None:
    """What it prints is heard, its environment is the process's, and no alarm of the one before goes off."""
    first = data_of(_one(pool, store, Odd(what=what)))
    found = data_of(_one(pool, store, Looks(), tmp_path / "log"))
    assert found == {"odd": None, "pid": first}
    assert (tmp_path / "log").read_text() == "printed\non errors\nby a child\n"


def test_with_one_job_the_run_does_not_notice(store: Store) -> None:
    """An alarm that a task has left would end it, and another environment would be everybody's."""
    here, environ = InlineExecutor(store), os.environ
    for number, what in enumerate(("alarm", "environment")):
        here.submit(work_of(store, Odd(what=what), number))
    assert [type(report) for report in reports_of(here, 2)] == [Done, Done]
    assert (signal.getitimer(signal.ITIMER_REAL)[0], os.environ is environ) == (0.0, True)


def test_a_task_that_closes_its_connection(pool: PoolExecutor, store: Store) -> None:
    """It is its own fault and not that of memory; the next task has another process."""
    report = _one(pool, store, ClosesAll())
    assert isinstance(report, Died)
    assert report.is_its_fault
    assert "has no connection to the run any more" in report.error.message
    assert isinstance(_one(pool, store, Looks()), Done)


def test_an_interrupt_that_a_task_raises(pool: PoolExecutor, store: Store) -> None:
    """It fails the task alone, with no frames but the task's own."""
    report = _one(pool, store, Interrupts())
    assert isinstance(report, Failed)
    trace = str(report.error.facts["traceback"])
    assert report.error.message.endswith("Interrupts failed: KeyboardInterrupt")
    assert (trace.count("File "), trace.endswith("KeyboardInterrupt\n")) == (1, True)


@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGHUP, "see who sends it"), (signal.SIGKILL, "memory =")]
)
def test_what_is_said_of_signals(pool: PoolExecutor, store: Store, number: int, words: str) -> None:
    """The system kills who takes the last of the memory; other signals are sent by somebody."""
    report = _one(pool, store, Ends(number=number))
    assert isinstance(report, Died)
    assert words in report.error.hint


def test_processes_of_a_task_end_on_sigterm_as_any(pool: PoolExecutor, store: Store) -> None:
    """Those that are forked do not take it for Ctrl-C, as the process of the task does."""
    assert data_of(_one(pool, store, Terminates())) == [-signal.SIGTERM] * 20


def test_processes_of_processes_left_behind_end(pool: PoolExecutor, store: Store, tmp_path: Path) -> None:
    """Whatever sessions they are in, and whoever has started them, none outlasts the run."""
    file = tmp_path / "pids"
    assert isinstance(_one(pool, store, Orphans(file=file)), Done)
    pool.close(at_once=False)
    assert is_soon(lambda: not any(is_alive(int(pid)) for pid in file.read_text().split()))


def test_a_task_that_dies_while_it_waits_for_an_answer(store: Store, tmp_path: Path) -> None:
    """It is begun again, and asks again."""
    result = run(Asks(file=tmp_path / "pids"), store=store, options=RunOptions(jobs=2))
    assert result.bundle.data == 7
    assert len((tmp_path / "pids").read_text().split()) == 2


def test_what_is_no_text_on_the_path(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python skips it, and so do the processes of tasks."""
    monkeypatch.setattr(sys, "path", [Path("nowhere"), *sys.path])
    assert isinstance(run(Looks(), store=store, options=RunOptions(jobs=2)).bundle.data, dict)


def test_no_process_to_be_had(store: Store) -> None:
    """Where the machine gives no process, the task fails and says what to do, and the run ends in order."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    pool = PoolExecutor(store, 2)
    work = work_of(store, Looks())
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        pool.submit(work)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    (report,) = pool.wait(0.0)
    pool.close(at_once=False)
    assert isinstance(report, Failed)
    assert isinstance(report.error, TaskError)
    assert (report.error.kind, "ulimit -n" in report.error.hint) == ("no-process", True)


def test_what_starts_processes_dies_between_tasks(pool: PoolExecutor, store: Store) -> None:
    """The next task has processes started by another."""
    first = data_of(_one(pool, store, Odd(what="environment")))
    assert isinstance(first, int)
    parent = int(Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(parent, signal.SIGKILL)
    assert is_soon(lambda: not is_alive(first))
    found = data_of(_one(pool, store, Looks()))
    assert isinstance(found, dict)
    assert found["pid"] != first
