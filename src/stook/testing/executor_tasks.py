"""Tasks for `ExecutorTests`: they return, raise, ask, print, die, and leave things behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import stook
from stook.errors import InputError, TaskError

__all__ = [
    "Asks",
    "AsksAndCatches",
    "AsksOddly",
    "Blocks",
    "Dies",
    "Doubled",
    "LeavesProcesses",
    "LeavesThings",
    "Looks",
    "Number",
    "Prints",
    "Raises",
]


class Number(stook.Task):
    """A number."""

    number: int = 0

    def run(self) -> int:
        """Return it."""
        return self.number


class Doubled(stook.Task):
    """Twice what the bundle `number` has."""

    def requires(self) -> Any:
        """Need a bundle that is there."""
        return {"number": stook.external("number")}

    def run(self, number: Any) -> int:
        """Return it."""
        return int(number.data) * 2


class _UnpicklableError(ValueError):
    def __init__(self, handle: object, words: str) -> None:
        super().__init__(words)
        self.handle = handle


class _OddError(BaseException):
    pass


class Raises(stook.Task):
    """Raises, in one of several ways."""

    how: str

    def run(self) -> None:
        """Raise."""
        match self.how:
            case "plain":
                raise ValueError("no such luck")
            case "unpicklable":
                raise _UnpicklableError(threading.Lock(), "cannot be sent")
            case "huge":
                raise ValueError("x" * 20_000_000)
            case "input":
                raise InputError(
                    "give another", kind="my-kind", hint="another", odd=threading.Lock(), seven=7
                )
            case "base":
                raise _OddError("most odd")
            case "exit":
                sys.exit(3)


class Asks(stook.Task):
    """The sum of numbers that it asks for, two at a time."""

    count: int = 2

    def run(self) -> Generator[object, Any, int]:
        """Ask for them."""
        total = 0
        for number in range(self.count):
            some = yield {"one": Number(number=number), "two": [Number(number=100)]}
            total += some["one"].data + some["two"][0].data
        return total


class AsksAndCatches(stook.Task):
    """What was said about a task that it asked for and could not get."""

    def run(self) -> Generator[object, Any, str]:
        """Ask for it."""
        try:
            yield Number(number=-1)
        except TaskError as error:
            return f"{error.kind}: {error.message}"
        return "nothing"


class AsksOddly(stook.Task):
    """Asks for what is no task."""

    def run(self) -> Generator[object, Any, None]:
        """Ask for it."""
        yield 7


class Prints(stook.Task):
    """Prints, and raises where that is asked for."""

    lines: int = 3
    fails: bool = False

    def run(self) -> int:
        """Print."""
        for line in range(self.lines):
            print(f"line {line}")  # noqa: T201 - what it is for
        print("a word on errors", file=sys.stderr)  # noqa: T201 - what it is for
        if self.fails:
            raise ValueError("after all that")
        return self.lines


class LeavesThings(stook.Task):
    """Leaves a folder, a variable, a handler and streams other than it found them."""

    def run(self) -> int:
        """Change them."""
        os.chdir(tempfile.gettempdir())
        os.environ["STOOK_TESTING_LEFT"] = "yes"
        os.umask(0o077)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - left open on purpose
        return os.getpid()


class Looks(stook.Task):
    """What a task finds."""

    turn: int = 0

    def run(self) -> dict[str, object]:
        """Look."""
        print("looks")  # noqa: T201 - to see that it can
        umask = os.umask(0o022)
        os.umask(umask)
        return {
            "folder": os.getcwd(),
            "variable": os.environ.get("STOOK_TESTING_LEFT", ""),
            "umask": umask,
            "handler": str(signal.getsignal(signal.SIGUSR1)),
            "pid": os.getpid(),
        }


class LeavesProcesses(stook.Task):
    """Leaves a thread and a process at work; returns the process."""

    def run(self) -> int:
        """Start them."""
        threading.Thread(target=time.sleep, args=(600,)).start()
        return subprocess.Popen(["sleep", "600"], start_new_session=True).pid


class Dies(stook.Task):
    """Ends its process."""

    by: int = 9

    def run(self) -> None:
        """End it: by a signal, or where that is 0 by leaving."""
        print("about to die")  # noqa: T201 - to be found in its log
        if not self.by:
            os._exit(3)
        os.kill(os.getpid(), self.by)
        time.sleep(600)


class Blocks(stook.Task):
    """Never ends; writes its process, and that of a child, into a file."""

    file: Path
    turn: int = 0

    def run(self) -> None:
        """Wait."""
        child = subprocess.Popen(["sleep", "600"])
        part = self.file.with_name(f"{self.file.name}.part")
        part.write_text(f"{os.getpid()} {child.pid}", encoding="ascii")
        part.rename(self.file)
        time.sleep(600)
