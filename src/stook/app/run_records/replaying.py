"""What its events come to: the state of a run and of each of its tasks."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from stook.model.events import (
    Event,
    Exchanged,
    ExchangeFailed,
    ExchangeWaiting,
    RunEnded,
    RunStarted,
    TaskAdded,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
)
from stook.model.labels import Labels
from stook.model.run import RunHead, RunRecord, RunSummary, TaskRecord

__all__ = ["Replay"]

TaskEvent = TaskAdded | TaskWaiting | TaskStarted | TaskFinished | TaskFailed | TaskSkipped


class Replay:
    """Takes the events of one run in order."""

    def __init__(self) -> None:
        self.tasks: dict[int, TaskRecord] = {}
        self._expected = 0
        self._end: RunEnded | None = None
        self._last = 0
        self._exchanged: Exchanged | None = None
        self._problems: list[str] = []
        self._labels = Labels()

    def take(self, event: Event, at: int) -> None:
        """Take note of an event that happened at a time in microseconds since the epoch."""
        self._last = at
        if isinstance(event, RunStarted):
            self._expected = event.tasks
        elif isinstance(event, RunEnded):
            self._end = event
        elif isinstance(event, Exchanged):
            self._exchanged = event
        elif isinstance(event, ExchangeFailed):
            self._problems.append(f"{event.what} {event.remote}: {event.message}")
        elif not isinstance(event, ExchangeWaiting):
            before = self.tasks.get(event.number) or TaskRecord(event.number, event.task, event.name)
            self.tasks[event.number] = _after(before, event, at)
            if isinstance(event, TaskAdded):
                self._labels.add(event.number, event.name, event.values)
            else:
                self._labels.settle(event.number)

    def result(self, head: RunHead, *, is_running: bool) -> RunRecord:
        """Return what is known of the run.

        Args:
            head: What was known when it began.
            is_running: Whether its process is there; one that is not and said nothing is lost.
        """
        counts = Counter(task.state for task in self.tasks.values())
        state = self._end.outcome if self._end else "running" if is_running else "lost"
        seconds = self._end.seconds if self._end else max(self._last - head.started, 0) / 1e6
        summary = RunSummary(
            head,
            state,
            seconds,
            max(self._expected, len(self.tasks)),
            counts["ran"],
            counts["reused"],
            counts["failed"],
            counts["skipped"],
        )
        tasks = [
            replace(task, called=self._labels.of(number, task.name))
            for number, task in sorted(self.tasks.items())
        ]
        if state in {"lost", "interrupted", "failed"}:
            tasks = [_stopped(task) for task in tasks]
        return RunRecord(summary, tuple(tasks), self._exchanged, tuple(self._problems))


def _stopped(task: TaskRecord) -> TaskRecord:
    """Return a task of a run that is over: what was under way then is not any more."""
    return replace(task, state="stopped") if task.state == "running" else task


def _after(task: TaskRecord, event: TaskEvent, at: int) -> TaskRecord:
    match event:
        case TaskAdded():
            return replace(task, label=event.label, requires=event.requires)
        case TaskWaiting():
            return replace(task, state="held", because=(f"{event.holder} is at it",))
        case TaskStarted():
            return replace(task, state="running", because=event.because, attempts=event.attempt, started=at)
        case TaskFinished():
            return replace(task, state=event.decision, bundle=event.bundle, seconds=event.seconds, message="")
        case TaskFailed():
            state = "failed" if event.retry_in is None else "waiting"
            return replace(task, state=state, seconds=event.seconds, message=event.message)
        case TaskSkipped():
            return replace(task, state="skipped", because=(f"{event.because} failed",))
    return task
