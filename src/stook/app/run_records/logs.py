"""What the tasks of a run have printed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from stook.app.run_records.layout import log_of
from stook.app.run_records.reading import read_run
from stook.errors import NotFoundError
from stook.model.run import RunRecord, TaskRecord

__all__ = ["LogPart", "choose_tasks", "follow_logs", "iter_logs"]

_PIECE = 1 << 20
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class LogPart:
    """A piece of what a task has printed; pieces of one task follow each other."""

    task: TaskRecord
    data: bytes


def choose_tasks(record: RunRecord, wanted: str) -> list[TaskRecord]:
    """Return the tasks of a run that a text means: all where it is empty, else by number, name, or pattern.

    Raises:
        NotFoundError: There is none.
    """
    found = [task for task in record.tasks if not wanted or wanted in _names(task)]
    found = found or [
        task for task in record.tasks if any(fnmatchcase(name, wanted) for name in _names(task))
    ]
    if not found and wanted:
        names = list(dict.fromkeys(task.name for task in record.tasks))
        raise NotFoundError(
            f"run {record.summary.head.id} has no task {wanted}",
            kind="task-not-found",
            hint=f"its tasks are {', '.join(names[:20])}",
        )
    return found


def iter_logs(folder: Path, tasks: Sequence[TaskRecord]) -> Iterator[LogPart]:
    """Yield what tasks have printed, one after another; nothing of those that printed nothing."""
    for task in tasks:
        yield from _rest(folder, task, {})


def follow_logs(folder: Path, wanted: str) -> Iterator[LogPart]:
    """Yield what tasks print as they do, until the run is over."""
    read: dict[int, int] = {}
    is_over = False
    while not is_over:
        record = read_run(folder)
        is_over = record is None or record.summary.state != "running"
        for task in _known(record, wanted):
            yield from _rest(folder, task, read)
        if not is_over:
            time.sleep(_LOOK_SECONDS)


def _known(record: RunRecord | None, wanted: str) -> list[TaskRecord]:
    """Return the tasks that are meant, as far as they are part of the run yet."""
    with suppress(NotFoundError):
        return choose_tasks(record, wanted) if record is not None else []
    return []


def _rest(folder: Path, task: TaskRecord, read: dict[int, int]) -> Iterator[LogPart]:
    with suppress(FileNotFoundError), open(log_of(folder, task.number), "rb") as file:
        file.seek(read.get(task.number, 0))
        while data := file.read(_PIECE):
            yield LogPart(task, data)
        read[task.number] = file.tell()


def _names(task: TaskRecord) -> tuple[str, ...]:
    return (str(task.number), task.name, task.task, task.task.rpartition(":")[2], task.label, task.called)
