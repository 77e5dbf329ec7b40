"""Performs tasks in processes of their own, which may die without the run."""

from __future__ import annotations

import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from stook.errors import StookError
from stook.pipeline.authoring.user_code import user_code
from stook.pipeline.finding.importing import importable
from stook.pipeline.running.performing.code_check import changed_meanwhile
from stook.pipeline.running.performing.output_log import OutputLog
from stook.pipeline.running.performing.portable import dump_error, load_error
from stook.pipeline.running.processes.attending import attended
from stook.pipeline.running.processes.deaths import how_it_died, process_refused
from stook.pipeline.running.processes.errand import hello_from_here
from stook.pipeline.running.processes.errands import Errands
from stook.pipeline.running.processes.places import has_room, idle_in, threads_of
from stook.pipeline.running.processes.starter import Starter
from stook.pipeline.running.processes.task_process import TaskProcess, show
from stook.pipeline.running.processes.watching import GRACE_SECONDS, ask_to_end, watch
from stook.pipeline.running.processes.wire import running_script, unpack
from stook.pipeline.running.work import Died, Done, Failed, Report, Work

if TYPE_CHECKING:
    from stook.pipeline.graph import Node
    from stook.store import Bundle, Store

__all__ = ["PoolExecutor"]


class PoolExecutor:
    """Performs each task in a process of its own, several at once. A process that is done gets the next task.

    Processes are started when they are first needed. One that dies takes its task with it and nothing else. A task
    that has asked keeps its process and frees its place.

    Args:
        store: Where bundles go.
        jobs: How many CPUs tasks may use in all.
        began: When the run began, in seconds since the epoch; now by default.
        is_shown: Whether what tasks print is shown on standard error as it comes.
        way: How processes are started: `fork`, of a process that has been started for that, or `spawn`.

    Raises:
        InputError: The store is in the memory of this process.
    """

    def __init__(
        self, store: Store, jobs: int, *, began: float | None = None, is_shown: bool = False, way: str = ""
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._began = time.time() if began is None else began
        self._show = show if is_shown else None
        self._way = way
        self._script = running_script()
        self._errands = Errands(store, self._script)
        self._starter: Starter | None = None
        self._selector = selectors.DefaultSelector()
        self._processes: list[TaskProcess] = []
        self._queue: deque[Work] = deque()
        self._needs_new: set[int] = set()
        self._reports: list[Report] = []

    def prepare(self, node: Node) -> None:
        """Start what starts processes."""
        with suppress(OSError):  # whoever needs it is told
            self._get_starter()

    def submit(self, work: Work) -> None:
        """Begin a task, or keep it until there is a place."""
        self._queue.append(work)
        self._hand_out()

    def answer(self, number: int, bundles: Sequence[Bundle] | StookError) -> None:
        """Let a task go on that has asked."""
        process = next(each for each in self._processes if each.work and each.work.number == number)
        process.go_on()
        with suppress(OSError):  # then it has died, which is heard
            process.channel.send(self._errands.make_answer(bundles))

    def wait(self, seconds: float | None) -> Sequence[Report]:
        """Return what has come of tasks: at least one report, or none when the time is over or there is no task."""
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            self._hand_out()
            if self._reports:
                reports, self._reports = self._reports, []
                return reports
            is_idle = not self._queue and not any(process.is_running for process in self._processes)
            left = None if until is None else max(until - time.monotonic(), 0.0)
            if is_idle and not left:
                return ()
            self._look(left)
            if left == 0.0 and not self._reports:
                return ()

    @contextmanager
    def attended(self) -> Iterator[None]:
        """Look after tasks while this thread is busy with something else in the block."""
        if self._starter is None or not any(process.is_running for process in self._processes):
            yield
            return
        with attended(self._processes, self._starter, self._show) as heard:
            yield
        for process, message in heard.said:
            self._take(process, *message)
        for process in heard.gone:
            self._bury(process)

    def close(self, *, at_once: bool) -> None:
        """End all processes: those at work are asked to, and killed a second later, or by another Ctrl-C."""
        self._queue.clear()
        try:
            self._end_all(GRACE_SECONDS)
        except KeyboardInterrupt:
            self._end_all(0.0)
            raise
        finally:
            if self._starter is not None:
                self._starter.close()
                self._starter = None
            for process in self._processes:
                process.close()
            self._processes.clear()
            self._selector.close()

    def _end_all(self, grace: float) -> None:
        if self._starter is None:
            return
        ask_to_end(self._processes, self._starter, signal.SIGTERM if grace else signal.SIGKILL)
        until = time.monotonic() + grace
        while self._processes and time.monotonic() < until:
            self._select(until - time.monotonic())
        for process in self._processes:
            self._starter.kill(process, signal.SIGKILL)

    def _hand_out(self) -> None:
        while self._queue and has_room(self._processes, self._queue[0], self._jobs):
            work = self._queue.popleft()
            threads = threads_of(work, self._jobs)
            try:
                process = self._find_idle(work, threads) or self._start(threads)
            except OSError as error:
                if any(each.is_running for each in self._processes):
                    self._queue.appendleft(work)  # one of those will do
                    return
                self._reports.append(Failed(work.number, process_refused(work, error), 0.0))
                continue
            errand = self._errands.make(work, process.known)
            process.begin(work, OutputLog.of(work))
            try:
                process.channel.send(errand)
            except OSError:
                if process.is_up:  # it has died while it was idle; of another it is told how
                    process.end()
                    self._let_go(process)
                    self._queue.appendleft(work)

    def _find_idle(self, work: Work, threads: int) -> TaskProcess | None:
        idle = idle_in(self._processes)
        if work.number not in self._needs_new:
            fitting = [process for process in idle if process.threads == threads]
            if fitting:
                return fitting[0]
        for process in idle[: max(len(idle) - self._jobs + 1, 0)]:
            self._let_go(process)
        return None

    def _start(self, threads: int) -> TaskProcess:
        starter = self._get_starter()
        process = starter.start(threads)
        if starter.is_gone:
            process = self._get_starter().start(threads)
        self._processes.append(process)
        self._selector.register(process.channel, selectors.EVENT_READ, lambda: self._hear(process))
        self._selector.register(process.output, selectors.EVENT_READ, lambda: process.drain(self._show))
        with suppress(OSError):  # then it is gone already, which is heard
            process.channel.send(hello_from_here(self._store, self._began, self._script))
        return process

    def _get_starter(self) -> Starter:
        """Return what starts processes: another one where the last is known to be gone, with all that it had."""
        if self._starter is not None and self._starter.is_gone:
            self._take_notices()
            self._selector.unregister(self._starter)
            self._starter.close()
            self._starter = None
        if self._starter is None:
            self._starter = Starter(self._way)
            self._selector.register(self._starter, selectors.EVENT_READ, self._take_notices)
        return self._starter

    def _let_go(self, process: TaskProcess) -> None:
        """Let an idle process end."""
        process.is_leaving = True
        process.channel.shut()

    def _look(self, seconds: float | None) -> None:
        """Wait for something to happen, and look after time and memory meanwhile."""
        pauses = [
            pause for process in self._processes if (pause := watch(process, self._starter)) is not None
        ]
        if seconds is not None:
            pauses.append(seconds)
        self._select(min(pauses, default=None))

    def _select(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            if self._selector.get_map().get(key.fd) is key:  # what came before it may have closed it
                act: Callable[[], None] = key.data
                act()

    def _take_notices(self) -> None:
        if self._starter is None:
            return
        for process in [*self._starter.take_notices()]:
            self._bury(process)

    def _bury(self, process: TaskProcess) -> None:
        """Take note that a process is gone, and tell what has become of its task."""
        self._hear(process)
        if process.work is not None:
            process.drain(self._show)
            verdict = process.verdict
            error, is_its_fault = (verdict, True) if verdict else how_it_died(process.work, process.exit_code)
            self._tell(process, Died(process.work.number, error, process.seconds(), is_its_fault))
        self._forget(process)

    def _forget(self, process: TaskProcess) -> None:
        for each in (process.channel, process.output):
            with suppress(KeyError, ValueError):
                self._selector.unregister(each)
        process.close()
        if process in self._processes:
            self._processes.remove(process)

    def _hear(self, process: TaskProcess) -> None:
        """Take in what a process says; one that closes its channel ends."""
        for message in process.channel.iter_received():
            self._take(process, *message)
        if process.channel.is_over and process.exit_code is None:
            with suppress(KeyError, ValueError):
                self._selector.unregister(process.channel)
            process.is_leaving = True
            if process.work is not None and process.dies_at is None:  # without its channel it is of no use
                process.dies_at = time.monotonic() + GRACE_SECONDS

    def _take(self, process: TaskProcess, what: str, *told: Any) -> None:
        work = process.work
        if what == "up":
            process.come_up()
        elif work is None or (process.verdict is not None and what != "done"):
            return
        elif what == "begins":
            process.go_on()
        elif what == "asks":
            self._take_question(process, *told)
        else:
            self._take_end(process, work, what, *told)

    def _take_question(self, process: TaskProcess, packed: bytes, roots: tuple[Any, ...]) -> None:
        process.drain(self._show)
        task = process.work.node.task_id if process.work else ""
        failed = f"{task}: what it yielded cannot be imported"
        try:
            with (
                importable(roots),
                user_code(task, failed, kind="bad-yield", hint="yield tasks that are defined in files"),
            ):
                asks = unpack(packed, self._store, self._script)
        except StookError as error:
            process.channel.send((False, dump_error(error)))
            return
        process.ask()
        self._reports.append(asks)

    def _take_end(
        self, process: TaskProcess, work: Work, what: str, told: Any, seconds: float, is_spent: bool
    ) -> None:
        process.drain(self._show)
        process.is_leaving |= is_spent or what == "stale"
        if what == "stale" and work.number in self._needs_new:
            self._tell(process, Failed(work.number, changed_meanwhile(work), seconds))
        elif what == "stale":
            process.end()
            self._let_go(process)
            self._queue.appendleft(work)
            self._needs_new.add(work.number)
        elif what == "done":
            self._tell(process, Done(work.number, unpack(told, self._store), seconds))
        else:
            self._tell(process, Failed(work.number, load_error(told), seconds))

    def _tell(self, process: TaskProcess, report: Done | Failed | Died) -> None:
        if process.log is not None and not isinstance(report, Done):
            process.log.add_facts(report.error)
        process.end()
        self._reports.append(report)
