"""Runs a task and what it requires: reuses what is there, runs the rest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stook.errors import StookError
from stook.model.events import RunEnded
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.running.choosing import targets_of
from stook.pipeline.running.crew import Crew
from stook.pipeline.running.options import RunOptions
from stook.pipeline.running.others import Others
from stook.pipeline.running.results import RunResult, StepResult
from stook.pipeline.running.scheduler import Scheduler
from stook.pipeline.running.scripts import end_script

if TYPE_CHECKING:
    from stook.pipeline.running.board import Step
    from stook.store import Store

__all__ = ["run"]

_PLAIN = RunOptions()
_ALONE = Others()


def run(
    task: Task | Sequence[Task],
    *,
    store: Store | None = None,
    options: RunOptions = _PLAIN,
    others: Others = _ALONE,
) -> RunResult:
    """Make a task's bundle, and first those that it requires; what is there already is reused.

    Args:
        task: The task, with its parameters, or several.
        store: Where bundles are; the home store by default.
        options: How it is to be done.
        others: Whom it tells, asks and heeds.

    Returns:
        The bundle, whether it was reused or made, and why; the same for each step.

    Raises:
        InputError: The graph is wrong; nothing has run.
        NotFoundError: A file or an external bundle is not there; nothing has run.
        TaskError: A task failed; tasks that had finished are kept.
    """
    end_script()
    if store is None:
        from stook.store import open_store

        store = open_store()
    started, outcome = time.perf_counter(), "interrupted"
    crew = Crew(store, options)
    scheduler = Scheduler(store, crew, options, others)
    try:
        targets = targets_of(task, options)
        store.refresh()
        steps = scheduler.begin(targets)
        scheduler.run()
        outcome = "ok"
    except StookError:
        outcome = "failed"
        raise
    finally:
        try:
            crew.close(at_once=outcome != "ok")
        finally:
            others.leases.close()
            others.observer(RunEnded(outcome, time.perf_counter() - started))
    made = tuple(_result(step) for step in scheduler.board.steps if step.bundle is not None)
    return RunResult(made, _result(steps[-1]), options.run)


def _result(step: Step) -> StepResult:
    if step.bundle is None:
        raise LookupError(step.number)
    node = step.node
    return StepResult(node.task_id, node.name, step.decision, step.because, step.bundle, step.seconds)
