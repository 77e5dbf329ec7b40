"""Performs tasks in this very process, one after another."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stook.errors import StookError
from stook.pipeline.running.performing.code_check import CodeCheck, StaleCodeError, changed_meanwhile
from stook.pipeline.running.work import Asks, Report, Work

if TYPE_CHECKING:
    from stook.pipeline.graph import Node
    from stook.pipeline.running.performing.attempt import Attempt
    from stook.store import Bundle, Store

__all__ = ["InlineExecutor"]


class InlineExecutor:
    """Runs a task when `wait` is called: prints, debuggers and Ctrl-C are as in any program.

    Args:
        store: Where bundles go.
        began: When the run began, in seconds since the epoch; now by default.
    """

    def __init__(self, store: Store, *, began: float | None = None) -> None:
        self._store = store
        self._code = CodeCheck(store, time.time() if began is None else began, is_shared=True)
        self._todo: deque[tuple[int, Sequence[Bundle] | StookError | None]] = deque()
        self._attempts: dict[int, Attempt] = {}

    @property
    def has_work(self) -> bool:
        """Whether there is a task to begin or to go on with."""
        return bool(self._todo)

    def prepare(self, node: Node) -> None:
        """Do nothing: it takes no preparation to run a task here."""

    def submit(self, work: Work) -> None:
        """Keep a task until `wait`."""
        from stook.pipeline.running.performing.attempt import Attempt  # which a replay does without

        self._code.expect(work)
        self._attempts[work.number] = Attempt(self._store, work, lambda: self._check(work))
        self._todo.append((work.number, None))

    def answer(self, number: int, bundles: Sequence[Bundle] | StookError) -> None:
        """Keep an answer until `wait`."""
        self._todo.append((number, bundles))

    def wait(self, seconds: float | None) -> Sequence[Report]:
        """Go on with the task that has waited longest, until it ends or asks."""
        if not self._todo:
            time.sleep(seconds if seconds is not None else 0.0)
            return ()
        number, answer = self._todo.popleft()
        report = self._attempts[number].go_on(answer)
        if not isinstance(report, Asks):
            del self._attempts[number]
        return (report,)

    def close(self, *, at_once: bool) -> None:
        """Let go of tasks that have asked and got no answer."""
        self._todo.clear()
        for attempt in self._attempts.values():
            attempt.close()
        self._attempts.clear()

    def _check(self, work: Work) -> None:
        """Make sure of the code that a task has imported."""
        try:
            self._code.check(work)
        except StaleCodeError:
            raise changed_meanwhile(work) from None
