"""What comes of the steps of a run, noted on the board and told to whoever observes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stook.model.events import (
    Observer,
    RunStarted,
    TaskAdded,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    ignore,
)
from stook.pipeline.authoring.written import written_values
from stook.pipeline.running.board import State, tasks_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stook.errors import StookError
    from stook.pipeline.running.board import Board, Step
    from stook.store import Bundle

__all__ = ["Outcomes"]

_LONGEST = 4_000


class Outcomes:
    """Takes down what comes of steps.

    Args:
        board: The steps.
        observe: Is told.

    Attributes:
        first_error: What went wrong first of all that the run fails by.
    """

    def __init__(self, board: Board, observe: Observer) -> None:
        self.first_error: StookError | None = None
        self._board = board
        self._observe = observe

    def tell_started(self, target: Step, run: str) -> None:
        """Tell that a run begins, and of the tasks that it takes."""
        self._observe(RunStarted(target.node.task_id, len(self._board.steps), run))
        self.tell_added(self._board.steps)

    def tell_added(self, steps: Iterable[Step]) -> None:
        """Tell of tasks that the run takes."""
        if self._observe is ignore:
            return
        for step in steps:
            node = step.node
            needed = self._board.find_all(tasks_of(node.requirements))
            numbers = tuple(dict.fromkeys([other.number for other in needed]))
            values = written_values(node.task)
            self._observe(TaskAdded(step.number, node.task_id, node.name, repr(node.task), numbers, values))

    def finish(self, step: Step, bundle: Bundle, because: tuple[str, ...], ran: float | None = None) -> None:
        """Note a step's bundle.

        Args:
            step: The step.
            bundle: Its output.
            because: Why it ran, or was reused.
            ran: The seconds that it took to run; None where it was reused.
        """
        step.bundle, step.because = bundle, because
        step.decision = "reused" if ran is None else "ran"
        step.seconds = time.perf_counter() - step.began if ran is None else ran
        if self._observe is not ignore:
            node, size = step.node, bundle.size
            self._observe(
                TaskFinished(
                    node.task_id, node.name, step.decision, bundle.ref, step.seconds, size, step.number
                )
            )
        self._board.end(step, State.DONE)

    def fail(self, step: Step, error: StookError, seconds: float = 0.0) -> None:
        """Note that a step has no bundle."""
        step.error, step.decision, step.seconds = error, "failed", seconds
        self._tell_failure(step, error, None)
        self._board.end(step, State.FAILED)
        self._count(step)

    def put_off(self, step: Step, error: StookError, seconds: float, wait: float) -> None:
        """Note that a step failed and is tried again after some seconds."""
        step.seconds = seconds
        self._tell_failure(step, error, wait)
        self._board.rest(step, wait)

    def skip(self, step: Step, failed: Step) -> None:
        """Note that a step cannot run, since there is no bundle of another."""
        because = failed.because[0] if failed.state is State.SKIPPED else failed.node.task_id
        step.decision, step.error, step.because = "skipped", failed.error, (because,)
        self._observe(TaskSkipped(step.number, step.node.task_id, step.node.name, because))
        self._board.end(step, State.SKIPPED)
        self._count(step)

    def close(self) -> None:
        """Skip what is left of a run that stops: told of what had begun, and of what lies below a failure."""
        failed = next((step for step in self._board.steps if step.state is State.FAILED), None)
        for step in self._board.steps:
            if step.is_over or failed is None:
                continue
            below = (other for other in self._board.find_all(tasks_of(step.node.requirements)))
            blocked_by = next((other for other in below if other.is_over and other.bundle is None), None)
            if blocked_by or step.attempts or step.began:
                self.skip(step, blocked_by or failed)

    def _tell_failure(self, step: Step, error: StookError, wait: float | None) -> None:
        node, told = step.node, error.facts.get("traceback") if wait is None else None
        trace = told[-_LONGEST:] if isinstance(told, str) else ""
        self._observe(
            TaskFailed(node.task_id, node.name, error.message, step.seconds, step.number, wait, trace)
        )

    def _count(self, step: Step) -> None:
        if step.is_vital and self.first_error is None:
            self.first_error = step.error
