"""One attempt at a task in this very process: what it prints is logged, and the process is left as it was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from stook.errors import StookError
from stook.pipeline.running.performing.capture import capturing
from stook.pipeline.running.performing.output_log import OutputLog
from stook.pipeline.running.performing.perform import Performance
from stook.pipeline.running.performing.portable import bearable
from stook.pipeline.running.performing.restoring import restoring
from stook.pipeline.running.work import Asks, Done, Failed, Work

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Attempt"]


class Attempt:
    """A task under way here. The arguments are those of `Performance`."""

    def __init__(self, store: Store, work: Work, check: Callable[[], None]) -> None:
        self._number = work.number
        self._performance = Performance(store, work, check)
        self._log = OutputLog.of(work)
        self._seconds = 0.0

    def go_on(self, answer: Sequence[Bundle] | StookError | None) -> Asks | Done | Failed:
        """Begin, or go on with what was asked for; return the next question, or what came of it."""
        start = time.perf_counter()
        report: Asks | Bundle | StookError
        try:
            with capturing(self._log), restoring():
                report = self._performance.go_on(answer)
        except StookError as error:
            report = bearable(error)
            self._log.add_facts(report)
        self._seconds += time.perf_counter() - start
        if isinstance(report, Asks):
            return report
        self._log.close()
        if isinstance(report, StookError):
            return Failed(self._number, report, self._seconds)
        return Done(self._number, report, self._seconds)

    def close(self) -> None:
        """Let go of a task that has asked and gets no answer."""
        with capturing(self._log), restoring():
            self._performance.close()
        self._log.close()
