"""Where a task's `run` is called and its result kept; another way to do it needs only the one method."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

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

__all__ = ["Executor", "InProcess", "Job"]

_AGAIN = "mend the task and run again; what had finished is kept"


@dataclass(frozen=True, slots=True)
class Job:
    """One task to be run.

    Attributes:
        node: The task.
        inputs: Its inputs by role.
        lineage: What is to be recorded, but for times.
    """

    node: Node
    inputs: Mapping[str, Bundle]
    lineage: Lineage


class Executor(Protocol):
    """Runs tasks."""

    def execute(self, job: Job) -> Bundle:
        """Run a task and publish what it returns; the bundle is durable when this returns.

        Raises:
            TaskError: The task raised, or what it returned cannot be kept. There is no bundle.
            InputError, CheckError, MissingExtraError: The task raised one.
        """
        ...


class InProcess:
    """Runs tasks here and now.

    Args:
        store: Where results go.
        now: Seconds since the epoch.
    """

    def __init__(self, store: Store, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    def execute(self, job: Job) -> Bundle:
        """Run a task and publish what it returns."""
        node = job.node
        args, kwargs = node.requirements.arguments(job.inputs)
        started = self._micros()
        with (
            importable(node.place.roots),
            user_code(node.task_id, f"{node.task_id} failed", kind="task-failed", hint=_AGAIN),
        ):
            value = node.task.run(*args, **kwargs)
        return self._publish(job, value, msgspec.structs.replace(job.lineage, started=started))

    def _publish(self, job: Job, value: object, lineage: Lineage) -> Bundle:
        params = {name: plain(value) for name, value in values_of(job.node.task).items()}
        lineage = msgspec.structs.replace(lineage, ended=self._micros())
        try:
            with self._store.draft(job.node.name, params=params, lineage=lineage) as draft:
                draft.set(value)
        except InputError as error:
            raise TaskError(
                f"{job.node.task_id}: what it returned cannot be kept: {error.message}",
                kind="bad-output",
                hint=error.hint,
                task=job.node.task_id,
            ) from error
        return draft.bundle

    def _micros(self) -> int:
        return int(self._now() * 1e6)
