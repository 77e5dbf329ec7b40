"""What happens while a pipeline runs, told to whoever observes it."""

from __future__ import annotations

from typing import Protocol

import msgspec

__all__ = [
    "Event",
    "ExchangeFailed",
    "ExchangeWaiting",
    "Exchanged",
    "Observer",
    "RunEnded",
    "RunStarted",
    "TaskAdded",
    "TaskFailed",
    "TaskFinished",
    "TaskSkipped",
    "TaskStarted",
    "TaskWaiting",
    "ignore",
]


class RunStarted(msgspec.Struct, frozen=True):
    """A run begins.

    Attributes:
        target: The task that was asked for, as `module:Name`.
        tasks: How many tasks it takes, itself included, as far as is known yet.
        run: Id of the run.
    """

    target: str
    tasks: int
    run: str = ""


class TaskAdded(msgspec.Struct, frozen=True):
    """A task is part of the run: at its start, or because another one has asked for it.

    Attributes:
        number: Of the task within the run, from 0; each after those that it requires.
        task: The task, as `module:Name`.
        name: Name of its output.
        label: The task with all its parameters, as Python writes it.
        requires: Numbers of the tasks that it requires.
        values: How each parameter is written for a person, by name: `day=2026-01-31`.
    """

    number: int
    task: str
    name: str
    label: str
    requires: tuple[int, ...]
    values: dict[str, str] = {}


class TaskWaiting(msgspec.Struct, frozen=True):
    """Another run is at this very task; what it makes is taken, and where it makes nothing, the task is run here.

    Attributes:
        number: Of the task within the run.
        task: The task, as `module:Name`.
        name: Name of its output.
        holder: Who is at it, for a person.
    """

    number: int
    task: str
    name: str
    holder: str


class TaskStarted(msgspec.Struct, frozen=True):
    """A task begins to run; a task that is reused does not.

    Attributes:
        task: The task, as `module:Name`.
        name: Name of its output.
        because: Why it runs.
        number: Of the task within the run.
        attempt: 1, and more where it is tried again.
    """

    task: str
    name: str
    because: tuple[str, ...]
    number: int = 0
    attempt: int = 1


class TaskFinished(msgspec.Struct, frozen=True):
    """A task's bundle is there.

    Attributes:
        task: The task, as `module:Name`.
        name: Name of its output.
        decision: `"ran"` or `"reused"`.
        bundle: Its output, as `name@id`.
        seconds: How long it took.
        size: Bytes of content of the output.
        number: Of the task within the run.
    """

    task: str
    name: str
    decision: str
    bundle: str
    seconds: float
    size: int
    number: int = 0


class TaskFailed(msgspec.Struct, frozen=True):
    """A task raised, or its process died; there is no bundle.

    Attributes:
        task: The task, as `module:Name`.
        name: Name of its output.
        message: What happened, in a line.
        seconds: How long it took.
        number: Of the task within the run.
        retry_in: Seconds until it is tried again; None where it is not.
        traceback: The end of the traceback of the task's own code, where it has raised and is not tried again.
    """

    task: str
    name: str
    message: str
    seconds: float
    number: int = 0
    retry_in: float | None = None
    traceback: str = ""


class TaskSkipped(msgspec.Struct, frozen=True):
    """A task was not run, since something that it requires has failed.

    Attributes:
        number: Of the task within the run.
        task: The task, as `module:Name`.
        name: Name of its output.
        because: The task that failed, as `module:Name`.
    """

    number: int
    task: str
    name: str
    because: str


class RunEnded(msgspec.Struct, frozen=True):
    """A run is over.

    Attributes:
        outcome: `"ok"`, `"failed"` or `"interrupted"`.
        seconds: How long it took.
    """

    outcome: str
    seconds: float


class ExchangeFailed(msgspec.Struct, frozen=True):
    """Results could not be taken from a remote, or sent there; the run goes on. Told as it happens, in any thread.

    Attributes:
        what: `"take"`: results of others; `"get"`: their data; `"send"`: results that are here.
        message: What happened, in a line.
        hint: The next command to type, or the change to make.
        remote: Name of the remote.
    """

    what: str
    message: str
    hint: str = ""
    remote: str = ""


class ExchangeWaiting(msgspec.Struct, frozen=True):
    """The run is over, and what is on its way to or from a remote is waited for.

    Attributes:
        results: How many results that is.
    """

    results: int


class Exchanged(msgspec.Struct, frozen=True):
    """What was exchanged with a remote; told after the end of the run.

    Attributes:
        remote: Name of the remote.
        taken: Results that others had made and this run has used, as `name@id`.
        got: How many results of others have come with all their data.
        sent: Results that the remote has now and had not before, as `name@id`.
        unsent: Results that are here, and that the remote should have had.
    """

    remote: str = ""
    taken: tuple[str, ...] = ()
    got: int = 0
    sent: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()


Event = (
    RunStarted
    | TaskAdded
    | TaskWaiting
    | TaskStarted
    | TaskFinished
    | TaskFailed
    | TaskSkipped
    | RunEnded
    | ExchangeFailed
    | ExchangeWaiting
    | Exchanged
)


class Observer(Protocol):
    """Is told of events as they happen, in order."""

    def __call__(self, event: Event, /) -> None:
        """Take note of an event."""
        ...


def ignore(_event: Event, /) -> None:
    """Observe nothing."""
