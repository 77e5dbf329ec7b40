"""What a run says while it goes on: a line a step, on standard error."""

from __future__ import annotations

from stook.cli.output import human_size, human_time, say, shorten_ids
from stook.model.events import Event, RunStarted, TaskFailed, TaskFinished, TaskStarted

__all__ = ["tell"]

_REASONS = 3


def tell(event: Event, /) -> None:
    """Say what happened."""
    match event:
        case TaskStarted():
            say(f"  {event.name:<14} running: {_because(event.because)}")
        case TaskFinished(decision="reused"):
            say(f"  {event.name:<14} reused   {shorten_ids(event.bundle)}")
        case TaskFinished():
            say(f"  {event.name:<14} done in {human_time(event.seconds)}, {human_size(event.size)}")
        case TaskFailed():
            say(f"  {event.name:<14} failed after {human_time(event.seconds)}")
        case RunStarted():
            say(f"{event.target}: {event.tasks} step{'' if event.tasks == 1 else 's'}")


def _because(reasons: tuple[str, ...]) -> str:
    more = f" and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    return shorten_ids("; ".join(reasons[:_REASONS])) + more
