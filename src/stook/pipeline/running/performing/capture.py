"""What a task prints in this very process is shown as ever, and goes to its log as well.

Only what Python writes to `sys.stdout` and `sys.stderr` does: C libraries and processes that a task starts write to
the descriptors, which this process has for itself. In a process of the pool all of it does.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stook.pipeline.running.performing.output_log import OutputLog

__all__ = ["capturing"]


def capturing(log: OutputLog) -> AbstractContextManager[None]:
    """Let what is printed in the block go to a log as well. What a task puts in place of the streams is taken away."""
    return _Capturing(log)


class _Capturing:
    __slots__ = ("_err", "_log", "_out")

    def __init__(self, log: OutputLog) -> None:
        self._log = log

    def __enter__(self) -> None:
        sys.stdout = self._out = _Tee(sys.stdout, self._log)
        sys.stderr = self._err = _Tee(sys.stderr, self._log)

    def __exit__(self, *raised: object) -> None:
        self._out.is_open = self._err.is_open = False
        sys.stdout = _after(sys.stdout, self._out.shown)
        sys.stderr = _after(sys.stderr, self._err.shown)


class _Tee(io.TextIOBase):
    """A text stream that is another one, and tells a log.

    Args:
        shown: The other one.
        log: The log.
    """

    def __init__(self, shown: Any, log: OutputLog) -> None:
        self.shown = shown
        self.is_open = True
        self._log = log

    def write(self, text: str) -> int:
        """Show a text, and tell the log of it."""
        if self.is_open:
            self._log.write(str(text).encode(errors="backslashreplace"))
        if self.shown is not None:
            self.shown.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:  # type: ignore[override]
        """Show texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Let what was written go out."""
        if self.shown is not None:
            self.shown.flush()

    @property
    def closed(self) -> bool:
        """Say that it is open; Python asks when it lets go of it."""
        return False

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def isatty(self) -> bool:
        """Tell whether the other one is a terminal."""
        return bool(self.shown is not None and self.shown.isatty())

    def fileno(self) -> int:
        """Return the descriptor of the other one."""
        return int(self.shown.fileno())

    def close(self) -> None:
        """Stay open, for the sake of the others who write."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shown, name)


def _after(now: Any, before: Any) -> Any:
    """Return what a stream is to be: what it was, or what another thread's task has made of it meanwhile."""
    return now if isinstance(now, _Tee) and now.is_open else _innermost(before)


def _innermost(stream: Any) -> Any:
    """Return a stream without tees of tasks that are over, as those of another thread's run may be."""
    while isinstance(stream, _Tee) and not stream.is_open:
        stream = stream.shown
    return stream
