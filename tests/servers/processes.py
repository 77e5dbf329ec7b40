"""Servers that are programs of their own: started, waited for until they say where they listen, and stopped."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["run_server"]

_START_SECONDS = 120
_STOP_SECONDS = 10
_LOOK_SECONDS = 0.02


@contextmanager
def run_server(
    command: Sequence[str], says: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a server for the time of the block.

    Args:
        command: What to start.
        says: What the line looks like by which it says that it listens, with one group: what is returned.
        log: Where its output goes, for who looks into a failure.
        environment: Its environment; the caller's without anybody's credentials where not given.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AZURE_"))}
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command), stdout=output, stderr=subprocess.STDOUT, env=environment or clean
        )
    try:
        yield _wait(process, re.compile(says), log)
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], says: re.Pattern[str], log: Path) -> str:
    """Follow the log, since nobody would empty a pipe that a server talks into."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        running = process.poll() is None
        if match := says.search(log.read_text(errors="replace")):
            return match[1]
        if not running:
            break
        time.sleep(_LOOK_SECONDS)
    pytest.fail(f"{process.args} did not start:\n{log.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
