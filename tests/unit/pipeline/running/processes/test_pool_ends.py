"""Runs that end, by themselves or not, leave no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import stook
from stook.testing.executors import is_alive, is_soon

_PIPELINE = """
import os, subprocess, sys, time
from pathlib import Path
import stook
from stook.pipeline.runner import run
from stook.pipeline.running.options import RunOptions


class First(stook.Task):
    def run(self):
        return 1


class Long(stook.Task):
    number: int

    def requires(self):
        return First()

    def run(self, first):
        import signal
        if self.number == 1:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "600"])
        part = Path(f"{self.number}.part")
        part.write_text(f"{os.getpid()} {os.getppid()} {child.pid}")
        part.rename(f"{self.number}.pids")
        time.sleep(600)


class Both(stook.Task):
    def requires(self):
        return [Long(number=0), Long(number=1)]

    def run(self, *both):
        return 2


if __name__ == "__main__":
    run(Both(), store=stook.open("store"), options=RunOptions(jobs=2))
"""


class _Run:
    """A run in a process of its own whose two tasks do not end."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        (folder / "pipeline.py").write_text(_PIPELINE, encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "pipeline.py"],
            cwd=folder,
            env=dict(environment),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        files = [folder / f"{number}.pids" for number in range(2)]
        assert is_soon(lambda: all(file.exists() for file in files) or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.communicate()[1]
        self.pids = [[int(pid) for pid in file.read_text().split()] for file in files]

    @property
    def all_pids(self) -> set[int]:
        """Its tasks' processes, what has started them, and what they have started."""
        return {pid for pids in self.pids for pid in pids}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[_Run]:
    """A run at work."""
    run = _Run(tmp_path, os.environ)
    yield run
    if run.process.poll() is None:
        run.process.kill()
    run.process.communicate()


def _are_gone(pids: set[int]) -> bool:
    return is_soon(lambda: not any(map(is_alive, pids)))


def test_a_killed_run_leaves_nothing(running: _Run) -> None:
    """Where the process of a run is killed, its tasks end, and what they have started."""
    running.process.kill()
    assert _are_gone(running.all_pids)


def test_what_starts_processes_may_be_killed(running: _Run) -> None:
    """Where what starts the processes is killed, these end with it; their tasks are tried again in new ones."""
    os.kill(running.pids[0][1], signal.SIGKILL)
    assert _are_gone(running.all_pids)
    assert running.process.poll() is None


def test_ctrl_c(running: _Run, tmp_path: Path) -> None:
    """Ctrl-C ends a run and its tasks, also those that do not want to; what had finished is kept, nothing is said."""
    os.killpg(running.process.pid, signal.SIGINT)
    _, said = running.process.communicate(timeout=30)
    assert _are_gone(running.all_pids)
    assert running.process.returncode == -signal.SIGINT
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert stook.open(tmp_path / "store").get("first").data == 1
    assert stook.open(tmp_path / "store").find("long") is None


def test_two_ctrl_c(running: _Run) -> None:
    """A second Ctrl-C while tasks are being ended kills them at once."""
    os.killpg(running.process.pid, signal.SIGINT)
    assert is_soon(lambda: not is_alive(running.pids[0][0]))
    os.killpg(running.process.pid, signal.SIGINT)
    running.process.communicate(timeout=30)
    assert _are_gone(running.all_pids)


def test_a_killed_task_is_done_again(running: _Run, tmp_path: Path) -> None:
    """The task of a process that somebody kills is begun again in another, the other task goes on."""
    first, second = running.pids
    (tmp_path / "0.pids").unlink()
    os.kill(first[0], signal.SIGKILL)
    assert is_soon((tmp_path / "0.pids").exists)
    again = [int(pid) for pid in (tmp_path / "0.pids").read_text().split()]
    assert (again[0] != first[0], is_alive(second[0]), is_soon(lambda: not is_alive(first[2]))) == (True,) * 3
    running.process.kill()
    assert _are_gone({*again, *second})
