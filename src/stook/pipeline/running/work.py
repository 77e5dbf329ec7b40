"""What an executor is given and gives back: the protocol between the scheduler and whoever performs tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from stook.errors import StookError
    from stook.model.lineage import Input, Lineage
    from stook.pipeline.authoring.tasks import Task
    from stook.pipeline.graph import Node
    from stook.store import Bundle

__all__ = ["Asks", "Died", "Done", "Executor", "Failed", "Given", "Report", "Work"]


class Given(msgspec.Struct, frozen=True):
    """One input of a task.

    Attributes:
        bundle: The bundle.
        used: What is recorded of it: its role, and the item or partition where it is not all.
    """

    bundle: Bundle
    used: Input


class Work(msgspec.Struct, frozen=True):
    """One attempt at a task.

    Attributes:
        number: Of the task within the run.
        node: The task, where its code is, and what it requires.
        inputs: Role to input.
        lineage: What is to be recorded, but for what is only known when it has run.
        attempt: 1, and more where it is tried again.
        code: The source text of its closure, to be kept with the bundle.
        names: Texts in its closure that may name files.
        log: The file that takes what it prints; None where nothing is to be kept.
        rejected: The folder for rows that a check refuses; None where they are not to be kept.
        deaths: How often its process has died before, by no fault of the task.
    """

    number: int
    node: Node
    inputs: Mapping[str, Given]
    lineage: Lineage
    attempt: int = 1
    code: bytes | None = None
    names: tuple[str, ...] = ()
    log: Path | None = None
    rejected: Path | None = None
    deaths: int = 0

    def __repr__(self) -> str:
        return f"<Work {self.number} {self.node.task_id} attempt {self.attempt}>"


class Done(msgspec.Struct, frozen=True):
    """A task has run, and its bundle is durable.

    Attributes:
        number: Of the task within the run.
        bundle: Its output.
        seconds: How long it took.
    """

    number: int
    bundle: Bundle
    seconds: float


class Failed(msgspec.Struct, frozen=True):
    """A task raised, or what it returned cannot be kept. There is no bundle.

    Attributes:
        number: Of the task within the run.
        error: What is to be raised.
        seconds: How long it took.
    """

    number: int
    error: StookError
    seconds: float


class Died(msgspec.Struct, frozen=True):
    """The process of a task is gone, or was stopped for taking too long or too much. There may be a bundle.

    Attributes:
        number: Of the task within the run.
        error: What is to be raised.
        seconds: How long it took.
        is_its_fault: Whether the task did it, as by a time-out, so that trying again counts as a retry.
    """

    number: int
    error: StookError
    seconds: float
    is_its_fault: bool = False


class Asks(msgspec.Struct, frozen=True):
    """A task wants the bundles of further tasks before it goes on; it keeps its number, and frees its place.

    Attributes:
        number: Of the task within the run.
        tasks: The tasks.
    """

    number: int
    tasks: tuple[Task, ...]


Report = Done | Failed | Died | Asks


class Executor(Protocol):
    """Performs tasks, in whatever process or machine. Used by one thread."""

    def prepare(self, node: Node) -> None:
        """Begin, without waiting, what takes a while before a first task can start: this one comes soon."""
        ...

    def submit(self, work: Work) -> None:
        """Begin a task, or keep it until `wait`. What it comes to, `wait` tells."""
        ...

    def answer(self, number: int, bundles: Sequence[Bundle] | StookError) -> None:
        """Let a task go on that has asked: with the bundles in the order in which it asked, or with what failed."""
        ...

    def wait(self, seconds: float | None) -> Sequence[Report]:
        """Return what has come of tasks: at least one report, or none when the time is over.

        Args:
            seconds: How long to wait at the most; without end where None.
        """
        ...

    def close(self, *, at_once: bool) -> None:
        """Let go of everything: processes end.

        Args:
            at_once: Stop what is running; else it has ended by now, or is asked to.
        """
        ...
