"""The program that starts the processes of tasks, and sees to it that nothing of them is left.

It imports once what they need and forks itself for each, having no threads; where forking is no good, as on macOS, it
starts Python anew. It is a process of its own, so that the one that runs the pipeline is never forked; it knows of
each death and how it came about; and when that process is gone, however that went, it ends what it has started.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from stook.pipeline.running.processes import worker
from stook.pipeline.running.processes.deaths import OUTSIDE
from stook.pipeline.running.processes.descent import adopt_orphans, children_of, die_with

__all__ = ["COMMAND", "END", "NOTICE", "START", "main"]

COMMAND: Final = struct.Struct("!cii")
"""`START`, 0 and the threads of libraries, with two descriptors; or `END`, a process and a signal for its group."""
NOTICE: Final = struct.Struct("!cii")
"""`START` and the process that was started; or `END`, a process that has ended and its wait status."""
START: Final = b"S"
END: Final = b"E"

_GRACE_SECONDS = 1.0


def main(control: int, way: str, parent: int) -> None:
    """Serve one run until it closes the socket or is gone.

    Args:
        control: Descriptor of the socket on which commands come.
        way: `fork` or `spawn`.
        parent: The process of the run.
    """
    Nursery(socket.socket(fileno=control), way).serve(parent)


class Nursery:
    """Starts processes, and reports their ends.

    Args:
        control: The socket to the run.
        way: How it starts them.
    """

    def __init__(self, control: socket.socket, way: str) -> None:
        self._control = control
        self._way = way
        self._running: set[int] = set()

    def serve(self, parent: int) -> None:
        """Do what the run commands, until it is gone."""
        os.setsid()
        adopt_orphans()
        wake, waker = _pipe()
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, _wake_up)
        is_over = not die_with(parent, signal.SIGTERM)
        while not is_over:
            ready, _, _ = select.select([self._control.fileno(), wake], [], [])
            if wake in ready:
                is_over = signal.SIGTERM in os.read(wake, 4096)
                self._bury()
            if self._control.fileno() in ready and not is_over:
                is_over = not self._obey((wake, waker))
        self._end_all()

    def _obey(self, own: Iterable[int]) -> bool:
        """Carry out a command; False where the run is gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, COMMAND.size, 2)
        except OSError:
            return False
        if len(data) < COMMAND.size:
            return False
        what, process, number = COMMAND.unpack(data)
        if what == END:
            if process in self._running:
                _kill(process, number)
            return True
        connection, output = descriptors
        try:
            process = self._start(connection, output, number, own)
            self._running.add(process)
            return self._tell(START, process, 0)
        except OSError as error:
            os.write(output, f"no process could be started: {error.strerror}\n".encode())
            return self._tell(START, 0, 0) and self._tell(END, 0, OUTSIDE << 8)
        finally:
            os.close(connection)
            os.close(output)

    def _start(self, connection: int, output: int, threads: int, own: Iterable[int]) -> int:
        if self._way == "spawn":
            return _spawn(connection, output, threads)
        nursery, process = os.getpid(), os.fork()
        if not process:
            with suppress(BaseException):
                signal.set_wakeup_fd(-1)
                for descriptor in (*own, self._control.detach()):
                    os.close(descriptor)
                worker.main(connection, output, threads, nursery)
            os._exit(OUTSIDE)
        return process

    def _bury(self) -> None:
        """Take note of processes that have ended; whatever they have started ends too."""
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            if process in self._running:
                self._running.discard(process)
                _kill(process, signal.SIGKILL)
                self._tell(END, process, status)
            for orphan in children_of(os.getpid()):  # of it, or of one that is gone by now
                if orphan not in self._running:
                    with suppress(OSError):
                        os.kill(orphan, signal.SIGKILL)

    def _tell(self, what: bytes, process: int, status: int) -> bool:
        try:
            self._control.sendall(NOTICE.pack(what, process, status))
        except OSError:
            return False
        return True

    def _end_all(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in self._running:
                _kill(process, number)
            until = time.monotonic() + _GRACE_SECONDS
            while (self._running or children_of(os.getpid())) and time.monotonic() < until:
                self._bury()
                time.sleep(0.01)
        os._exit(0)


def _spawn(connection: int, output: int, threads: int) -> int:
    """Start Python anew."""
    for descriptor in (connection, output):
        os.set_inheritable(descriptor, True)
    code = f"import sys; sys.path[:] = {sys.path!r}; from stook.pipeline.running.processes import worker; "
    code += f"worker.main({connection}, {output}, {threads}, {os.getpid()})"
    words = [sys.executable, *sys.orig_argv[1 : sys.orig_argv.index("-c")], "-c", code]
    return os.posix_spawn(sys.executable, words, os.environ)


def _kill(process: int, number: int) -> None:
    """Send a signal to a process and all of its group; before it has made its group, to itself."""
    try:
        os.killpg(process, number)
    except OSError:
        with suppress(OSError):
            os.kill(process, number)


def _pipe() -> tuple[int, int]:
    wake, waker = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(waker, False)
    return wake, waker


def _wake_up(*_: object) -> None:
    """Do nothing: `select` wakes up by the descriptor."""
