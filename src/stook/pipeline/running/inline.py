"""Performs tasks in this very process, one after another."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stook.errors import StookError
from stook.pipeline.running.perform import Performance
from stook.pipeline.running.work import Asks, Done, Failed, Report, Work

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["InlineExecutor"]


class InlineExecutor:
    """Runs a task when `wait` is called: prints, debuggers and Ctrl-C are as in any program.

    Args:
        store: Where bundles go.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._todo: deque[tuple[int, Sequence[Bundle] | StookError | None]] = deque()
        self._performances: dict[int, Performance] = {}
        self._seconds: dict[int, float] = {}

    def submit(self, work: Work) -> None:
        """Keep a task until `wait`."""
        self._performances[work.number] = Performance(self._store, work)
        self._seconds[work.number] = 0.0
        self._todo.append((work.number, None))

    def answer(self, number: int, bundles: Sequence[Bundle] | StookError) -> None:
        """Keep an answer until `wait`."""
        self._todo.append((number, bundles))

    def wait(self, seconds: float | None) -> Sequence[Report]:
        """Go on with the task that has waited longest, until it ends or asks."""
        if not self._todo:
            time.sleep(seconds if seconds is not None else 0.0)
            return ()
        return (self._go_on(*self._todo.popleft()),)

    def close(self, *, at_once: bool) -> None:
        """Let go of tasks that have asked and got no answer."""
        for performance in self._performances.values():
            performance.close()
        self._performances.clear()

    def _go_on(self, number: int, answer: Sequence[Bundle] | StookError | None) -> Report:
        start = time.perf_counter()
        report: Asks | Bundle | StookError
        try:
            report = self._performances[number].go_on(answer)
        except StookError as error:
            report = error
        self._seconds[number] += time.perf_counter() - start
        if isinstance(report, Asks):
            return report
        del self._performances[number]
        seconds = self._seconds.pop(number)
        if isinstance(report, StookError):
            return Failed(number, report, seconds)
        return Done(number, report, seconds)
