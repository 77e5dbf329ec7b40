"""`stook run` for people: its options beside a task's parameters, what it says at the end, and of failures."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Stook

TASKS = '''
import os, signal
import stook

class Leaf(stook.Task):
    number: int = 0

    def run(self):
        print("leaf", self.number)
        if self.number == 13:
            raise ValueError("unlucky")
        if self.number == 99:
            os.kill(os.getpid(), signal.SIGINT)
        return self.number

class Other(stook.Task):
    def run(self):
        return 1

class Sum(stook.Task):
    """Adds up."""
    first: int = 1
    only: str = ""
    jobs: int = 1

    def requires(self):
        return [Leaf(number=self.first), Leaf(number=2), Other()]

    def run(self, *parts):
        return [sum(part.data for part in parts), self.only, self.jobs]

class Wide(stook.Task):
    count: int = 60

    def requires(self):
        return [Leaf(number=100 + number) for number in range(self.count)]

    def run(self, *parts):
        return len(parts)
'''
SEVERAL = """
import stook

class Part(stook.Task):
    n: int

    def run(self):
        if self.n == 1:
            raise ValueError("one")
        if self.n == 3:
            raise ValueError("three")
        return {}["two"]

class All(stook.Task):
    def requires(self):
        return Part.map(n=[1, 2, 3, 4])

    def run(self, *parts):
        return 1
"""
CHILD = """
import subprocess
import stook

class Child(stook.Task):
    def run(self):
        subprocess.run(["echo", "by a child"], check=True)
        return 1
"""
TARGET = "people.py:Sum"


@pytest.fixture(autouse=True)
def tasks(tmp_path: Path) -> Path:
    """A file of tasks."""
    file = tmp_path / "people.py"
    file.write_text(TASKS)
    return file


def test_a_run_ends_with_one_line_that_names_it(stook: Stook) -> None:
    """Duration, what ran and what was reused, and an id under which the run is found."""
    assert re.search(
        r"^done in [0-9.]+ s: 4 ran · run [a-z]+-[a-z]+-[0-9a-f]{3}$", stook("run", TARGET)[2], re.M
    )
    err = stook("run", TARGET)[2]
    found = re.search(r"^done in [0-9.]+ s: 4 reused · run (\S+)$", err.splitlines()[-1])
    assert found is not None
    assert stook("runs", "show", found[1])[0] == 0


def test_options_stand_before_or_after_the_task(stook: Stook) -> None:
    """They are the command's; all others are the task's parameters."""
    before = stook("run", "--force", "other", TARGET, "--first", "5")[2]
    after = stook("run", TARGET, "--first", "5", "--force", "other")[2]
    for err in (before, after):
        assert "other          running: " in err
    assert "running: forced" in after
    assert "leaf number=5  reused" in after


def test_a_parameter_called_as_an_option_is_given_by_p(stook: Stook) -> None:
    """`--jobs` stays the command's, which is said; `-p jobs=3` reaches the task, as does any parameter."""
    _, ref, err = stook("run", TARGET, "-p", "jobs=3", "-p", "first=4", "-p", "only=a=b")
    assert "is an option of" not in err
    assert json.loads(stook("cat", ref.strip())[1]) == [7, "a=b", 3]
    _, ref, err = stook("run", TARGET, "--jobs", "1")
    assert "--jobs is an option of stook run; the task's parameter is given by -p jobs=…\n" in err
    assert json.loads(stook("cat", ref.strip())[1]) == [4, "", 1]
    code, _, err = stook("run", TARGET, "-p", "jobs")
    assert code == 2
    assert "write -p NAME=VALUE" in err


def test_help_of_a_task_says_how_such_a_parameter_is_given(stook: Stook) -> None:
    """What would be read as an option of the command is shown as it has to be typed."""
    out = stook("run", TARGET, "--help")[1]
    assert "-p only=" in out
    assert "-p jobs=" in out
    assert "  --first " in out
    assert "--only " not in out


def test_a_dry_run_is_a_plan(stook: Stook) -> None:
    """It prints what `stook plan` prints, in order and with reasons, and runs nothing."""
    code, out, err = stook("run", TARGET, "--dry-run")
    assert (code, out, err) == stook("plan", TARGET)
    assert out.splitlines()[0].split() == ["NAME", "WOULD", "BECAUSE"]
    assert stook("ls")[1] == ""
    assert stook("runs")[1] == ""
    planned = json.loads(stook("run", TARGET, "-n", "--json")[1])
    assert [step["decision"] for step in planned] == ["run", "run", "run", "depends"]


def test_a_run_stops_where_it_is_told_to(stook: Stook) -> None:
    """`--upto` runs a task and what it requires, `--force` runs it again, and a name that fits nothing is told."""
    _, out, err = stook("run", TARGET, "--upto", "other")
    assert out.startswith("other@")
    assert ": 1 step\n" in err
    assert "done in" in err
    code, _, err = stook("run", TARGET, "--force", "othre")
    assert code == 4
    assert "did you mean" in err


def test_a_failure_says_what_was_skipped_and_keeps_going_if_told(stook: Stook) -> None:
    """The traceback comes once, after the line that sums up; the exit code is 1."""
    code, out, err = stook("run", TARGET, "--first", "13", "--keep-going")
    assert (code, out) == (1, "")
    assert err.count("ValueError: unlucky\n") == 2  # the traceback's last line, and the error's
    assert err.count("Traceback") == 1
    assert re.search(r"^failed after [0-9.]+ s: 2 ran, 1 failed, 1 skipped \(sum\) · run \S+$", err, re.M)
    assert err.index("failed after") < err.index("Traceback") < err.index("stook: people:Leaf failed")
    assert "sum            skipped: people:Leaf failed" in err


def test_each_failure_is_told_and_those_alike_once(stook: Stook, tmp_path: Path) -> None:
    """With --keep-going all that failed can be mended at once; the error of the first ends the command."""
    (tmp_path / "several.py").write_text(SEVERAL)
    code, _, err = stook("run", "several.py:All", "--keep-going")
    assert code == 1
    assert err.count("Traceback") == 3
    assert "part n=2 and 1 more:\n  Traceback (most recent call last):\n" in err
    assert "part n=3:\n" in err
    assert (
        err.index("failed after") < err.index("  KeyError: 'two'") < err.index("stook: several:Part failed")
    )
    assert err.rstrip().splitlines()[-2] == "stook: several:Part failed: ValueError: one"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_standard_output_is_for_data(stook: Stook, tmp_path: Path, jobs: str) -> None:
    """What a task's child processes and libraries print is no part of it."""
    (tmp_path / "child.py").write_text(CHILD)
    code, out, err = stook("run", "child.py:Child", "--json", "--jobs", jobs)
    assert (code, json.loads(out)["decision"]) == (0, "ran")
    assert ("by a child" in err) == (jobs == "1")


def test_a_failure_says_where_its_output_is(stook: Stook) -> None:
    """The task that failed first has printed something: a command prints all of it."""
    err = stook("run", TARGET, "--first", "13")[2]
    found = re.search(r"^all that leaf printed: stook (runs log \S+ 0)$", err, re.M)
    assert found is not None
    assert stook(*found[1].split())[1] == "leaf 13\n"
    assert err.count("leaf 13\n") == 1


def test_of_many_tasks_what_is_reused_is_told_in_one_line(stook: Stook) -> None:
    """More than 50 lines of the kind help nobody; the last line has their number."""
    stook("run", "people.py:Wide")
    err = stook("run", "people.py:Wide")[2]
    assert len(err.splitlines()) == 2
    assert "61 reused" in err


def test_ctrl_c_ends_a_run_in_one_line(tmp_path: Path) -> None:
    """What was finished is kept and counted, the exit code is 130, and the run is listed as interrupted."""
    done = subprocess.run(
        [sys.executable, "-c", "from stook.cli.main import main; main()", "run", TARGET, "--first", "99"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 130
    last = done.stderr.splitlines()[-1]
    assert re.fullmatch(r"interrupted after [0-9.]+ s: 0 ran; what was finished is kept · run \S+", last)
    assert "Traceback" not in done.stderr


def test_jobs_come_from_the_settings(stook: Stook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag is stronger than the environment, and that than stook.toml, where a number may be a number."""
    (tmp_path / "stook.toml").write_text('[workspace]\ncontext = "x"\n[run]\njobs = "some"\n')
    assert "'some' is no number of jobs" in stook("run", TARGET)[2]
    monkeypatch.setenv("STOOK_JOBS", "none")
    assert "'none' is no number of jobs" in stook("run", TARGET)[2]
    assert "'0' is no number of jobs" in stook("run", TARGET, "--jobs", "0")[2]
    monkeypatch.delenv("STOOK_JOBS")
    (tmp_path / "stook.toml").write_text('[workspace]\ncontext = "x"\n[run]\njobs = 1\n')
    assert stook("run", TARGET)[0] == 0
    assert "jobs" in stook("config")[1]


def test_json_of_a_run_names_it(stook: Stook) -> None:
    """The id leads to what is kept of it."""
    found = json.loads(stook("run", TARGET, "--json")[1])
    shown = json.loads(stook("runs", "show", found["run"], "--json")[1])
    assert (shown["id"], shown["state"], shown["command"]) == (found["run"], "ok", ["run", TARGET, "--json"])
    assert [step["bundle"] for step in shown["steps"]] == [step["bundle"] for step in found["steps"]]
    assert os.getpid() == shown["pid"]
