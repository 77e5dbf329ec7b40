"""What somebody asks to be run: a task, or several."""

from __future__ import annotations

from collections.abc import Iterable

from stook.errors import InputError
from stook.pipeline.authoring.making import make_task
from stook.pipeline.authoring.parameters.parameter import shown
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.wanted import Requirement

__all__ = ["tasks_asked_for"]


def tasks_asked_for(given: object) -> tuple[Task, ...]:
    """Return tasks as they were given: one or several; a class stands for its task with the defaults.

    Raises:
        InputError: Something in it is no task.
    """
    if isinstance(given, Task):
        return (given,)
    if isinstance(given, str | type | Requirement) or not isinstance(given, Iterable):
        return (_task(given),)
    return tuple([_task(one) for one in given])


def _task(given: object) -> Task:
    if isinstance(given, type) and issubclass(given, Task):
        return make_task(given, {})
    if isinstance(given, Task):
        return given
    raise InputError(
        f"{shown(given)} is no task, so it cannot be run",
        kind="no-task-named",
        hint="give a task with its parameters, such as Report(horizon=30)",
    )
