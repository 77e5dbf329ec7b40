"""The promise of `stook.pipeline.running.work.Executor` as a test suite, for anyone who writes an executor."""

# ruff: noqa: S101  a test suite speaks in asserts

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import stook
from stook.errors import CheckError, InputError, TaskError
from stook.model.lineage import Input
from stook.pipeline.authoring.wanted import External
from stook.pipeline.deciding.decide import Decider
from stook.pipeline.graph import collect
from stook.pipeline.running.work import Asks, Died, Done, Executor, Failed, Given, Report, Work
from stook.testing import executor_tasks as tasks

if TYPE_CHECKING:
    from stook.pipeline.authoring.tasks import Task
    from stook.store import Store

__all__ = ["ExecutorTests", "MakeExecutor", "ProcessExecutorTests"]

MakeExecutor = Callable[["Store"], Executor]
_SECONDS = 60.0
_SOON = 10.0
_PRINTED = "line 0\nline 1\nline 2\na word on errors\n"


class ExecutorTests:
    """What every executor must pass: subclass this, and give a fixture that makes one which runs two tasks at once.

    ```python
    class TestMine(ExecutorTests):
        @pytest.fixture
        def make_executor(self):
            return lambda store: MyExecutor(store, jobs=2)
    ```
    """

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        """A new store in a folder."""
        return stook.open(tmp_path / "store")

    @pytest.fixture
    def executor(self, make_executor: MakeExecutor, store: Store) -> Iterator[Executor]:
        """A new executor, which is closed at the end."""
        executor = make_executor(store)
        yield executor
        executor.close(at_once=True)

    def test_what_a_task_returns_is_published(self, executor: Executor, store: Store) -> None:
        """A report that a task is done comes when its bundle is in the store, and has that bundle."""
        executor.submit(work_of(store, tasks.Number(number=7)))
        (report,) = reports_of(executor, 1)
        assert isinstance(report, Done)
        assert (report.number, report.bundle.data, report.seconds >= 0) == (0, 7, True)
        assert store.get("number").id == report.bundle.id

    def test_to_prepare_is_no_duty(self, executor: Executor, store: Store) -> None:
        """What is prepared, once or twice, runs when it is submitted and not before; it need not come at all."""
        work = work_of(store, tasks.Number(number=7))
        executor.prepare(work.node)
        executor.prepare(work.node)
        assert store.find("number") is None
        executor.submit(work)
        (report,) = reports_of(executor, 1)
        assert isinstance(report, Done)
        executor.prepare(work.node)

    def test_the_lineage_is_kept(self, executor: Executor, store: Store) -> None:
        """A bundle has the fingerprint and code that the work says, and when the task ran."""
        work = work_of(store, tasks.Number(number=7))
        executor.submit(work)
        (report,) = reports_of(executor, 1)
        assert isinstance(report, Done)
        lineage = report.bundle.lineage
        assert (lineage.fingerprint, lineage.code) == (work.lineage.fingerprint, work.lineage.code)
        assert 0 < lineage.started <= lineage.ended

    def test_inputs_are_handed_over(self, executor: Executor, store: Store) -> None:
        """A task gets the bundles that the work names."""
        store.add("number", 21)
        executor.submit(work_of(store, tasks.Doubled()))
        (report,) = reports_of(executor, 1)
        assert isinstance(report, Done)
        assert report.bundle.data == 42

    def test_many_tasks(self, executor: Executor, store: Store) -> None:
        """Each of many tasks is reported once, though all were submitted before the first wait."""
        for number in range(40):
            executor.submit(work_of(store, tasks.Number(number=number), number))
        reports = reports_of(executor, 40)
        assert {report.number: data_of(report) for report in reports} == {n: n for n in range(40)}

    def test_wait_comes_back_in_time(self, executor: Executor) -> None:
        """Where nothing happens, `wait` returns nothing when its time is over."""
        assert executor.wait(0.0) == ()
        assert list(executor.wait(0.01)) == []

    def test_a_failure_is_told(self, executor: Executor, store: Store) -> None:
        """An exception of a task becomes a TaskError that has its words and a traceback."""
        error = self.failure(executor, store, "plain")
        assert isinstance(error, TaskError)
        assert error.kind == "task-failed"
        assert "ValueError: no such luck" in error.message
        assert "no such luck" in str(error.facts["traceback"])
        assert store.find("raises") is None

    def test_a_failure_keeps_its_kind_and_facts(self, executor: Executor, store: Store) -> None:
        """An error of Stook's classes stays what it is; facts are plain values by the time they are told."""
        error = self.failure(executor, store, "input")
        assert isinstance(error, InputError)
        assert (error.kind, error.hint, error.facts["seven"]) == ("my-kind", "another", 7)
        assert "give another" in error.message

    def test_a_failure_that_cannot_be_pickled(self, executor: Executor, store: Store) -> None:
        """An exception that holds what no other process could have is told all the same."""
        assert "cannot be sent" in self.failure(executor, store, "unpicklable").message

    def test_a_failure_of_many_words_is_shortened(self, executor: Executor, store: Store) -> None:
        """Of an exception with megabytes of text, the beginning and the end are told."""
        error = self.failure(executor, store, "huge")
        assert "ValueError: xxx" in error.message
        assert len(error.message) + len(str(error.facts["traceback"])) < 500_000

    def test_leaving_by_exit_is_a_failure(self, executor: Executor, store: Store) -> None:
        """A task that calls `sys.exit` fails, and the executor goes on."""
        assert "SystemExit" in self.failure(executor, store, "exit").message

    def test_tasks_after_a_failure(self, executor: Executor, store: Store) -> None:
        """A task that fails takes no other one with it."""
        for number in range(6):
            task = tasks.Raises(how="plain") if number % 2 else tasks.Number(number=number)
            executor.submit(work_of(store, task, number))
        reports = {report.number: type(report) for report in reports_of(executor, 6)}
        assert reports == {number: Failed if number % 2 else Done for number in range(6)}

    def test_a_task_may_ask(self, executor: Executor, store: Store) -> None:
        """What a task yields is asked for, in order; it goes on with the bundles in the shape of what it yielded."""
        executor.submit(work_of(store, tasks.Asks(count=2)))
        for number in range(2):
            (asks,) = reports_of(executor, 1)
            assert isinstance(asks, Asks)
            assert asks.tasks == (tasks.Number(number=number), tasks.Number(number=100))
            executor.answer(0, [store.add("asked", number), store.add("asked", 100)])
        (report,) = reports_of(executor, 1)
        assert data_of(report) == 201

    def test_others_run_while_tasks_ask(self, executor: Executor, store: Store) -> None:
        """Tasks that wait for answers free their places: however many they are, others run meanwhile."""
        for number in range(4):
            executor.submit(work_of(store, tasks.Asks(count=1), number))
        assert {report.number for report in reports_of(executor, 4)} == {0, 1, 2, 3}
        executor.submit(work_of(store, tasks.Number(number=5), 4))
        assert [data_of(report) for report in reports_of(executor, 1)] == [5]
        for number in range(4):
            executor.answer(number, [store.add("asked", number), store.add("asked", 0)])
        assert sorted(data_of(report) for report in reports_of(executor, 4)) == [0, 1, 2, 3]  # type: ignore[type-var]

    def test_an_answer_may_be_a_failure(self, executor: Executor, store: Store) -> None:
        """Where what it asked for cannot be made, the error is raised at the task's `yield`, and it may go on."""
        executor.submit(work_of(store, tasks.AsksAndCatches()))
        reports_of(executor, 1)
        executor.answer(0, TaskError("no number", kind="not-made"))
        assert data_of(reports_of(executor, 1)[0]) == "not-made: no number"

    def test_asking_for_what_is_no_task(self, executor: Executor, store: Store) -> None:
        """A task that yields something else fails."""
        executor.submit(work_of(store, tasks.AsksOddly()))
        (report,) = reports_of(executor, 1)
        assert isinstance(report, Failed)

    def test_what_is_printed_is_in_the_log(self, executor: Executor, store: Store, tmp_path: Path) -> None:
        """What tasks print is in the files that their works name; where nothing is printed, there is none."""
        logs = [tmp_path / "logs" / f"{number}.log" for number in range(3)]
        executor.submit(work_of(store, tasks.Prints(), 0, log=logs[0]))
        executor.submit(work_of(store, tasks.Prints(lines=5), 1, log=logs[1]))
        executor.submit(work_of(store, tasks.Number(), 2, log=logs[2]))
        reports_of(executor, 3)
        assert logs[0].read_text() == _PRINTED
        assert logs[1].read_text().startswith("line 0\nline 1\nline 2\nline 3\nline 4\n")
        assert not logs[2].exists()

    def test_a_failure_shows_the_last_lines(self, executor: Executor, store: Store, tmp_path: Path) -> None:
        """The error of a task has the last 50 lines that it printed, and where the log is."""
        log = tmp_path / "a.log"
        executor.submit(work_of(store, tasks.Prints(lines=80, fails=True), log=log))
        (report,) = reports_of(executor, 1)
        assert isinstance(report, Failed)
        lines = str(report.error.facts["output"]).splitlines()
        assert (lines[0], lines[-2:]) == ("line 31", ["line 79", "a word on errors"])
        assert report.error.facts["log"] == str(log)

    def test_a_task_finds_things_as_they_were(self, executor: Executor, store: Store, tmp_path: Path) -> None:
        """Folder, variables, umask, signal handlers and streams are for each task as if it were the first."""
        executor.submit(work_of(store, tasks.Looks(turn=0), 0))
        before = data_of(reports_of(executor, 1)[0])
        for number in range(4):
            executor.submit(work_of(store, tasks.LeavesThings(), number + 1))
        reports_of(executor, 4)
        log = tmp_path / "looks.log"
        for number in range(4):
            executor.submit(work_of(store, tasks.Looks(turn=1 + number), number + 5, log=log))
        for report in reports_of(executor, 4):
            found = data_of(report)
            assert isinstance(before, dict)
            assert isinstance(found, dict)
            assert {**found, "pid": 0} == {**before, "pid": 0}
        assert log.read_text() == "looks\n"

    def test_closing_ends_what_asks(self, make_executor: MakeExecutor, store: Store) -> None:
        """Closing an executor lets go of tasks that wait for answers; what is closed gives no report."""
        executor = make_executor(store)
        executor.submit(work_of(store, tasks.Asks()))
        reports_of(executor, 1)
        executor.close(at_once=False)
        assert store.find("asks") is None

    def test_closing_without_a_task(self, make_executor: MakeExecutor, store: Store) -> None:
        """An executor that never got a task can be closed, either way."""
        for at_once in (True, False):
            make_executor(store).close(at_once=at_once)

    def failure(self, executor: Executor, store: Store, how: str) -> TaskError | InputError | CheckError:
        """Return what is told of a task that raises in some way."""
        executor.submit(work_of(store, tasks.Raises(how=how)))
        (report,) = reports_of(executor, 1)
        assert isinstance(report, Failed)
        assert isinstance(report.error, TaskError | InputError | CheckError)
        return report.error


class ProcessExecutorTests(ExecutorTests):
    """What an executor must pass besides whose tasks run in processes of their own on this machine.

    It is used as `ExecutorTests` is.
    """

    @pytest.mark.parametrize(("by", "words"), [(9, "SIGKILL"), (11, "SIGSEGV"), (0, "exit code 3")])
    def test_a_death_takes_one_task(self, executor: Executor, store: Store, by: int, words: str) -> None:
        """A process that dies is reported for its task alone, with the way in which it died; others go on."""
        executor.submit(work_of(store, tasks.Dies(by=by), 0))
        for number in range(1, 6):
            executor.submit(work_of(store, tasks.Number(number=number), number))
        reports = {report.number: report for report in reports_of(executor, 6)}
        died = reports.pop(0)
        assert isinstance(died, Died)
        assert (died.error.kind, words in died.error.message, died.is_its_fault) == (
            "task-died",
            True,
            by != 9,
        )
        assert "about to die" in str(died.error.facts["output"])
        assert [data_of(report) for _, report in sorted(reports.items())] == [1, 2, 3, 4, 5]

    def test_an_odd_exception_is_a_failure(self, executor: Executor, store: Store) -> None:
        """An exception that is no `Exception` fails the task, and does not end its process for the others."""
        assert "most odd" in self.failure(executor, store, "base").message

    def test_processes_left_behind_end(self, executor: Executor, store: Store) -> None:
        """Threads that a task leaves hold nothing up, and processes that it leaves are ended."""
        for number in range(3):
            executor.submit(work_of(store, tasks.LeavesProcesses(), number))
        left = [data_of(report) for report in reports_of(executor, 3)]
        assert is_soon(lambda: not any(is_alive(pid) for pid in left))

    def test_closing_at_once_ends_all(
        self, make_executor: MakeExecutor, store: Store, tmp_path: Path
    ) -> None:
        """Closing at once ends tasks that are at work, and what they have started; nothing of them is published."""
        executor = make_executor(store)
        files = [tmp_path / f"{number}.pids" for number in range(2)]
        for number, file in enumerate(files):
            executor.submit(work_of(store, tasks.Blocks(file=file, turn=number), number))
        while not all(file.exists() for file in files):
            assert not executor.wait(0.05)
        executor.close(at_once=True)
        pids = [int(pid) for file in files for pid in file.read_text().split()]
        assert is_soon(lambda: not any(is_alive(pid) for pid in pids))
        assert store.find("blocks") is None


def work_of(store: Store, task: Task, number: int = 0, *, log: Path | None = None) -> Work:
    """Return what a run would submit of a task that requires nothing but bundles that are there."""
    node = collect(task)[-1]
    given = {}
    for role, required in node.requirements.roles.items():
        assert isinstance(required, External)
        bundle = store.get(required.ref)
        given[role] = Given(bundle, Input(role, bundle.name, bundle.id, bundle.digest))
    lineage = Decider(store).describe(node, {role: each.used for role, each in given.items()})
    return Work(number, node, given, lineage, log=log)


def reports_of(executor: Executor, count: int) -> Sequence[Report]:
    """Wait for some reports, no more and no fewer."""
    reports: list[Report] = []
    until = time.monotonic() + _SECONDS
    while len(reports) < count:
        assert time.monotonic() < until, reports
        reports += executor.wait(1.0)
    assert len(reports) == count
    return reports


def data_of(report: Report) -> object:
    """Return the data of a task that is done."""
    assert isinstance(report, Done), report
    return report.bundle.data


def is_alive(pid: object) -> bool:
    """Tell whether there is a process."""
    assert isinstance(pid, int)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_soon(condition: Callable[[], bool]) -> bool:
    """Tell whether something holds within some seconds."""
    until = time.monotonic() + _SOON
    while not condition():
        if time.monotonic() > until:
            return False
        os.sched_yield()
    return True
