"""Hands tasks out to be performed: as far as there is room, and nobody else is at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stook.errors import InputError, TaskError
from stook.model.events import TaskStarted, TaskWaiting
from stook.model.lineage import Environment, Lineage
from stook.pipeline.closure import packages_in
from stook.pipeline.running.board import State
from stook.pipeline.running.budget import Budget
from stook.pipeline.running.work import Executor, Work

if TYPE_CHECKING:
    from stook.pipeline.authoring.tasks import Task
    from stook.pipeline.running.board import Board, Step
    from stook.pipeline.running.deciding import Decided, Judge
    from stook.pipeline.running.options import RunOptions
    from stook.pipeline.running.others import Others
    from stook.pipeline.running.work import Asks
    from stook.store import Store

__all__ = ["HandingOut"]

_LOOK_SECONDS = 0.2
_MOST_LOOK_SECONDS = 2.0
_MOST_LOOKS = 10


class HandingOut:
    """Knows how much room there is, and which leases are held.

    Args:
        store: Where bundles are.
        board: The tasks of the run.
        judge: Decides about them.
        executor: Performs them.
        options: How the run is to be done.
        others: Whom it tells, asks and heeds.
    """

    def __init__(
        self,
        store: Store,
        board: Board,
        judge: Judge,
        executor: Executor,
        options: RunOptions,
        others: Others,
    ) -> None:
        self._store = store
        self._board = board
        self._judge = judge
        self._executor = executor
        self._options = options
        self._others = others
        self._budget = Budget(options.jobs)
        self._crowd: list[Step] = []
        self._at_work: dict[str, Step] = {}
        self._environment: Environment | None = None
        self._environments: dict[type[Task], Environment] = {}

    @property
    def is_full(self) -> bool:
        """Whether there is no room for any task."""
        return self._budget.is_full

    @property
    def is_idle(self) -> bool:
        """Whether no task is running."""
        return not self._budget.in_use

    def begin(self, step: Step, decided: Decided) -> None:
        """Begin a step; or let it be for now, where there is no room, or another is at it.

        Raises:
            StorageError: The store cannot be read.
        """
        step.plan, step.key = None, decided.key
        if self._is_at_work(step):
            return
        if not self._has_room(step):
            step.plan = decided
            return
        holder = self._others.leases.take(step.key)
        if holder and not self._may_wait_for_ever(step):
            self._budget.give_back(step.number)
            self._wait_for(step, holder)
            return
        self._at_work[step.key] = step
        if decided.may_reuse and self._has_news(step, decided):
            self.let_go(step)
            self._board.make_ready(step)
            return
        self._submit(step, decided)

    def answer(self, step: Step, asks: Asks) -> None:
        """Let a step go on that has asked, as soon as there is room for it."""
        if not self._has_room(step):
            return
        step.asks, step.state = None, State.RUNNING
        self._others.leases.note_asking(step.key, is_asking=False)
        bundles = []
        for other in self._board.find_all(asks.tasks):
            if other.bundle is None:
                step.refusal = step.refusal or other.error or _not_made(other)
            else:
                bundles.append(other.bundle)
        refusal, step.refusal = step.refusal, None
        self._executor.answer(step.number, refusal or bundles)

    def pause(self, step: Step) -> None:
        """Take note that a step has asked: its room is free, its lease is not."""
        self._free(step)
        self._others.leases.note_asking(step.key, is_asking=True)

    def let_go(self, step: Step) -> None:
        """Take note that a step does not run any more."""
        self._free(step)
        if self._at_work.get(step.key) is step:
            del self._at_work[step.key]
            self._others.leases.release(step.key)

    def _free(self, step: Step) -> None:
        self._budget.give_back(step.number)
        for waiting in self._crowd:
            self._board.make_ready(waiting)
        self._crowd.clear()

    def _has_room(self, step: Step) -> bool:
        """Take room for a step; where there is none, it is looked at again when some becomes free."""
        if self._budget.take(step.number, step.node.task):
            return True
        self._crowd.append(step)
        return False

    def _is_at_work(self, step: Step) -> bool:
        """Tell whether another task of this run, of equal inputs, makes the same just now; if so, wait for it."""
        other = self._at_work.get(step.key)
        if other is None:
            return False
        step.is_verifying = True
        try:
            self._board.await_steps(step, [other])
        except InputError:  # that one has asked for this one
            step.is_verifying = False
            return False
        return True

    def _may_wait_for_ever(self, step: Step) -> bool:
        """Tell whether another run, which is at a step, may wait for us: tasks of both ask, and one of ours for this.

        Then it is run here as well. Where tasks do ask for each other in a circle, that is found out so.
        """
        if step.looks < _MOST_LOOKS or not self._others.leases.is_asking(step.key):
            return False
        asking = [other for other in self._board.steps if other.state is State.ASKING]
        return bool(self._board.waits(step, asking))

    def _wait_for(self, step: Step, holder: str) -> None:
        if step.holder != holder:
            node = step.node
            self._others.observer(TaskWaiting(step.number, node.task_id, node.name, holder))
        step.holder = holder
        self._board.rest(step, min(_LOOK_SECONDS * 1.5**step.looks, _MOST_LOOK_SECONDS))
        step.looks += 1

    def _has_news(self, step: Step, decided: Decided) -> bool:
        """Tell whether somebody may have made it since it was decided."""
        name, key = step.node.name, decided.decision.lineage.fingerprint
        is_adopted = self._others.elsewhere.adopt(name, key)
        self._store.heed()
        if is_adopted or self._store.has_heard_of(key):
            self._store.refresh()
        if self._store.refreshed == decided.refreshed or not self._store.outputs(name, key):
            return False
        again = self._judge.decide(step, decided.inputs).decision
        return again.bundle is not None or bool(again.asks)

    def _submit(self, step: Step, decided: Decided) -> None:
        step.attempts += 1
        step.state, step.because = State.RUNNING, decided.decision.because
        step.lineage = decided.decision.lineage
        node = step.node
        self._executor.prepare(node)  # beside what is read and asked here
        started = TaskStarted(node.task_id, node.name, step.because, step.number, step.attempts)
        self._others.observer(started)
        self._executor.submit(self._work_of(step, decided))

    def _work_of(self, step: Step, decided: Decided) -> Work:
        made = decided.decision.lineage
        environment = self._environment_of(step, made)
        folder = self._options.folder
        return Work(
            step.number,
            step.node,
            decided.inputs,
            msgspec.structs.replace(made, environment=environment, run=self._options.run),
            attempt=step.attempts,
            code=self._judge.code_of(step) if self._options.keep_code else None,
            names=self._judge.names_of(step),
            log=folder and folder / "tasks" / f"{step.number}.log",
            rejected=folder and folder / "rejected",
            deaths=step.deaths,
        )

    def _environment_of(self, step: Step, made: Lineage) -> Environment:
        """Return the circumstances of a task, which are the same for all of a class."""
        cls = type(step.node.task)
        if cls not in self._environments:
            if self._environment is None:
                from stook.pipeline.meeting.environment import read_environment  # which a replay does without

                checkout = self._judge.checkout_of(step)
                self._environment = read_environment(checkout, self._store.repository.owner)
            packages = packages_in(made.code)
            self._environments[cls] = msgspec.structs.replace(self._environment, packages=packages)
        return self._environments[cls]


def _not_made(step: Step) -> TaskError:
    return TaskError(f"{step.node.task_id} was not made", kind="not-made", hint="see what failed before it")
