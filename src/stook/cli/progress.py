"""What is said on standard error while a transfer goes on: how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stook.cli.output import human_size, human_time, say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from stook.store.remotes.report import Progress

__all__ = ["Pace", "following"]

_EACH_SECONDS = 5.0
_MOST_LIKELY = 0.95
_STEPS = {"compare": "comparing", "send": "sending", "receive": "receiving"}


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


class Pace:
    """Tells how far a transfer is between the moments in which that is known, when a whole pack is over.

    Until the next one is, it goes on at the rate so far, but never as far as if all that is on its way were over.

    Args:
        now: The time in seconds at which the first step begins.
    """

    def __init__(self, now: float) -> None:
        from stook.store.remotes.report import Progress

        self._last = Progress("compare", 0, 0)
        self._began = self._seen = now
        self._shown = 0

    def saw(self, progress: Progress, now: float) -> None:
        """Take note of how far it is."""
        if progress.step != self._last.step:
            self._began = self._seen  # it began when the one before it was done
            self._seen, self._shown = now, 0
        elif progress.done != self._last.done:
            self._seen = now
        self._last = progress

    @property
    def step(self) -> str:
        """What is done."""
        return self._last.step

    @property
    def total(self) -> int | None:
        """Bytes in all; None where nothing is over yet."""
        return self._last.total if self._last.done else None

    def rate(self) -> float:
        """Return the bytes a second since the step began; 0 where nothing is over yet."""
        since = self._seen - self._began
        return self._last.done / since if since > 0 else 0.0

    def done(self, now: float) -> int:
        """Return how many bytes are over, about; never fewer than before."""
        likely = min(self.rate() * (now - self._seen), _MOST_LIKELY * self._last.moving)
        self._shown = min(max(self._shown, self._last.done + int(max(likely, 0))), self._last.total)
        return self._shown

    def text(self, now: float) -> str:
        """Return bytes, rate and time left."""
        done, rate = self.done(now), self.rate()
        if not (rate and self._last.total):
            return _amount(self._last)
        left = human_time(round((self._last.total - done) / rate))
        return f"{_amount(self._last, done)}  {human_size(round(rate))}/s  {left} left"


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """Show a bar with bytes, rate and time left, which is gone when the block ends."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    class Moving(Bars):
        """Is asked for what to show some times a second."""

        def get_renderables(self) -> Iterator[RenderableType]:
            now = time.monotonic()
            for task in self.tasks:
                task.description, task.total = _STEPS[pace.step], pace.total
                task.completed, task.fields["text"] = pace.done(now), pace.text(now)
            yield from super().get_renderables()

    pace = Pace(time.monotonic())
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}"))
    with Moving(*columns, console=Console(stderr=True), transient=True) as bars:
        bars.add_task(_STEPS["compare"], total=None, text="")
        yield lambda progress: pace.saw(progress, time.monotonic())


class _Lines:
    """Says a line now and then, the first after some seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def show(self, progress: Progress, /) -> None:
        if time.monotonic() - self._last >= _EACH_SECONDS:
            self._last = time.monotonic()
            say(f"{_STEPS[progress.step]} {_amount(progress)}".rstrip())


def _amount(progress: Progress, done: int | None = None) -> str:
    over = progress.done if done is None else done
    if not progress.total:
        return human_size(over) if over else ""
    return f"{human_size(over)} of {human_size(progress.total)}"
