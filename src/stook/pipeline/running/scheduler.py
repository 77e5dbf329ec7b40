"""The one who knows what is to be done: decides about each task, has those run that must, takes in what comes of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from stook.errors import IntegrityError, StookError, StorageError, TaskError
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.deciding.declared import check_declared
from stook.pipeline.outside import OutsideBundles
from stook.pipeline.running.board import Board, State, Step, tasks_of
from stook.pipeline.running.choosing import Choice, NewestBundles
from stook.pipeline.running.deciding import Judge
from stook.pipeline.running.given import GivenInputs
from stook.pipeline.running.handing_out import HandingOut
from stook.pipeline.running.options import RunOptions
from stook.pipeline.running.others import Others
from stook.pipeline.running.outcomes import Outcomes
from stook.pipeline.running.work import Asks, Died, Done, Executor, Failed, Report

if TYPE_CHECKING:
    from stook.store import Store

__all__ = ["Scheduler"]

_FREE_DEATHS = 1
_MANY = 8
_AT_ONCE = 256
_SLICE_SECONDS = 0.05


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
        self._others = others
        self._choice = Choice(options)
        self._newest = NewestBundles(store)
        self._outside = OutsideBundles(store)
        self._given = GivenInputs(store, self.board, self._outside)
        self._judge = Judge(store, self.board, self._choice)
        self._desk = HandingOut(store, self.board, self._judge, executor, options, others)
        self._outcomes = Outcomes(self.board, others.observer)

    def begin(self, targets: Sequence[Task]) -> list[Step]:
        """Take up tasks and all that they pull in, and tell that the run begins.

        Returns:
            The steps of the targets.

        Raises:
            InputError: The graph is wrong.
            NotFoundError: A file or an external bundle is not there.
            TaskError: A `requires` raised.
        """
        self._take_up(targets, is_vital=True)
        steps = self.board.find_all(targets)
        self._outcomes.tell_started(steps[-1], self._options.run)
        return steps

    def run(self) -> None:
        """Do what is to be done.

        Raises:
            TaskError, InputError, CheckError, …: What came first of all that went wrong; what had finished is kept.
        """
        while not self._is_over():
            self._go_on()
            if not self._is_over():
                for report in self._executor.wait(self._patience()):
                    self._take(report)
        self._outcomes.close()
        if self._outcomes.first_error is not None:
            raise self._outcomes.first_error

    def _is_over(self) -> bool:
        """Where it failed and does not keep going, what is running is still waited for."""
        return self._desk.is_idle if self._is_stopping() else self.board.is_over

    def _is_stopping(self) -> bool:
        return self._outcomes.first_error is not None and not self._options.keep_going

    def _patience(self) -> float | None:
        if self._is_stopping():
            return None
        soonest = self.board.wake()
        if self.board.has_ready and not self._desk.is_full:
            return 0.0
        if soonest is None and self._desk.is_idle:
            raise RuntimeError("tasks wait, and nothing is running")
        return soonest

    def _go_on(self) -> None:
        """Do what can be done about steps, as long as there is room for any to begin, but not for long."""
        self.board.wake()
        until = time.monotonic() + _SLICE_SECONDS
        while self.board.has_ready and not self._desk.is_full and not self._is_stopping():
            if time.monotonic() > until and not self._desk.is_idle:
                return
            step = self.board.pop_ready()
            if not step.is_foreseen:
                self._foresee(step)
            try:
                self._advance(step)
            except StookError as error:
                self._desk.let_go(step)
                if not self._makes_up_for(step, error):
                    self._outcomes.fail(step, error)

    def _foresee(self, step: Step) -> None:
        """Look up what is to be known of this step and of the next ones at once."""
        some = [each for each in (step, *self.board.peek_ready(_AT_ONCE - 1)) if not each.is_foreseen]
        for each in some:
            each.is_foreseen = True
        plain = [
            each for each in some if each.is_plain and not (each.blocked_by or self._is_taken_as_it_is(each))
        ]
        if len(plain) >= _MANY:
            with suppress(StookError):  # whoever has it wrong is told so in turn
                self._judge.foresee({each: self._given.of(each) for each in plain})

    def _is_taken_as_it_is(self, step: Step) -> bool:
        return step.is_vital and self._choice.is_taken_as_it_is(step.node)

    def _advance(self, step: Step) -> None:
        """Do what can be done about a step."""
        step.began = step.began or time.perf_counter()
        step.is_verifying = False
        if step.asks is not None:
            self._desk.answer(step, step.asks)
        elif step.blocked_by is not None:
            self._outcomes.skip(step, step.blocked_by)
        elif step.plan is not None:
            self._desk.begin(step, step.plan)
        elif self._is_taken_as_it_is(step):
            self._outcomes.finish(step, self._newest.get(step.node), ("taken as it is",))
        elif step.is_mapped:
            tasks = self._given.expand(step)
            self.board.await_steps(step, self._add(tasks, is_vital=step.is_vital))
        else:
            self._decide(step)

    def _decide(self, step: Step, because: str = "") -> None:
        if step.holder:
            self._store.refresh()
        decided = self._judge.decide(step, self._given.of(step), because=because)
        decision = decided.decision
        if decision.bundle is not None:
            meanwhile = f"made by {step.holder} meanwhile"
            self._outcomes.finish(step, decision.bundle, (meanwhile,) if step.holder else decision.because)
        elif decision.asks:
            self._verify(step, decision.asks)
        else:
            self._desk.begin(step, decided)

    def _verify(self, step: Step, asks: Sequence[Task]) -> None:
        """Bring up to date what a step asked for when it last ran: only then it is known whether it is current.

        A few at first, for what it asked for later may have depended on these.
        """
        step.verified = max(2 * step.verified, 1)
        step.is_verifying = True
        try:
            self.board.await_steps(step, self._add(asks[: step.verified], is_vital=False))
        except StookError:
            step.is_verifying = False
            self._decide(step, because="what it asked for cannot be had any more")

    def _add(self, tasks: Sequence[Task], *, is_vital: bool) -> list[Step]:
        """Take up tasks while the run is going on, and return their steps."""
        self._outcomes.tell_added(self._take_up(tasks, is_vital=is_vital))
        return self.board.find_all(tasks)

    def _take_up(self, tasks: Sequence[Task], *, is_vital: bool) -> list[Step]:
        """Take up tasks and those that they pull in, as far as they are meant; return the new steps."""
        graph = self.board.graph
        nodes = graph.add(*tasks)
        meant = self._choice.pick(nodes, tasks) if is_vital else nodes
        needed = [n for n in meant if not (is_vital and self._choice.is_taken_as_it_is(n))]
        try:
            check_declared(needed)
            self._outside.look_for(needed)
        except StookError:
            graph.forget(nodes)
            raise
        graph.forget([node for node in nodes if node not in meant] if len(meant) < len(nodes) else ())
        return self.board.add(meant, is_vital=is_vital)

    def _take(self, report: Report) -> None:
        step = self.board.steps[report.number]
        if isinstance(report, Asks):
            self._desk.pause(step)
            self._take_question(step, report)
            return
        self._desk.let_go(step)
        step.asks = step.refusal = None  # of one that died while it waited for an answer
        step.waits_for.clear()
        if isinstance(report, Done):
            self._judge.remember(step)
            self._outcomes.finish(step, report.bundle, step.because, report.seconds)
        elif self._makes_up_for(step, report.error):
            step.attempts -= 1
        elif self._may_try_again(step, report):
            wait = step.node.traits.backoff * 2 ** (step.attempts - 1) if isinstance(report, Failed) else 0.0
            self._outcomes.put_off(step, report.error, report.seconds, wait)
        else:
            self._outcomes.fail(step, report.error, report.seconds)

    def _makes_up_for(self, step: Step, error: StookError) -> bool:
        """Have those made here that a step requires, that came from elsewhere and whose content cannot be had.

        Returns:
            Whether there are any; then the step waits for them.
        """
        is_of_data = isinstance(error, IntegrityError | StorageError) or "cause" in error.facts
        if not is_of_data or self._is_stopping():
            return False
        required = self.board.find_all(dict.fromkeys(tasks_of(step.node.requirements)))
        reused = {
            s.bundle.id: s
            for s in required
            if s.bundle and s.decision == "reused" and not self._is_taken_as_it_is(s)
        }
        bundles = [s.bundle for s in reused.values() if s.bundle]
        lost = [reused[one] for one in self._others.elsewhere.lost(bundles)]
        for other in lost:
            if other.is_over:
                self._judge.forget(other)
                self.board.reopen(other)
        if lost:
            self.board.await_steps(step, lost)
        return bool(lost)

    def _take_question(self, step: Step, asks: Asks) -> None:
        step.asks = asks
        try:
            self.board.await_steps(step, self._add(asks.tasks, is_vital=False), State.ASKING)
        except StookError as error:
            step.refusal = error
            self.board.make_ready(step)

    def _may_try_again(self, step: Step, report: Failed | Died) -> bool:
        if self._is_stopping():
            return False
        if isinstance(report, Died) and not report.is_its_fault and step.deaths < _FREE_DEATHS:
            step.deaths += 1
            step.attempts -= 1
            return True
        is_hopeful = isinstance(report.error, TaskError | StorageError)
        return is_hopeful and step.attempts <= step.node.traits.retries
