"""Runs of one pipeline at once, in processes and threads: together they do each task once, whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import stook
from stook.model.events import Event, TaskWaiting
from stook.pipeline import load_task
from tests.integration.pipeline_project import Project

PIPELINE = """
import os, pathlib, time
import stook

HERE = pathlib.Path(__file__).parent

def note(name):
    descriptor = os.open(HERE / "ran", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (name + "\\n").encode())
    os.close(descriptor)

def wait_for(name):
    until = time.monotonic() + 120
    while not (HERE / name).exists() and time.monotonic() < until:
        time.sleep(0.005)

class Leaf(stook.Task):
    number: int
    def run(self):
        note(f"leaf {self.number}")
        time.sleep(0.01)
        return self.number

class Asker(stook.Task):
    def run(self):
        note("asker")
        leaves = yield [Leaf(number=number) for number in range(20, 24)]
        return sum(leaf.data for leaf in leaves)

class Top(stook.Task):
    def requires(self):
        return {"leaves": [Leaf(number=number) for number in range(20)], "asker": Asker()}
    def run(self, leaves, asker):
        note("top")
        return sum(leaf.data for leaf in leaves) + asker.data

class Slow(stook.Task):
    def run(self):
        note(f"slow {os.getpid()}")
        (HERE / f"begun-{os.getpid()}").touch()
        wait_for("go")
        if (HERE / "fail").exists():
            (HERE / "fail").unlink()
            raise ValueError("no")
        return 7

class Left(stook.Task):
    def run(self):
        (HERE / "left-begun").touch()
        wait_for("right-begun")
        yield Right()

class Right(stook.Task):
    def run(self):
        (HERE / "right-begun").touch()
        wait_for("left-begun")
        yield Left()
"""
RUN = """
import sys
import stook
from stook.pipeline import load_task
result = stook.run(load_task(f"pipeline.py:{sys.argv[1]}")())
print(result.bundle.data, result.decision, *result.because)
"""
EVERYTHING = Counter([*(f"leaf {number}" for number in range(24)), "asker", "top"])


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A pipeline whose tasks note that they ran."""
    project = Project(tmp_path)
    project.write({"pipeline.py": PIPELINE})
    yield project
    project.forget()


def start(project: Project, target: str) -> subprocess.Popen[str]:
    """Run a target in a process of its own."""
    environment = {**os.environ, "STOOK_HOME": str(project.folder / "store")}
    return subprocess.Popen(
        [sys.executable, "-c", RUN, target],
        cwd=project.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Return what a run printed, which must go well."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.strip()


def ran(project: Project) -> Counter[str]:
    """Return what tasks have noted."""
    return Counter((project.folder / "ran").read_text().splitlines())


def test_eight_processes_do_each_task_once(project: Project) -> None:
    """However many run the same at once, each task runs in one of them, also those that are asked for."""
    runs = [start(project, "Top") for _ in range(8)]
    assert {finish(process).split()[0] for process in runs} == {"276"}
    assert ran(project) == EVERYTHING
    assert project.store.verify(deep=True).is_clean


def test_two_threads_do_each_task_once(project: Project) -> None:
    """The same holds for threads of one process that share a store."""
    task = load_task("pipeline.py:Top", folder=project.folder)
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(stook.run(task(), store=project.store).bundle.data))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert results == [276] * 3
    assert ran(project) == EVERYTHING


def hold(project: Project) -> subprocess.Popen[str]:
    """Return a run that is in the middle of the slow task."""
    process = start(project, "Slow")
    begun = project.folder / f"begun-{process.pid}"
    while not begun.exists():
        assert process.poll() is None, process.communicate()
    return process


def wait_while(project: Project, act: object) -> stook.RunResult:
    """Run the slow task here while another does; once this run waits for that one, something is done."""
    task = load_task("pipeline.py:Slow", folder=project.folder)

    def observe(event: Event, /) -> None:
        if isinstance(event, TaskWaiting):
            act()  # type: ignore[operator]

    return stook.run(task(), store=project.store, observer=observe)


def test_what_another_run_makes_is_taken(project: Project) -> None:
    """A task that another run is at is waited for; its result is reused, and says whose it is."""
    other = hold(project)
    result = wait_while(project, (project.folder / "go").touch)
    made_by = finish(other)
    assert made_by == "7 ran never ran"
    assert result.decision == "reused"
    assert result.because == (
        f"made by {result.bundle.lineage.run} (process {other.pid} on {os.uname().nodename}) meanwhile",
    )
    assert sum(ran(project).values()) == 1


def test_a_holder_that_is_killed_is_taken_over(project: Project) -> None:
    """kill -9 of the run that is at a task: another one that waits for it runs the task itself."""
    other = hold(project)

    def kill() -> None:
        other.send_signal(signal.SIGKILL)
        other.communicate()
        (project.folder / "go").touch()

    result = wait_while(project, kill)
    assert (result.decision, result.bundle.data) == ("ran", 7)
    assert sum(ran(project).values()) == 2


def test_a_task_that_fails_elsewhere_is_run_here(project: Project) -> None:
    """When the run that was at a task fails by it, the one that waited runs it itself."""
    (project.folder / "fail").touch()
    other = hold(project)
    result = wait_while(project, (project.folder / "go").touch)
    other.communicate()
    assert other.returncode != 0
    assert (result.decision, result.bundle.data) == ("ran", 7)
    assert sum(ran(project).values()) == 2


@pytest.mark.full
def test_runs_whose_tasks_ask_for_each_other_do_not_wait_for_ever(project: Project) -> None:
    """Where the tasks of two runs ask for each other in a circle, each run is told so in the end."""
    runs = [start(project, "Left"), start(project, "Right")]
    for process in runs:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 1
        assert "wait for each other in a circle" in err
