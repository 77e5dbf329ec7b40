"""Where a task's `run` is called and its result kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from stook.errors import InputError, TaskError
from stook.model.lineage import Lineage
from stook.pipeline.graph import Node
from stook.pipeline.importing import importable
from stook.pipeline.parameters import plain
from stook.pipeline.tasks import values_of
from stook.pipeline.user_code import user_code

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["execute"]

_AGAIN = "mend the task and run again; what had finished is kept"


def execute(store: Store, node: Node, inputs: Mapping[str, Bundle], lineage: Lineage) -> Bundle:
    """Run a task and publish what it returns; the bundle is durable when this returns.

    Args:
        store: Where the result goes.
        node: The task.
        inputs: Its inputs by role.
        lineage: What is to be recorded, but for times.

    Raises:
        TaskError: The task raised, or what it returned cannot be kept. There is no bundle.
        InputError, CheckError, MissingExtraError: The task raised one.
    """
    args, kwargs = node.requirements.arguments(inputs)
    started = _now_micros()
    with (
        importable(node.place.roots),
        user_code(node.task_id, f"{node.task_id} failed", kind="task-failed", hint=_AGAIN),
    ):
        value = node.task.run(*args, **kwargs)
    params = {name: plain(value) for name, value in values_of(node.task).items()}
    timed = msgspec.structs.replace(lineage, started=started, ended=_now_micros())
    try:
        with store.draft(node.name, params=params, lineage=timed) as draft:
            draft.set(value)
    except InputError as error:
        raise TaskError(
            f"{node.task_id}: what it returned cannot be kept: {error.message}",
            kind="bad-output",
            hint=error.hint,
            task=node.task_id,
        ) from error
    return draft.bundle


def _now_micros() -> int:
    return int(time.time() * 1e6)
