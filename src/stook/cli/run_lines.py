"""What is said of a run, a line for each thing that happens; and in one line at the end."""

from __future__ import annotations

from collections import Counter

from stook.cli.exchange_lines import exchange_line
from stook.cli.output import human_size, human_time, say, shorten_ids
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

__all__ = ["RunLines", "Tally", "because_line"]

_REASONS = 3
_MANY = 50
_NAMES = 3
_WORDS = {"ok": "done in", "failed": "failed after", "interrupted": "interrupted after"}


class Tally:
    """Counts what has come of the tasks of a run, and knows what they are called."""

    def __init__(self) -> None:
        self._labels = Labels()
        self.run = ""
        self.target = ""
        self.tasks = 0
        self._came_of: dict[int, str] = {}
        self.failed: list[TaskFailed] = []
        self.skipped: list[str] = []

    def take(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, TaskStarted | TaskWaiting | TaskFinished | TaskFailed | TaskSkipped):
            self._labels.settle(event.number)
        match event:
            case RunStarted():
                self.run, self.target, self.tasks = event.run, event.target, event.tasks
            case TaskAdded():
                self._labels.add(event.number, event.name, event.values)
            case TaskFinished():
                self._came_of[event.number] = event.decision  # made anew where what was reused is lost
            case TaskFailed(retry_in=None):
                self.failed.append(event)
            case TaskSkipped():
                self.skipped.append(event.name)

    def label(self, number: int, name: str) -> str:
        """Return what a task is called: its output's name, and what tells it from others of that name."""
        return self._labels.of(number, name)

    def line(self, end: RunEnded) -> str:
        """Return the run in one line: `done in 3.2 s: 4 ran, 12 reused · run amber-otter-3f2`."""
        counted = Counter(self._came_of.values())
        ran, reused = counted["ran"], counted["reused"]
        counts = [f"{ran:,} ran"] if ran or not reused else []
        counts += [f"{reused:,} reused"] if reused else []
        counts += [f"{len(self.failed):,} failed"] if self.failed else []
        counts += [f"{len(self.skipped):,} skipped ({_some(self.skipped)})"] if self.skipped else []
        kept = "; what was finished is kept" if end.outcome == "interrupted" else ""
        name = f" · run {self.run}" if self.run else ""
        return f"{_WORDS[end.outcome]} {human_time(end.seconds)}: {', '.join(counts)}{kept}{name}"


class RunLines:
    """Says on standard error what happens in a run; of many tasks, what is reused only at the end."""

    def __init__(self) -> None:
        self.tally = Tally()

    def __call__(self, event: Event, /) -> None:
        """Say what happened."""
        self.tally.take(event)
        match event:
            case RunStarted():
                say(f"{event.target}: {event.tasks:,} step{'' if event.tasks == 1 else 's'}")
            case RunEnded() if self.tally.run:
                say(self.tally.line(event))
            case ExchangeFailed() | ExchangeWaiting() | Exchanged():
                say(exchange_line(event))
            case TaskStarted() | TaskWaiting() | TaskFinished() | TaskFailed() | TaskSkipped():
                what = self._what(event)
                if what:
                    say(f"  {self.tally.label(event.number, event.name):<14} {what}")

    def _what(self, event: TaskStarted | TaskWaiting | TaskFinished | TaskFailed | TaskSkipped) -> str:
        """Return what happened to a task; empty where that is not to be said of so many."""
        is_short = self.tally.tasks <= _MANY
        match event:
            case TaskStarted():
                again = f" (attempt {event.attempt})" if event.attempt > 1 else ""
                return f"running{again}: {because_line(event.because)}"
            case TaskWaiting():
                return f"waiting: {event.holder} is at it"
            case TaskFinished(decision="ran"):
                return f"done in {human_time(event.seconds)}, {human_size(event.size)}"
            case TaskFinished():
                return f"reused   {shorten_ids(event.bundle)}" if is_short else ""
            case TaskFailed():
                return _failure(event)
            case TaskSkipped():
                return f"skipped: {event.because} failed" if is_short else ""


def because_line(reasons: tuple[str, ...]) -> str:
    """Return the first reasons in a line, with short ids."""
    more = f" and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    return shorten_ids("; ".join(reasons[:_REASONS])) + more


def _failure(event: TaskFailed) -> str:
    failed = f"failed after {human_time(event.seconds)}"
    if event.retry_in is None:
        return failed
    again = f"again in {human_time(event.retry_in)}" if event.retry_in else "again"
    return f"{failed}: {event.message}; tried {again}"


def _some(names: list[str]) -> str:
    different = list(dict.fromkeys(names))
    more = ", …" if len(different) > _NAMES else ""
    return ", ".join(different[:_NAMES]) + more
