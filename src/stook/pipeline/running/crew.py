"""Who performs which task: this process, or a pool of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stook.pipeline.running.inline import InlineExecutor
from stook.pipeline.running.options import RunOptions
from stook.pipeline.running.work import Executor, Report, Work

if TYPE_CHECKING:
    from stook.errors import StookError
    from stook.store import Bundle, Store

__all__ = ["Crew"]


class Crew:
    """Hands each task to an executor that can do it, and begins those executors when they are first needed.

    Args:
        store: Where bundles go.
        options: How the run is to be done.
    """

    def __init__(self, store: Store, options: RunOptions) -> None:
        self._inline: Executor = InlineExecutor(store)

    def submit(self, work: Work) -> None:
        """Begin a task."""
        self._inline.submit(work)

    def answer(self, number: int, bundles: Sequence[Bundle] | StookError) -> None:
        """Let a task go on that has asked."""
        self._inline.answer(number, bundles)

    def wait(self, seconds: float | None) -> Sequence[Report]:
        """Return what has come of tasks."""
        return self._inline.wait(seconds)

    def close(self, *, at_once: bool) -> None:
        """Let go of everything."""
        self._inline.close(at_once=at_once)
