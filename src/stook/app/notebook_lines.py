"""What a run tells in a notebook: a line for each of the first tasks that run, and then one now and then."""

from __future__ import annotations

import sys
import time
from typing import Final

from stook.model.events import Event, TaskStarted

__all__ = ["NotebookLines", "is_notebook"]

_MOST: Final = 10
_EACH_SECONDS: Final = 5.0


class NotebookLines:
    """Prints lines below the cell. One for each run."""

    def __init__(self) -> None:
        self._count = 0
        self._last = time.monotonic()

    def __call__(self, event: Event, /) -> None:
        """Say what has begun."""
        if not isinstance(event, TaskStarted):
            return
        self._count += 1
        now = time.monotonic()
        if self._count <= _MOST:
            self._say(f"{event.name} running: {'; '.join(event.because)}", now)
        elif now - self._last >= _EACH_SECONDS:
            self._say(f"{self._count:,} tasks begun, now {event.name}", now)

    def _say(self, text: str, now: float) -> None:
        self._last = now
        print(text, flush=True)  # noqa: T201 - this is for people


def is_notebook() -> bool:
    """Tell whether code is typed into IPython, as in a notebook."""
    return "get_ipython" in vars(sys.modules["__main__"])
