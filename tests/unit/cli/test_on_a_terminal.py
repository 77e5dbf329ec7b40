"""What is seen by somebody who sits at a terminal, here one of 60 columns."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

import stook as library
from tests.unit.cli.conftest import Stook


@pytest.fixture(autouse=True)
def _kept(stook: Stook) -> None:
    store = library.open()
    store.add("n", 1)
    store.add("bytes", {"big": os.urandom(20_000)})


def test_the_line_of_progress_ends_before_the_summary() -> None:
    """What `verify` sums up has a line of its own, and no line of progress is wider than the terminal."""
    lines = _seen("verify", "--deep").splitlines()
    assert lines[-1].endswith(": all is well")
    assert lines[-1].startswith("2 bundles, ")
    assert all(len(part) < 60 for line in lines[:-1] for part in line.split("\r"))


def test_a_question_that_is_not_answered_ends_its_line() -> None:
    """Where input ends at a question, what is said of it is on the next line, and nothing is done."""
    seen = _seen("rm", "n", typed="\x04", code=130)
    assert seen.splitlines()[-2:] == [
        "remove 1 version? [y/N]: ",
        "stook: interrupted; what was finished is kept",
    ]
    assert library.open().find("n")


def test_a_look_at_no_garbage_asks_for_nothing(stook: Stook) -> None:
    """`gc` says how to do it where there is something to do."""
    assert _seen("gc") == "nothing to free\n"
    library.open().rm("bytes")
    assert _seen("gc").splitlines()[-1] == "this was only a look; stook gc --yes does it"


def _seen(*words: str, typed: str = "", code: int = 0) -> str:
    """Return what is on the terminal after a command."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    os.write(ours, typed.encode())
    command = [sys.executable, "-c", "from stook.cli.main import main; main()", *words]
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    assert subprocess.run(command, **streams, env=environ, check=False, timeout=60).returncode == code
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux says so where the other end is closed
        pass
    os.close(ours)
    return shown.decode().replace("\r\n", "\n").replace("^D\b\b", "")
