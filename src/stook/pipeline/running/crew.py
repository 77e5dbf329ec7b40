"""Who performs which task: this process, or a pool of others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from stook.errors import InputError
from stook.pipeline.authoring.wanted import needs_of
from stook.pipeline.finding.locate import is_here_alone
from stook.pipeline.running.inline import InlineExecutor
from stook.pipeline.running.options import RunOptions
from stook.pipeline.running.work import Report, Work

if TYPE_CHECKING:
    from stook.errors import StookError
    from stook.pipeline.graph import Node
    from stook.pipeline.running.processes.pool import PoolExecutor
    from stook.store import Bundle, Store

__all__ = ["Crew"]


class Crew:
    """Hands each task to an executor that can do it, and begins the pool when it is first needed.

    A task runs in a process of its own where several may run at once, and where it says how long it may take or how
    much memory: only a process can be ended for that. A task in cells of a notebook is in no file that another process
    could import, so it runs here.

    Args:
        store: Where bundles are.
        options: How the run is to be done.
    """

    def __init__(self, store: Store, options: RunOptions) -> None:
        self._store = store
        self._jobs = options.jobs
        self._began = time.time()
        self._inline = InlineExecutor(store, began=self._began)
        self._pool: PoolExecutor | None = None
        self._here: set[int] = set()

    def prepare(self, node: Node) -> None:
        """Have processes begin, where the task runs in one. Raises as `submit` does."""
        if not self._is_for_here(node):
            self._get_pool().prepare(node)

    def submit(self, work: Work) -> None:
        """Begin a task.

        Raises:
            InputError: It says how long it may take or how much memory, and can only run here.
        """
        if self._is_for_here(work.node):
            self._here.add(work.number)
            self._inline.submit(work)
            return
        self._get_pool().submit(work)

    def answer(self, number: int, bundles: Sequence[Bundle] | StookError) -> None:
        """Let a task go on that has asked."""
        if self._pool is None or number in self._here:
            self._inline.answer(number, bundles)
        else:
            self._pool.answer(number, bundles)

    def wait(self, seconds: float | None) -> Sequence[Report]:
        """Return what has come of tasks. One that runs here holds up what is told of the others, not their limits."""
        if self._pool is None:
            return self._inline.wait(seconds)
        if self._inline.has_work:
            with self._pool.attended():
                reports = self._inline.wait(0.0)
            return [*reports, *self._pool.wait(0.0)]
        return self._pool.wait(seconds)

    def close(self, *, at_once: bool) -> None:
        """Let go of everything."""
        try:
            self._inline.close(at_once=at_once)
        finally:
            if self._pool is not None:
                self._pool.close(at_once=at_once)

    def _get_pool(self) -> PoolExecutor:
        if self._pool is None:
            from stook.pipeline.running.processes.pool import PoolExecutor

            self._pool = PoolExecutor(self._store, self._jobs, began=self._began, is_shown=self._jobs == 1)
        return self._pool

    def _is_for_here(self, node: Node) -> bool:
        traits = node.traits
        is_limited = traits.timeout is not None or traits.memory is not None
        held = map(needs_of, node.requirements.roles.values())
        if not (node.place.is_live or is_here_alone(chain((node.task,), held))):
            return self._jobs == 1 and not is_limited
        if traits.timeout is not None:
            raise InputError(
                f"{node.task_id} is in a notebook, where nothing could end it after {traits.timeout:g} seconds",
                kind="timeout-in-notebook",
                hint="define it in a .py file and import that, or take its timeout away",
                task=node.task_id,
            )
        return True
