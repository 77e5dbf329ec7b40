"""What a run says while it goes on: a line a step, on standard error."""

from __future__ import annotations

from stook.cli.output import human_size, say
from stook.model.events import Event, RunStarted, TaskFailed, TaskFinished, TaskStarted

__all__ = ["tell"]

_REASONS = 3


def tell(event: Event, /) -> None:
    """Say what happened."""
    match event:
        case TaskStarted():
            say(f"  {event.name:<14} running: {_because(event.because)}")
        case TaskFinished(decision="reused"):
            say(f"  {event.name:<14} reused   {event.bundle}")
        case TaskFinished():
            say(f"  {event.name:<14} done in {event.seconds:.1f} s, {human_size(event.size)}")
        case TaskFailed():
            say(f"  {event.name:<14} failed after {event.seconds:.1f} s")
        case RunStarted():
            say(f"{event.target}: {event.tasks} steps")


def _because(reasons: tuple[str, ...]) -> str:
    more = f" and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    return "; ".join(reasons[:_REASONS]) + more
