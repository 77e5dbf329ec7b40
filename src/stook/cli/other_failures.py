"""What is said of all the tasks that have failed but the one whose error ends the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stook.cli.output import say

if TYPE_CHECKING:
    from stook.cli.run_lines import Tally
    from stook.errors import StookError
    from stook.model.events import TaskFailed

__all__ = ["say_others"]

_MOST = 5
_LINES = 12


def say_others(error: StookError, tally: Tally) -> None:
    """Say of each task that has failed why it has; of those that have failed alike, once.

    Args:
        error: The error that ends the command, and is said at its end.
        tally: What has come of the tasks.
    """
    alike: dict[str, list[TaskFailed]] = {}
    for event in tally.failed:
        if event.message != error.message:
            alike.setdefault(event.traceback or event.message, []).append(event)
    for told in [*alike.values()][:_MOST]:
        more = f" and {len(told) - 1:,} more" if len(told) > 1 else ""
        say(f"{tally.label(told[0].number, told[0].name)}{more}:")
        for line in (told[0].traceback or told[0].message).rstrip().splitlines()[-_LINES:]:
            say(f"  {line}")
    if len(alike) > _MOST:
        say(f"… and {len(alike) - _MOST:,} more: stook runs show {tally.run}")
