"""A process killed within a task loses that task and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import stook

PIPELINE = """
import os, pathlib, signal, stook

def die_once(where):
    flag = pathlib.Path(f"kill-in-{where}")
    if flag.exists():  # which does not count as reading it
        flag.unlink()
        os.kill(os.getpid(), signal.SIGKILL)

class First(stook.Task):
    def run(self):
        die_once("first")
        return list(range(1000))

class Second(stook.Task):
    def requires(self):
        return First()
    def run(self, first):
        die_once("second")
        folder = pathlib.Path("big")
        folder.mkdir(exist_ok=True)
        (folder / "x.bin").write_bytes(b"x" * 3_000_000)
        return {"folder": folder, "sum": sum(first.data)}

class Third(stook.Task):
    def requires(self):
        return {"second": Second(), "first": First()}
    def run(self, second, first):
        die_once("third")
        return second["sum"] + len(first.data)
"""
RUN = """
from stook.pipeline import load_task, run
for step in run(load_task("pipeline.py:Third")()).steps:
    print(step.name, step.decision)
"""


@pytest.mark.parametrize("where", ["first", "second", "third"])
def test_kill_in_a_task(where: str, tmp_path: Path) -> None:
    """After kill -9 no half bundle is visible; the next run reuses what had finished and does the rest."""
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    (tmp_path / f"kill-in-{where}").touch()
    environment = {**os.environ, "STOOK_HOME": str(tmp_path / "store")}

    def start() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", RUN],
            check=False,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )

    killed = start()
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    order = ["first", "second", "third"]
    finished = order[: order.index(where)]
    store = stook.open(tmp_path / "store")
    assert [bundle.name for bundle in store.ls()] == finished
    assert all(bundle.data is not None for bundle in store.ls())

    again = start()
    expected = [f"{name} {'reused' if name in finished else 'ran'}" for name in order]
    assert again.stdout.splitlines() == expected, again.stderr
    assert store.get("third").data == sum(range(1000)) + 1000
