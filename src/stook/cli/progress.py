"""What is said on standard error while something goes on: of a run a line a step, of a transfer how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stook.cli.output import human_size, human_time, say, shorten_ids

if TYPE_CHECKING:
    from stook.model.events import Event
    from stook.store.remotes.report import Progress

__all__ = ["following", "tell"]

_REASONS = 3
_EACH_SECONDS = 5.0
_STEPS = {"compare": "comparing", "send": "sending", "receive": "receiving"}


def tell(event: Event, /) -> None:
    """Say what happened."""
    from stook.model.events import RunStarted, TaskFailed, TaskFinished, TaskStarted

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


@contextmanager
def following(*, is_quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Give what shows how far a transfer is: a bar on a terminal, elsewhere a line now and then, or nothing.

    Args:
        is_quiet: Show nothing.
    """
    if is_quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _Lines().show


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """Show a bar with bytes, rate and time left, which is gone when the block ends."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(_STEPS["compare"], total=None, amount="", rate="")
        step, began, last = "compare", time.monotonic(), time.monotonic()

        def show(progress: Progress, /) -> None:
            nonlocal step, began, last
            if progress.step != step:
                step, began = progress.step, last  # it began when the one before it was done
            last = time.monotonic()
            since = last - began
            bars.update(
                task,
                description=_STEPS[progress.step],
                completed=progress.done,
                total=progress.total if progress.done else None,  # it moves, where nothing is over yet
                amount=_amount(progress),
                rate=f"{human_size(round(progress.done / since))}/s" if since > 0 else "",
            )

        yield show


class _Lines:
    """Says a line now and then, the first after some seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def show(self, progress: Progress, /) -> None:
        if time.monotonic() - self._last >= _EACH_SECONDS:
            self._last = time.monotonic()
            say(f"{_STEPS[progress.step]} {_amount(progress)}".rstrip())


def _amount(progress: Progress) -> str:
    if not progress.total:
        return human_size(progress.done) if progress.done else ""
    return f"{human_size(progress.done)} of {human_size(progress.total)}"
