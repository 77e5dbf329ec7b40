"""What a task that is a generator yields: tasks, in lists and dicts; their bundles come back in the same shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from stook.errors import InputError
from stook.pipeline.authoring.tasks import Task

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["flat", "shaped"]


def flat(question: object) -> list[Task]:
    """Return the tasks of a question in order. Raises InputError where it holds something else."""
    if isinstance(question, Mapping):
        return [task for inner in question.values() for task in flat(inner)]
    if isinstance(question, list | tuple):
        return [task for inner in question for task in flat(inner)]
    if isinstance(question, Task):
        return [question]
    raise InputError(
        f"a task yielded {question!r:.80}, which is neither a task nor a table",
        kind="bad-yield",
        hint="yield a task, or a list or dict of tasks; or frames, which become one table",
    )


def shaped(question: object, answer: Sequence[Bundle] | None) -> object:
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
