"""The one who knows what is to be done: decides about each task, hands out what must run, takes in what comes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from stook.errors import StookError, StorageError, TaskError
from stook.model.events import (
    TaskAdded,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
    ignore,
)
from stook.model.lineage import Environment, Input, Lineage
from stook.pipeline.closure import packages_in
from stook.pipeline.decide import Decider, Decision
from stook.pipeline.environment import read_environment
from stook.pipeline.outside import OutsideBundles
from stook.pipeline.running.board import Board, State, Step
from stook.pipeline.running.budget import Budget
from stook.pipeline.running.choosing import Choice, newest_of
from stook.pipeline.running.options import RunOptions
from stook.pipeline.running.others import Others
from stook.pipeline.running.work import Asks, Died, Done, Executor, Failed, Given, Report, Work
from stook.pipeline.tasks import Task

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Scheduler"]

_FREE_DEATHS = 1
_LOOK_SECONDS = 0.2


class Scheduler:
    """Works a graph off. One for each run; used by one thread.

    Args:
        store: Where bundles are.
        executor: Performs tasks.
        options: How the run is to be done.
        others: Whom it tells, asks and heeds.
    """

    def __init__(self, store: Store, executor: Executor, options: RunOptions, others: Others) -> None:
        self.board = Board()
        self._store = store
        self._executor = executor
        self._options = options
        self._leases = others.leases
        self._elsewhere = others.elsewhere
        self._observe = others.observer
        self._outside = OutsideBundles(store)
        self._decider = Decider(store)
        self._budget = Budget(options.jobs)
        self._choice = Choice(options)
        self._environment: Environment | None = None
        self._crowd: list[Step] = []
        self._first_error: StookError | None = None

    def add(self, tasks: Sequence[Task]) -> None:
        """Take up tasks and all that they pull in.

        Raises:
            InputError: The graph is wrong.
            NotFoundError: A file or an external bundle is not there.
            TaskError: A `requires` raised.
        """
        nodes = self.board.graph.add(*tasks)
        self._outside.look_for(nodes)
        for step in self.board.add(nodes):
            if self._observe is not ignore:
                self._observe(_added(step, self.board))

    def run(self) -> None:
        """Do what is to be done.

        Raises:
            TaskError, InputError, CheckError, …: What came first of all that went wrong; what had finished is kept.
        """
        while True:
            self._go_on()
            if self._is_over():
                break
            for report in self._executor.wait(self._patience()):
                self._take(report)
        if self._first_error is not None:
            raise self._first_error

    def _is_over(self) -> bool:
        """Where it failed and does not keep going, what is running is still waited for."""
        return not self._budget.in_use if self._is_stopping() else self.board.is_over

    def _is_stopping(self) -> bool:
        return self._first_error is not None and not self._options.keep_going

    def _patience(self) -> float | None:
        return None if self._is_stopping() else self.board.wake()

    def _go_on(self) -> None:
        self.board.wake()
        while True:
            for step in self.board.iter_ready():
                if self._is_stopping():
                    return
                try:
                    self._advance(step)
                except StookError as error:
                    self._fail(step, error)
            crowded = self._crowd
            self._crowd = []
            for place, step in enumerate(crowded):
                if self._budget.is_full or self._is_stopping():
                    self._crowd += crowded[place:]
                    return
                self._begin(step)
            if not self.board.has_ready:
                return

    def _begin(self, step: Step) -> None:
        """Begin or go on with a step as soon as there is room for it."""
        if not self._budget.take(step.number, step.node.task):
            self._crowd.append(step)
        elif step.asks is not None:
            self._answer(step, step.asks)
        elif step.plan is not None:
            self._start(step, *step.plan)

    def _advance(self, step: Step) -> None:
        """Do what can be done about a step."""
        if step.asks is not None and not step.is_verifying:
            self._begin(step)
            return
        if failed := self._failed_requirement(step):
            self._skip(step, failed)
            return
        step.began = step.began or time.perf_counter()
        if self._choice.is_taken_as_it_is(step.node):
            self._reuse(step, newest_of(self._store, step.node), ("taken as it is",))
            return
        inputs = self._inputs_of(step)
        decision = self._decide(step, inputs)
        if decision.bundle is not None:
            self._reuse(step, decision.bundle, decision.because)
        elif decision.asks:
            self._verify(step, decision.asks)
        else:
            step.is_verifying, step.asks = False, None
            step.plan = inputs, decision
            self._begin(step)

    def _failed_requirement(self, step: Step) -> Step | None:
        for required in step.requirements.roles.values():
            if isinstance(required, Task):
                other = self.board.step_of(required)
                if other.state in {State.FAILED, State.SKIPPED}:
                    return other
        return None

    def _inputs_of(self, step: Step) -> dict[str, Given]:
        given = {}
        for role, required in step.requirements.roles.items():
            bundle = (
                self.board.bundle_of(required) if isinstance(required, Task) else self._outside.get(required)
            )
            given[role] = Given(bundle, Input(role, bundle.name, bundle.id, bundle.digest))
        return given

    def _decide(self, step: Step, inputs: Mapping[str, Given]) -> Decision:
        used = {role: given.used for role, given in inputs.items()}
        if self._choice.is_forced(step.node):
            return Decision(self._decider.describe(step.node, used), because=("forced",))
        return self._decider.decide(step.node, used, self._find_digest)

    def _find_digest(self, task: Task) -> str | None:
        step = self.board.find(task)
        if step is None or not step.is_over:
            return None
        return step.bundle.digest if step.bundle else ""

    def _verify(self, step: Step, asks: tuple[Task, ...]) -> None:
        """Bring what a step asked for when it last ran up to date: only then it is known whether it is current."""
        self.add(asks)
        step.is_verifying = True
        self.board.await_tasks(step, asks)

    def _start(self, step: Step, inputs: Mapping[str, Given], decision: Decision) -> None:
        key = decision.lineage.fingerprint
        holder = self._leases.take(key)
        if holder:
            self._budget.give_back(step.number)
            self._wait_for(step, holder)
            return
        has_come = self._elsewhere.adopt(step.node.name, key)
        if has_come or self._store.repository.log.has_news():  # somebody may have made it since it was decided
            self._store.refresh()
            again = self._decide(step, inputs)
            if again.bundle is not None or again.asks:
                self._budget.give_back(step.number)
                self._leases.release(key)
                self.board.make_ready(step)
                return
        step.plan = None
        step.attempts += 1
        step.state = State.RUNNING
        step.lineage, step.because = decision.lineage, decision.because
        node = step.node
        self._observe(TaskStarted(node.task_id, node.name, step.because, step.number, step.attempts))
        self._executor.submit(self._work_of(step, inputs, decision.lineage))

    def _work_of(self, step: Step, inputs: Mapping[str, Given], made: Lineage) -> Work:
        if self._environment is None:
            self._environment = read_environment(step.node.place.roots[0], self._store.repository.owner)
        environment = msgspec.structs.replace(self._environment, packages=packages_in(made.code))
        lineage = msgspec.structs.replace(made, environment=environment, run=self._options.run)
        folder = self._options.folder
        return Work(
            step.number,
            step.node,
            inputs,
            lineage,
            attempt=step.attempts,
            log=folder and folder / "tasks" / f"{step.number}.log",
            rejected=folder and folder / "rejected",
        )

    def _wait_for(self, step: Step, holder: str) -> None:
        if step.state is not State.RESTING:
            self._observe(TaskWaiting(step.number, step.node.task_id, step.node.name, holder))
        self.board.rest(step, _LOOK_SECONDS)

    def _answer(self, step: Step, asks: Asks) -> None:
        step.asks, step.state = None, State.RUNNING
        bundles = []
        for task in asks.tasks:
            other = self.board.step_of(task)
            if other.bundle is None:
                self._executor.answer(step.number, other.error or _not_made(other))
                return
            bundles.append(other.bundle)
        self._executor.answer(step.number, bundles)

    def _take(self, report: Report) -> None:
        step = self.board.steps[report.number]
        self._budget.give_back(step.number)
        if isinstance(report, Asks):
            self._take_question(step, report)
            return
        if step.lineage is not None:
            self._leases.release(step.lineage.fingerprint)
        if isinstance(report, Done):
            self._finish(step, report.bundle, "ran", step.because)
        elif self._may_try_again(step, report):
            self._try_again(step, report)
        else:
            self._fail(step, report.error)

    def _take_question(self, step: Step, asks: Asks) -> None:
        step.asks = asks
        try:
            self.add(asks.tasks)
        except StookError as error:
            step.asks, step.state = None, State.RUNNING
            self._budget.take(step.number, step.node.task)
            self._executor.answer(step.number, error)
            return
        self.board.await_tasks(step, asks.tasks, State.ASKING)

    def _may_try_again(self, step: Step, report: Failed | Died) -> bool:
        if self._is_stopping():
            return False
        if isinstance(report, Died) and not report.is_its_fault and step.deaths < _FREE_DEATHS:
            step.deaths += 1
            step.attempts -= 1
            return True
        is_hopeful = isinstance(report.error, TaskError | StorageError)
        return is_hopeful and step.attempts <= step.node.traits.retries

    def _try_again(self, step: Step, report: Failed | Died) -> None:
        wait = step.node.traits.backoff * 2 ** (step.attempts - 1) if isinstance(report, Failed) else 0.0
        node, message = step.node, report.error.message
        self._observe(TaskFailed(node.task_id, node.name, message, report.seconds, step.number, wait))
        self.board.rest(step, wait)

    def _reuse(self, step: Step, bundle: Bundle, because: tuple[str, ...]) -> None:
        self._finish(step, bundle, "reused", because)

    def _finish(self, step: Step, bundle: Bundle, decision: str, because: tuple[str, ...]) -> None:
        step.bundle, step.decision, step.because = bundle, decision, because
        step.seconds = time.perf_counter() - step.began
        if self._observe is not ignore:
            node, seconds = step.node, step.seconds
            self._observe(
                TaskFinished(node.task_id, node.name, decision, bundle.ref, seconds, bundle.size, step.number)
            )
        self.board.end(step, State.DONE)

    def _fail(self, step: Step, error: StookError) -> None:
        step.error, step.decision = error, "failed"
        step.seconds = time.perf_counter() - step.began if step.began else 0.0
        if not self.board.is_only_verified(step):
            self._first_error = self._first_error or error
        node = step.node
        self._observe(TaskFailed(node.task_id, node.name, error.message, step.seconds, step.number))
        self.board.end(step, State.FAILED)

    def _skip(self, step: Step, failed: Step) -> None:
        step.decision, step.error = "skipped", failed.error
        because = failed.because[0] if failed.decision == "skipped" else failed.node.task_id
        step.because = (because,)
        self._observe(TaskSkipped(step.number, step.node.task_id, step.node.name, because))
        self.board.end(step, State.SKIPPED)


def _added(step: Step, board: Board) -> TaskAdded:
    requires = tuple(
        board.step_of(required).number
        for required in step.requirements.roles.values()
        if isinstance(required, Task)
    )
    return TaskAdded(step.number, step.node.task_id, step.node.name, repr(step.node.task), requires)


def _not_made(step: Step) -> TaskError:
    return TaskError(f"{step.node.task_id} was not made", kind="not-made", hint="see what failed before it")
