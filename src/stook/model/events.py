"""What happens while a pipeline runs, told to whoever observes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Event", "Observer", "RunStarted", "TaskFailed", "TaskFinished", "TaskStarted", "ignore"]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins.

    Attributes:
        target: The task that was asked for, as `module:Name`.
        tasks: How many tasks it takes, itself included.
    """

    target: str
    tasks: int


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A task begins to run; a task that is reused does not.

    Attributes:
        task: The task, as `module:Name`.
        name: Name of its output.
        because: Why it runs.
    """

    task: str
    name: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """A task's bundle is there.

    Attributes:
        task: The task, as `module:Name`.
        name: Name of its output.
        decision: `"ran"` or `"reused"`.
        bundle: Its output, as `name@id`.
        seconds: How long it took.
        size: Bytes of content of the output.
    """

    task: str
    name: str
    decision: str
    bundle: str
    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """A task raised; there is no bundle.

    Attributes:
        task: The task, as `module:Name`.
        name: Name of its output.
        message: The exception's own words.
        seconds: How long it took.
    """

    task: str
    name: str
    message: str
    seconds: float


Event = RunStarted | TaskStarted | TaskFinished | TaskFailed


class Observer(Protocol):
    """Is told of events as they happen, in order."""

    def __call__(self, event: Event, /) -> None:
        """Take note of an event."""
        ...


def ignore(_event: Event, /) -> None:
    """Observe nothing."""
