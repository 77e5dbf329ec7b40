"""A run as it looks at a moment: what is drawn on a terminal, apart from how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from stook.cli.output import human_time
from stook.cli.run_lines import Tally
from stook.model.events import (
    Event,
    TaskAdded,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
)

__all__ = ["Line", "RunView"]

_SMALL = 30
_BAR = 24
_KNOWN_SHARE = 0.5
_OVER = frozenset({"ran", "reused", "failed", "skipped"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the picture.

    Attributes:
        text: What it says.
        state: State of the task that it is about; empty for others.
    """

    text: str
    state: str = ""


@dataclass(slots=True)
class _Seen:
    number: int
    task: str
    name: str
    requires: tuple[int, ...]
    state: str = "waiting"
    since: float = 0.0
    seconds: float = 0.0
    note: str = ""
    dependents: list[int] = field(default_factory=list)


class RunView:
    """Takes the events of a run, and says how it looks.

    Args:
        expected: How many seconds a task takes, by `module:Name`, as far as that is known.
        jobs: How many run at once.
    """

    def __init__(self, expected: Mapping[str, float], jobs: int = 1) -> None:
        self.tally = Tally()
        self._expected = expected
        self._jobs = jobs
        self._tasks: dict[int, _Seen] = {}
        self._open: set[int] = set()
        self._running: dict[int, _Seen] = {}
        self._began: float | None = None

    def take(self, event: Event, now: float) -> None:
        """Take note of an event that happens now, in seconds of a clock that only goes forward."""
        self._began = now if self._began is None else self._began
        self.tally.take(event)
        if isinstance(event, TaskAdded):
            self._add(event)
            return
        seen = self._tasks.get(getattr(event, "number", -1))
        if seen is None:
            return
        match event:
            case TaskStarted():
                again = f", attempt {event.attempt}" if event.attempt > 1 else ""
                self._change(seen, "running", now, again)
            case TaskWaiting():
                self._change(seen, "held", now, f"{event.holder} is at it")
            case TaskFinished():
                seen.seconds = event.seconds
                self._change(seen, event.decision, now)
            case TaskFailed():
                seen.seconds = event.seconds
                is_final = event.retry_in is None
                self._change(seen, "failed" if is_final else "waiting", now, event.message)
            case TaskSkipped():
                self._change(seen, "skipped", now, f"{event.because} failed")

    def lines(self, now: float, height: int) -> list[Line]:
        """Return the picture.

        Args:
            now: The time, as in `take`.
            height: How many lines there are at the most, 4 or more.
        """
        room = height - 1
        is_small = len(self._tasks) <= min(_SMALL, room)
        tasks = list(self._tree(now)) if is_small else list(self._busy(now, room))
        return [*tasks, Line(self._bar(now))]

    def final_lines(self, now: float) -> list[Line]:
        """Return what stays when the run is over: a small graph whole, of a larger one what has failed."""
        for seen in list(self._running.values()):
            self._change(seen, "stopped", now)
        if len(self._tasks) <= _SMALL:
            return list(self._tree(now))
        failed = [seen for seen in self._tasks.values() if seen.state == "failed"]
        return [Line(f"  {self._label(seen)}  {_state_text(seen, now)}", seen.state) for seen in failed]

    def seconds_left(self, now: float) -> float | None:
        """Return in how many seconds the run will be over, going by earlier runs; None where that is not known."""
        known = total = 0
        left = longest = 0.0
        for number in self._open:
            seen = self._tasks[number]
            total += 1
            seconds = self._expected.get(seen.task)
            if seconds is None:
                continue
            known += 1
            gone = now - seen.since if seen.state == "running" else 0.0
            left += max(seconds - gone, 0.0)
            longest = max(longest, seconds - gone)
        if not known or known < total * _KNOWN_SHARE:
            return None
        return max(left * total / known / self._jobs, longest)

    def _add(self, event: TaskAdded) -> None:
        self._tasks[event.number] = _Seen(event.number, event.task, event.name, event.requires)
        self._open.add(event.number)
        for number in event.requires:
            if number in self._tasks:
                self._tasks[number].dependents.append(event.number)

    def _change(self, seen: _Seen, state: str, now: float, note: str = "") -> None:
        seen.state, seen.since, seen.note = state, now, note
        if state in {"running", "held"}:
            self._running[seen.number] = seen
        else:
            self._running.pop(seen.number, None)
        if state in _OVER:
            self._open.discard(seen.number)

    def _tree(self, now: float) -> Iterator[Line]:
        """Yield the graph, what was asked for first and below it what it requires; each task once."""
        roots = [seen for seen in self._tasks.values() if not seen.dependents]
        todo = [("  ", "  ", seen.number) for seen in roots]
        shown: set[int] = set()
        while todo:
            branch, below, number = todo.pop()
            seen = self._tasks.get(number)
            if seen is None or number in shown:
                continue
            shown.add(number)
            yield Line(f"{branch}{self._label(seen)}  {_state_text(seen, now)}", seen.state)
            inner = [child for child in seen.requires if child not in shown]
            for place, child in enumerate(reversed(inner)):
                corner, line = ("└─ ", "   ") if place == 0 else ("├─ ", "│  ")
                todo.append((below + corner, below + line, child))

    def _busy(self, now: float, room: int) -> Iterator[Line]:
        """Yield what has failed and what is running, as far as there is room."""
        failed = (
            [seen for seen in self._tasks.values() if seen.state == "failed"] if self.tally.failed else []
        )
        shown = [*failed[-room // 2 :], *self._running.values()]
        for seen in shown[: room - (len(shown) > room)]:
            yield Line(f"  {self._label(seen)}  {_state_text(seen, now)}", seen.state)
        if len(shown) > room:
            yield Line(f"  … and {len(shown) - room + 1} more")

    def _label(self, seen: _Seen) -> str:
        """Return a task's mark and name."""
        return f"{_MARKS[seen.state]} {self.tally.label(seen.number, seen.name)}"

    def _bar(self, now: float) -> str:
        done, total = len(self._tasks) - len(self._open), len(self._tasks)
        filled = round(_BAR * done / total) if total else 0
        parts = [f"{'━' * filled}{'─' * (_BAR - filled)} {done:,}/{total:,}"]
        parts.append(human_time(now - (self._began if self._began is not None else now)))
        left = self.seconds_left(now)
        parts += [f"about {human_time(left)} left"] if left else []
        return "  ".join(parts)


_MARKS = {
    "waiting": "·",
    "running": "▶",
    "held": "⏸",
    "ran": "✓",
    "reused": "=",
    "failed": "✗",
    "skipped": "-",
    "stopped": "□",
}


def _state_text(seen: _Seen, now: float) -> str:
    match seen.state:
        case "running":
            return f"{human_time(now - seen.since)}{seen.note}"
        case "ran":
            return human_time(seen.seconds)
        case "reused":
            return "reused"
        case "waiting":
            return seen.note and f"tried again: {seen.note}"
        case "held":
            return f"waiting: {seen.note}"
        case "failed":
            return f"failed after {human_time(seen.seconds)}: {seen.note}"
    return f"{seen.state}: {seen.note}" if seen.note else seen.state
