"""A task of this process holds up what is told of tasks in others, and neither their limits nor their output."""

from __future__ import annotations

import os
import time
from pathlib import Path

from msgspec import structs

import stook
from stook.pipeline.running.crew import Crew
from stook.pipeline.running.inline import InlineExecutor
from stook.pipeline.running.options import RunOptions
from stook.pipeline.running.processes.pool import PoolExecutor
from stook.pipeline.running.work import Died, Done, Work
from stook.testing.executors import is_alive, is_soon, work_of


class Long(stook.Task):
    """Prints more than a pipe holds, and takes longer than it may."""

    timeout = 3.0
    file: Path

    def run(self) -> None:
        """Say who it is, print, and sleep."""
        self.file.with_suffix(".part").write_text(str(os.getpid()), encoding="ascii")
        self.file.with_suffix(".part").rename(self.file)
        print("x" * 3_000_000)  # noqa: T201 - to be heard
        time.sleep(600)


class Quick(stook.Task):
    """Is done at once, and may take no long time."""

    timeout = 30.0

    def run(self) -> int:
        """Return a number."""
        return 1


class Watches(stook.Task):
    """Is busy until another task's process is gone."""

    file: Path

    def run(self) -> bool:
        """Tell whether it is, before long."""
        return is_soon(self.file.exists) and is_soon(lambda: not is_alive(int(self.file.read_text())))


def test_limits_are_kept_meanwhile(tmp_path: Path) -> None:
    """A task that takes too long is ended while one of this process is at work; one that is done is done."""
    store = stook.open(tmp_path / "store")
    pool, here = PoolExecutor(store, 2), InlineExecutor(store)
    file = tmp_path / "pid"
    pool.submit(work_of(store, Long(file=file), 0, log=tmp_path / "log"))
    pool.submit(work_of(store, Quick(), 1))
    here.submit(work_of(store, Watches(file=file), 2))
    with pool.attended():
        (report,) = here.wait(None)
    assert isinstance(report, Done)
    assert report.bundle.data is True
    reports = {}
    while len(reports) < 2:
        reports |= {each.number: each for each in pool.wait(30.0)}
    pool.close(at_once=False)
    assert isinstance(reports[1], Done)
    assert isinstance(reports[0], Died)
    assert reports[0].error.kind == "task-timeout"
    assert reports[0].error.message.endswith("took longer than its timeout of 3 seconds")
    assert (tmp_path / "log").stat().st_size == 3_000_001


def test_a_notebook_that_is_busy(tmp_path: Path) -> None:
    """Whoever hands tasks out sees to that."""
    store = stook.open(tmp_path / "store")
    crew = Crew(store, RunOptions(jobs=2))
    file = tmp_path / "pid"
    crew.submit(work_of(store, Long(file=file), 0))
    crew.submit(_in_notebook(work_of(store, Watches(file=file), 1)))
    reports = {}
    while len(reports) < 2:
        reports |= {each.number: each for each in crew.wait(30.0)}
    crew.close(at_once=False)
    assert isinstance(reports[0], Died)
    assert isinstance(reports[1], Done)
    assert reports[1].bundle.data is True


def _in_notebook(work: Work) -> Work:
    place = structs.replace(work.node.place, is_live=True)
    return structs.replace(work, node=structs.replace(work.node, place=place))
