"""Writes down what happens in a run, while it happens. Whatever goes wrong with that, the run goes on."""

from __future__ import annotations

import fcntl
import os
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stook.app.run_records.layout import EVENTS, HEAD, dump_event, dump_head
from stook.app.run_records.pruning import prune
from stook.model.events import (
    Event,
    Exchanged,
    ExchangeFailed,
    RunEnded,
    RunStarted,
    TaskAdded,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
)
from stook.model.run import RunHead

__all__ = ["Recorder"]

_URGENT = frozenset({TaskStarted, TaskWaiting, TaskFailed, RunStarted, RunEnded, ExchangeFailed, Exchanged})
_EACH_SECONDS = 0.25


class Recorder:
    """Observes a run and writes its folder: who began it, and an event to a line.

    The file of events is locked for as long as the process lives, so that others can tell whether it does. A run that
    never begins, since its graph is wrong, leaves nothing.

    Args:
        folder: The folder of the run, which is not there yet.
        describe: Gives what is known of the run, once it begins.
    """

    def __init__(self, folder: Path, describe: Callable[[RunStarted], RunHead]) -> None:
        self._folder = folder
        self._describe = describe
        self._file: int | None = None
        self._lines: list[bytes] = []
        self._written = 0.0
        self._counts = {"tasks": 0, "ran": 0, "reused": 0, "failed": 0, "skipped": 0}
        self._came_of: dict[int, str] = {}
        self._is_over = False
        self._using = threading.Lock()

    def __call__(self, event: Event, /) -> None:
        """Write an event, or keep it for a moment where there is no hurry. Any thread may tell of one."""
        with self._using:
            self._take(event)

    def close(self) -> None:
        """Write no more."""
        with self._using:
            self._end()

    def _take(self, event: Event) -> None:
        if self._is_over:
            return
        now = time.time()
        self._count(event)
        self._lines.append(dump_event(event, int(now * 1e6), self._counts))
        is_due = type(event) in _URGENT or now - self._written > _EACH_SECONDS
        try:
            if type(event) is RunStarted:
                self._begin(event)
            if self._file is not None and is_due:
                self._flush(now)
        except OSError as error:
            self._give_up(error)

    def _count(self, event: Event) -> None:
        if type(event) is TaskAdded:
            self._counts["tasks"] += 1
        elif type(event) is TaskFinished:
            before = self._came_of.get(event.number)  # it may be made anew where what was reused is lost
            if before is not None:
                self._counts[before] -= 1
            self._came_of[event.number] = event.decision
            self._counts[event.decision] += 1
        elif type(event) is TaskFailed and event.retry_in is None:
            self._counts["failed"] += 1
        elif type(event) is TaskSkipped:
            self._counts["skipped"] += 1

    def _begin(self, event: RunStarted) -> None:
        prune(self._folder.parent)
        self._folder.mkdir(parents=True)
        self._file = os.open(
            self._folder / EVENTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644
        )
        with suppress(OSError):  # not on every file system
            fcntl.flock(self._file, fcntl.LOCK_EX)
        temp = self._folder / f".{HEAD}"
        temp.write_bytes(dump_head(self._describe(event)))
        temp.rename(self._folder / HEAD)  # now it is a run

    def _flush(self, now: float) -> None:
        data = b"".join(self._lines)
        while data:
            data = data[os.write(self._file or 0, data) :]
        self._lines.clear()
        self._written = now

    def _end(self) -> None:
        self._is_over = True
        if self._file is not None:
            with suppress(OSError):  # a task in this process may have closed whatever is open
                os.close(self._file)
            self._file = None

    def _give_up(self, error: OSError) -> None:
        self._end()
        words = error.strerror or str(error)
        warnings.warn(f"this run is not written down: {self._folder}: {words}", stacklevel=2)
