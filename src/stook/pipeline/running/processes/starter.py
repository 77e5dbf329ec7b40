"""The run's side of the nursery: processes for tasks are started, ended, and known to be gone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from stook.pipeline.running.processes.nursery import COMMAND, END, NOTICE, START
from stook.pipeline.running.processes.task_process import TaskProcess

__all__ = ["Starter"]

_PIPE_BYTES = 1 << 20
_SECONDS = 3.0


class Starter:
    """Has a nursery. Used by one thread, which must live as long as it does.

    Args:
        way: `fork` or `spawn`; what is good for the system where empty.
    """

    def __init__(self, way: str = "") -> None:
        self._control, theirs = socket.socketpair()
        self._control.setblocking(False)
        code = (
            f"import sys; sys.path[:] = {_path()!r}; from stook.pipeline.running.processes.nursery import main; "
            f"main({theirs.fileno()}, {way or _usual_way()!r}, {os.getpid()})"
        )
        with theirs:
            self._nursery = subprocess.Popen(
                [sys.executable, *_flags(), "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._born: deque[TaskProcess] = deque()
        self._living: dict[int, TaskProcess] = {}
        self._heard = b""
        self.is_gone = False

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._control.fileno()

    def start(self, threads: int) -> TaskProcess:
        """Start a process, whose libraries may use so many threads; 0 for any number."""
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        _enlarge(writing)
        process = TaskProcess(ours, reading, threads)
        try:
            command = COMMAND.pack(START, 0, threads)
            socket.send_fds(self._control, [command], [theirs.fileno(), writing])
        except OSError:
            self.is_gone = True
        finally:
            theirs.close()
            os.close(writing)
        self._born.append(process)
        return process

    def kill(self, process: TaskProcess, number: int) -> None:
        """Send a signal to a process and all that it has started, as soon as it is there."""
        if process.pid is None:
            process.wanted_signal = number
            return
        with suppress(OSError):
            self._control.send(COMMAND.pack(END, process.pid, number))

    def take_notices(self) -> Iterator[TaskProcess]:
        """Yield the processes that are gone, with how they ended."""
        self._listen()
        while len(self._heard) >= NOTICE.size:
            what, pid, status = NOTICE.unpack_from(self._heard)
            self._heard = self._heard[NOTICE.size :]
            if what == START:
                self._welcome(self._born.popleft(), pid)
            elif pid in self._living:
                process = self._living.pop(pid)
                process.exit_code = os.waitstatus_to_exitcode(status)
                yield process
        if self.is_gone:
            yield from self._lose_all()

    def close(self) -> None:
        """End the nursery, and with it what it has started."""
        self._control.close()
        try:
            self._nursery.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self._nursery.kill()
            self._nursery.wait()
            for process in self._lose_all():
                process.close()

    def _listen(self) -> None:
        while not self.is_gone:
            try:
                data = self._control.recv(4096)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            self._heard += data
            self.is_gone = not data

    def _welcome(self, process: TaskProcess, pid: int) -> None:
        process.pid = pid
        self._living[pid] = process
        if process.wanted_signal:
            self.kill(process, process.wanted_signal)

    def _lose_all(self) -> Iterator[TaskProcess]:
        """Yield what the nursery had, which is gone: what is left of it ends too."""
        for pid in filter(None, self._living):  # 0 is none, and would be this very process's group
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        lost = [*self._living.values(), *self._born]
        self._living.clear()
        self._born.clear()
        for process in lost:
            process.exit_code = -signal.SIGKILL
            yield process


def _usual_way() -> str:
    return "spawn" if sys.platform == "darwin" else "fork"


def _path() -> list[str]:
    """Return where Python looks for modules; it skips what is no text, which users put there all the same."""
    return [entry for entry in sys.path if isinstance(entry, str)]


def _flags() -> list[str]:
    """Return the options that Python was started with, as far as they change what code does."""
    flags = ["-O"] * sys.flags.optimize
    flags += ["-I"] if sys.flags.isolated else []
    flags += ["-B"] if sys.flags.dont_write_bytecode else []
    flags += [f"-X{name}" if value is True else f"-X{name}={value}" for name, value in sys._xoptions.items()]
    return flags + [f"-W{option}" for option in sys.warnoptions]


def _enlarge(pipe: int) -> None:
    """Let a task print a lot before it waits for the run to read it, where the system can do that."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
