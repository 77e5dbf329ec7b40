"""Plans that see what a remote has: what a run would take from there, besides what it would reuse and run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import msgspec

from stook.errors import StookError
from stook.pipeline.planning import Plan, PlannedStep, make_plan

if TYPE_CHECKING:
    from stook.app.exchange_choice import ExchangeChoice
    from stook.pipeline import RunOptions, Task
    from stook.store import Store

__all__ = ["TAKE", "planned"]

TAKE = "take"
"""The decision about a task whose result a remote has, and this store has not."""


@contextmanager
def planned(
    task: Task, store: Store, options: RunOptions, choice: ExchangeChoice, fail: Callable[[StookError], None]
) -> Iterator[Plan]:
    """Give what a run would do. Nothing is run and nothing is written; where all would be reused, nobody is asked.

    Args:
        task: The task.
        store: Where bundles are.
        options: How the run would be done.
        choice: Whether results would be taken, and from which remote. Those may be looked at in the block.
        fail: Is told of a remote that cannot be asked; then the plan is without it.

    Raises:
        InputError, NotFoundError: As `make_plan` raises.
    """
    plan = make_plan(task, store=store, options=options)
    if not choice.take or all(step.decision == "reuse" for step in plan.steps):
        yield plan
        return
    from stook.app.remote_results import RemoteResults

    with closing(RemoteResults(store, choice.remote, fail=fail)) as results:
        try:
            both = results.both()
            seen = make_plan(task, store=both, options=options)
        except StookError as error:
            fail(error)
        else:
            plan = Plan(tuple(_taken(step, store) for step in seen.steps))
        yield plan


def _taken(step: PlannedStep, store: Store) -> PlannedStep:
    if step.bundle is None or step.bundle.id in store.repository.catalog.ids.find_states([step.bundle.id]):
        return step
    return msgspec.structs.replace(
        step, decision=TAKE, because=(f"{step.bundle.owner} has made {step.bundle.ref}",)
    )
