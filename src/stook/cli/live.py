"""A run drawn on a terminal while it goes on; in a log, a line for each thing that happens."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from stook.cli.exchange_lines import exchange_line
from stook.cli.output import say
from stook.cli.run_lines import RunLines, Tally
from stook.model.events import Event, Exchanged, ExchangeFailed, ExchangeWaiting, RunEnded, RunStarted
from stook.model.visible import visible

if TYPE_CHECKING:
    from rich.text import Text

    from stook.cli.run_view import Line

__all__ = ["Shown", "can_draw", "showing"]

_PER_SECOND = 8
_STYLES = {
    "running": "cyan",
    "ran": "green",
    "reused": "dim",
    "failed": "bold red",
    "waiting": "dim",
    "skipped": "dim",
}


class Shown(Protocol):
    """Observes a run, shows it, and counts what has come of its tasks."""

    @property
    def tally(self) -> Tally:
        """What has come of the tasks."""
        ...

    def __call__(self, event: Event, /) -> None:
        """Take note of an event."""
        ...


def can_draw() -> bool:
    """Tell whether standard error is a terminal that can be drawn on."""
    encoding = (getattr(sys.stderr, "encoding", "") or "").lower().replace("-", "")
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in {"", "dumb"} and encoding == "utf8"


@contextmanager
def showing(*, is_drawn: bool, jobs: int, expect: Callable[[], Mapping[str, float]]) -> Iterator[Shown]:
    """Give an observer that shows a run to a person, for as long as the block lasts.

    Args:
        is_drawn: Draw it; else say a line for each thing that happens.
        jobs: How many tasks run at once.
        expect: Gives how many seconds tasks take; asked where it is drawn.
    """
    if not is_drawn:
        yield RunLines()
        return
    drawing = _Drawing(jobs, expect)
    try:
        yield drawing
    finally:
        drawing.end()


class _Drawing:
    """Draws a run, from its beginning to its end. Its terminal is its own: what tasks do to theirs is no matter."""

    def __init__(self, jobs: int, expect: Callable[[], Mapping[str, float]]) -> None:
        from rich.console import Console
        from rich.live import Live

        from stook.cli.run_view import RunView

        self._view = RunView(expect(), jobs)
        self._using = threading.Lock()
        self._file = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace")
        self._console = Console(file=self._file, force_terminal=True, highlight=False, markup=False)
        self._live = Live(
            console=self._console, get_renderable=self._render, refresh_per_second=_PER_SECOND, transient=True
        )
        self._is_on = False

    def __call__(self, event: Event, /) -> None:
        with self._using:
            self._view.take(event, time.monotonic())
        if isinstance(event, RunStarted):
            self._console.print(f"{event.target}: {event.tasks:,} step{'' if event.tasks == 1 else 's'}")
            self._live.start()
            self._is_on = True
        elif isinstance(event, RunEnded):
            self.end()
            if self._view.tally.run:
                say(self._view.tally.line(event))
        elif isinstance(event, ExchangeFailed | ExchangeWaiting | Exchanged):
            self._console.print(visible(exchange_line(event)))

    @property
    def tally(self) -> Tally:
        return self._view.tally

    def end(self) -> None:
        """Leave on the terminal what is to stay."""
        if not self._is_on:
            return
        self._is_on = False
        self._live.stop()
        with self._using:
            lines = self._view.final_lines(time.monotonic())
        for line in lines:
            self._console.print(_text(line, self._console.width))
        self._file.flush()

    def _render(self) -> Text:
        from rich.text import Text

        height = max(self._console.height - 1, 4)
        with self._using:
            lines = self._view.lines(time.monotonic(), height)
        return Text("\n").join(_text(line, self._console.width) for line in lines)


def _text(line: Line, width: int) -> Text:
    from rich.text import Text

    text = Text(visible(line.text), style=_STYLES.get(line.state, ""), no_wrap=True, end="")
    text.truncate(width - 1, overflow="ellipsis")
    return text
