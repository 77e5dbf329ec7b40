"""One task done: its inputs read, its `run` called, its result kept. The same in whatever process it happens."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from types import GeneratorType
from typing import TYPE_CHECKING

import msgspec

from stook.errors import InputError, StookError, TaskError
from stook.pipeline.importing import importable
from stook.pipeline.parameters import plain
from stook.pipeline.running.work import Asks, Work
from stook.pipeline.tasks import Task, values_of
from stook.pipeline.user_code import user_code

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Performance"]

_AGAIN = "mend the task and run again; what had finished is kept"


class Performance:
    """A task under way. It may ask for further tasks, and goes on when it has their bundles.

    Args:
        store: Where the result goes.
        work: What is to be done.
    """

    def __init__(self, store: Store, work: Work) -> None:
        self._store = store
        self._work = work
        self._started = _now_micros()
        self._generator: Generator[object, object, object] | None = None
        self._question: object = None

    def go_on(self, answer: Sequence[Bundle] | StookError | None) -> Asks | Bundle:
        """Begin, or go on with what was asked for; return the next question, or the bundle, which is durable then.

        Raises:
            TaskError: The task raised, or what it returned cannot be kept. There is no bundle.
            InputError, CheckError, MissingExtraError: The task raised one.
        """
        node = self._work.node
        with ExitStack() as stack:
            stack.enter_context(importable(node.place.roots))
            stack.enter_context(
                user_code(node.task_id, f"{node.task_id} failed", kind="task-failed", hint=_AGAIN)
            )
            asks, value = self._advance(answer)
        return asks or self._keep(value)

    def close(self) -> None:
        """Let go of a task that has asked and gets no answer."""
        if self._generator is not None:
            self._generator.close()

    def _advance(self, answer: Sequence[Bundle] | StookError | None) -> tuple[Asks | None, object]:
        node = self._work.node
        if self._generator is None:
            args, kwargs = node.requirements.arguments(
                {role: given.bundle for role, given in self._work.inputs.items()}
            )
            value = node.task.run(*args, **kwargs)
            if not isinstance(value, GeneratorType):
                return None, value
            self._generator = value
        try:
            if isinstance(answer, StookError):
                self._question = self._generator.throw(answer)
            else:
                self._question = self._generator.send(_shaped(self._question, answer))
        except StopIteration as stop:
            self._generator = None
            return None, stop.value
        return Asks(self._work.number, tuple(_flat(self._question))), None

    def _keep(self, value: object) -> Bundle:
        work, node = self._work, self._work.node
        params = {name: plain(value) for name, value in values_of(node.task).items()}
        lineage = msgspec.structs.replace(work.lineage, started=self._started, ended=_now_micros())
        try:
            with self._store.draft(node.name, params=params, lineage=lineage) as draft:
                draft.set(value)
        except InputError as error:
            raise TaskError(
                f"{node.task_id}: what it returned cannot be kept: {error.message}",
                kind="bad-output",
                hint=error.hint,
                task=node.task_id,
            ) from error
        return draft.bundle


def _flat(question: object) -> list[Task]:
    if isinstance(question, Mapping):
        return [task for inner in question.values() for task in _flat(inner)]
    if isinstance(question, list | tuple):
        return [task for inner in question for task in _flat(inner)]
    if isinstance(question, Task):
        return [question]
    raise InputError(
        f"a task yielded {question!r:.80}, which is no task",
        kind="bad-yield",
        hint="yield a task, or a list or dict of tasks",
    )


def _shaped(question: object, answer: Sequence[Bundle] | None) -> object:
    """Return bundles in the shape in which they were asked for."""
    if answer is None:
        return None
    bundles = iter(answer)

    def fill(part: object) -> object:
        if isinstance(part, Mapping):
            return {key: fill(inner) for key, inner in part.items()}
        if isinstance(part, list | tuple):
            return [fill(inner) for inner in part]
        return next(bundles)

    return fill(question)


def _now_micros() -> int:
    return int(time.time() * 1e6)
