"""A run: one execution of a pipeline, as it is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from stook.model.events import Exchanged

__all__ = ["RunHead", "RunRecord", "RunSummary", "TaskRecord"]


class RunHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a run when it begins.

    Attributes:
        id: Its id, such as `amber-otter-3f2`.
        kind: `pipeline`.
        target: The task that was asked for, as `module:Name`; several with commas.
        params: The task's parameters by name.
        options: How it is done, where that is not the usual: `jobs`, `force`, ….
        command: The words of the command line; empty where it was called from Python.
        user: Who began it.
        host: The machine.
        pid: The process on that machine.
        started: Microseconds since the epoch.
        store: Where bundles go, without secrets.
        context: The line of bundles.
        commit: The Git commit that is checked out; empty where there is none.
    """

    id: str
    kind: str = "pipeline"
    target: str = ""
    params: dict[str, object] = {}
    options: dict[str, object] = {}
    command: tuple[str, ...] = ()
    user: str = ""
    host: str = ""
    pid: int = 0
    started: int = 0
    store: str = ""
    context: str = ""
    commit: str = ""

    @property
    def time(self) -> datetime:
        """When it began, UTC."""
        return datetime.fromtimestamp(self.started / 1e6, UTC)


class RunSummary(msgspec.Struct, frozen=True):
    """What has come of a run, in numbers.

    Attributes:
        head: What was known when it began.
        state: `running`, `ok`, `failed`, `interrupted`, or `lost`: its process is gone without a word.
        seconds: How long it took, or has taken until the last that is known of it.
        tasks: How many tasks it has.
        ran: How many of them ran.
        reused: How many were there already.
        failed: How many failed.
        skipped: How many were not run since others had failed.
    """

    head: RunHead
    state: str
    seconds: float
    tasks: int = 0
    ran: int = 0
    reused: int = 0
    failed: int = 0
    skipped: int = 0


class TaskRecord(msgspec.Struct, frozen=True):
    """What has come of one task of a run.

    Attributes:
        number: Of the task within the run, from 0.
        task: The task, as `module:Name`.
        name: Name of its output.
        label: The task with all its parameters, as Python writes it.
        requires: Numbers of the tasks that it requires.
        state: `waiting`, `running`, `held` (another run is at it), `ran`, `reused`, `failed`, `skipped`, or `stopped`:
            it was running when the run ended.
        because: Why it ran, or what kept it from running.
        bundle: Its output, as `name@id`; empty where there is none.
        seconds: How long it took.
        message: How it failed, in a line.
        attempts: How often it was begun.
        started: When it was begun last, microseconds since the epoch; 0 where it never was.
        called: What it is called for a person: its output's name, with what tells it from others of that name.
    """

    number: int
    task: str = ""
    name: str = ""
    label: str = ""
    requires: tuple[int, ...] = ()
    state: str = "waiting"
    because: tuple[str, ...] = ()
    bundle: str = ""
    seconds: float = 0.0
    message: str = ""
    attempts: int = 0
    started: int = 0
    called: str = ""


class RunRecord(msgspec.Struct, frozen=True):
    """All that is known of a run.

    Attributes:
        summary: It in numbers.
        tasks: Its tasks by number.
        exchanged: What was exchanged with a remote; None where nothing was.
        problems: What could not be exchanged, and why.
    """

    summary: RunSummary
    tasks: tuple[TaskRecord, ...]
    exchanged: Exchanged | None = None
    problems: tuple[str, ...] = ()
