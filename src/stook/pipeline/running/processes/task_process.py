"""One process of tasks, as the run sees it: what it does, how to speak to it, what it prints, when it is to end."""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import TYPE_CHECKING

from stook.pipeline.running.processes.wire import Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from stook.errors import StookError
    from stook.pipeline.running.performing.output_log import OutputLog
    from stook.pipeline.running.work import Work

__all__ = ["TaskProcess", "show"]

_ONE_READ = 1 << 18


class TaskProcess:
    """A process that performs one task after another.

    Args:
        connection: The socket to it.
        output: Descriptor from which what it prints is read.
        threads: How many threads its libraries may use; 0 for any number.

    Attributes:
        pid: Its id; None until it is known.
        wanted_signal: What it is to get as soon as that is.
        exit_code: How it ended; the signal, negative, where one has ended it. None while it lives.
        known: Keys of what tasks share and it has got.
        is_up: Whether it takes tasks by now.
        is_leaving: Whether it gets no more tasks.
        work: What it does.
        log: Takes what that prints.
        is_asking: Whether it waits for an answer.
        verdict: Why it is ended, where it is.
        dies_at: When it is killed, having been asked to end.
    """

    def __init__(self, connection: socket.socket, output: int, threads: int) -> None:
        self.channel = Channel(connection)
        self.output = output
        self.threads = threads
        self.pid: int | None = None
        self.wanted_signal = 0
        self.exit_code: int | None = None
        self.known: set[int] = set()
        self.is_up = False
        self.is_leaving = False
        self.work: Work | None = None
        self.log: OutputLog | None = None
        self.is_asking = False
        self.verdict: StookError | None = None
        self.dies_at: float | None = None
        self._spent = 0.0
        self._since: float | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it could take a task."""
        return self.work is None and not self.is_leaving

    @property
    def is_running(self) -> bool:
        """Whether its task is at work, and does not wait for an answer."""
        return self.work is not None and not self.is_asking

    def begin(self, work: Work, log: OutputLog) -> None:
        """Take note that it has got a task."""
        self.work, self.log, self._spent = work, log, 0.0
        self.go_on()

    def come_up(self) -> None:
        """Take note that it is there: only now its time counts."""
        self.is_up = True
        if self._since is not None:
            self._since = time.monotonic()

    def ask(self) -> None:
        """Take note that its task waits for an answer; that time does not count."""
        self._spent, self._since, self.is_asking = self.seconds(), None, True

    def go_on(self) -> None:
        """Take note that its task is at work from now on: that it has been imported, or got an answer."""
        self._since, self.is_asking = time.monotonic(), False

    def seconds(self) -> float:
        """Return how long its task has been at work."""
        if self._since is None or not self.is_up:
            return self._spent
        return self._spent + time.monotonic() - self._since

    def end(self) -> None:
        """Take note that its task is over."""
        if self.log is not None:
            self.log.close()
        self.work = self.log = self._since = None

    def drain(self, show: Callable[[bytes], None] | None) -> None:
        """Take in what it has printed so far.

        Args:
            show: Shows it as well.
        """
        while True:
            try:
                data = os.read(self.output, _ONE_READ)
            except OSError:
                return
            if not data:
                return
            if self.log is not None:
                self.log.write(data)
                if show is not None:
                    show(data)

    def close(self) -> None:
        """Let go of it; where it is still there, that ends it."""
        self.channel.close()
        if self.output >= 0:
            os.close(self.output)
            self.output = -1


def show(data: bytes) -> None:
    """Show what a task has printed on standard error."""
    sys.stderr.write(data.decode(errors="replace"))
    sys.stderr.flush()
