"""Commands that look ahead: `plan`, `why`, `status` of a task, `graph`. They run nothing and write nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import stook as library
from stook.app.run_records import Recorder, runs_folder
from stook.model.events import RunStarted, TaskAdded, TaskStarted
from stook.model.run import RunHead
from tests.unit.cli.conftest import Stook

TASKS = """
import stook

SMALLEST = 1

def keep(number):
    return number >= SMALLEST

class Numbers(stook.Task):
    shop: str = "a"
    def run(self):
        if self.shop == "bad":
            raise ValueError("no such shop")
        return [1, 2, 3]

class Mean(stook.Task):
    shop: str = "a"
    def requires(self):
        return {"numbers": Numbers(shop=self.shop)}
    def run(self, numbers):
        return sum(filter(keep, numbers.data))

class Report(stook.Task):
    shops: int = 2
    last: str = "a"
    def requires(self):
        return [Mean(shop=f"{self.last}{number}" if number else self.last) for number in range(self.shops)]
    def run(self, *means):
        return len(means)

class Link(stook.Task):
    number: int = 0
    def requires(self):
        return Link(number=self.number - 1) if self.number else None
    def run(self, before=None):
        return self.number

class Fresh(stook.Task):
    cache = False
    def run(self):
        return 1
"""
TARGET = "ahead.py:Report"


@pytest.fixture(autouse=True)
def tasks(tmp_path: Path) -> Path:
    """A file of tasks."""
    file = tmp_path / "ahead.py"
    file.write_text(TASKS)
    return file


def _edit(file: Path, stook: Stook, before: str, after: str) -> None:
    """Edit the tasks, and forget what was imported of them."""
    import sys

    file.write_text(file.read_text().replace(before, after))
    sys.modules.pop("ahead", None)


def test_a_plan_says_what_a_run_would_do_in_order(stook: Stook, tasks: Path) -> None:
    """Each task with its parameters where they tell it from others, and why; what depends on those says on which."""
    _, out, err = stook("plan", TARGET)
    rows = [re.split(r"  +", line) for line in out.splitlines()]
    assert rows == [
        ["NAME", "WOULD", "BECAUSE"],
        ["numbers shop=a", "run", "never ran"],
        ["mean shop=a", "depends", "depends on ahead:Numbers (numbers)"],
        ["numbers shop=a1", "run", "never ran"],
        ["mean shop=a1", "depends", "depends on ahead:Numbers (numbers)"],
        ["report", "depends", "depends on ahead:Mean (mean)"],
    ]
    assert err == "5 tasks: 2 would run, 3 depend on those\n"
    assert stook("ls")[1] == ""
    stook("run", TARGET)
    _edit(tasks, stook, "SMALLEST = 1", "SMALLEST = 2")
    _, out, err = stook("plan", TARGET)
    assert "mean shop=a      run      code changed: ahead:SMALLEST" in out
    assert "numbers shop=a1  reuse    same as numbers@" in out
    assert err == "5 tasks: 2 would run, 1 depend on those, 2 would be reused\n"


def test_a_plan_heeds_the_options_of_a_run(stook: Stook) -> None:
    """What is forced would run, what is not among those to run is taken as it is, and beyond a stop nothing is said."""
    stook("run", TARGET)
    forced = json.loads(stook("plan", TARGET, "--force", "mean", "--json")[1])
    assert [step["decision"] for step in forced] == ["reuse", "run", "reuse", "run", "depends"]
    assert forced[1]["because"] == ["forced"]
    assert forced[4]["requires"] == [1, 3]
    stopped = json.loads(stook("plan", TARGET, "--upto", "numbers", "--json")[1])
    assert [step["name"] for step in stopped] == ["numbers", "numbers"]
    code, _, err = stook("plan", TARGET, "--force", "maen")
    assert code == 4
    assert "did you mean mean?" in err
    assert "not cached" in stook("plan", "ahead.py:Fresh")[1]


def test_a_plan_of_many_lists_what_would_be_done(stook: Stook) -> None:
    """More than 50 tasks to be reused are a number, unless they are asked for."""
    stook("run", TARGET, "--shops", "30")
    out, err = stook("plan", TARGET, "--shops", "31")[1:]
    assert len(out.splitlines()) == 4
    assert err == "63 tasks: 1 would run, 2 depend on those, 60 would be reused; --all lists those too\n"
    assert len(stook("plan", TARGET, "--shops", "31", "--all")[1].splitlines()) == 64


def test_why_says_all_of_one_task(stook: Stook, tasks: Path) -> None:
    """What changed, with the text before and after; then what it depends on, and what it is compared with."""
    assert "report depends on others\n" in stook("why", TARGET)[1]
    stook("run", TARGET)
    assert stook("why", TARGET)[1].startswith("report is up to date\n  same as report@")
    _edit(tasks, stook, "SMALLEST = 1", "SMALLEST = 2")
    _, out, _ = stook("why", TARGET, "mean shop=a1")
    assert out.startswith("mean shop=a1 would run\n  code changed: ahead:SMALLEST\n\n")
    assert "-SMALLEST = 1\n+SMALLEST = 2\n" in out
    facts = {line.split()[0]: line.split(maxsplit=1)[1] for line in out.splitlines()[8:] if "  " in line}
    assert facts["task"] == "Mean(shop='a1')"
    assert facts["last"].startswith("mean@")
    assert facts["input"].startswith("numbers: numbers@")
    found = json.loads(stook("why", TARGET, "mean", "--json")[1])
    assert [one["changes"][0]["kind"] for one in found] == ["code", "code"]
    assert found[0]["inputs"][0]["role"] == "numbers"


def test_why_of_parameters_names_both_values(stook: Stook) -> None:
    """It is compared with what has other parameters where nothing has the same; parameters come after the name."""
    stook("run", "ahead.py:Numbers")
    out = stook("why", "ahead.py:Numbers", "--shop", "b")[1]
    assert out.startswith("numbers would run\n  parameter shop: a → b\n")
    assert stook("why", TARGET, "numbers", "--shops", "1")[1].startswith("numbers is up to date\n")
    code, _, err = stook("why", TARGET, "nubmers")
    assert code == 4
    assert "did you mean numbers?" in err


def test_status_of_a_task_says_how_each_stands(stook: Stook) -> None:
    """What is there has its version, time and duration; what failed last says how; the rest what a run would do."""
    stook("run", TARGET, "--shops", "1")
    stook("run", TARGET, "--shops", "1", "--last", "bad")
    rows = [
        re.split(r"  +", line)
        for line in stook("status", TARGET, "--last", "bad", "--shops", "1")[1].splitlines()
    ]
    assert rows[0] == ["NAME", "STATE", "VERSION", "DATE", "TOOK", "BECAUSE"]
    assert rows[1][:2] == ["numbers", "failed"]
    assert rows[1][-1] == "failed last: ahead:Numbers failed: ValueError: no such shop"
    assert rows[2][:2] == ["mean", "depends"]
    _, out, err = stook("status", TARGET, "--shops", "1")
    assert [line.split()[1:3] for line in out.splitlines()[1:]] == [["up", "to"]] * 3
    assert err == "3 tasks: 3 up to date\n"
    found = json.loads(stook("status", TARGET, "--shops", "1", "--json")[1])
    assert found[0]["bundle"] == library.open().versions("numbers")[0].ref


def test_status_knows_what_is_running_now(stook: Stook) -> None:
    """A task that another run has begun and not ended is running, and the run is named."""
    recorder = Recorder(
        runs_folder(library.open()) / "amber-otter-3f2",
        lambda _: RunHead("amber-otter-3f2", context=library.open().context),
    )
    recorder(TaskAdded(0, "ahead:Numbers", "numbers", "Numbers(shop='a')", ()))
    recorder(RunStarted("ahead:Numbers", 1))
    recorder(TaskStarted("ahead:Numbers", "numbers", (), 0))
    out = stook("status", "ahead.py:Numbers")[1]
    recorder.close()
    assert re.search(r"^numbers  running  +in run amber-otter-3f2$", out, re.M)
    assert re.search(r"^numbers  would run  ", stook("status", "ahead.py:Numbers")[1], re.M)


def test_status_without_a_task_takes_no_parameter(stook: Stook) -> None:
    """A word that only goes with a task is told, as any wrong option is."""
    for words in (("--shops", "1"), ("folder", "--shops", "1"), ("-p", "shops=1")):
        code, _, err = stook("status", *words)
        assert code == 2
        assert "goes with a task, such as pipeline.py:Report" in err


def test_a_graph_is_a_tree_with_what_is_up_to_date(stook: Stook) -> None:
    """What was asked for is at the top, below each task what it requires."""
    stook("run", TARGET, "--upto", "numbers")
    _, out, err = stook("graph", TARGET)
    assert out.splitlines() == [
        "TASK                   STATE",
        "report                 depends",
        "├─ mean shop=a         would run",
        "│  └─ numbers shop=a   up to date",
        "└─ mean shop=a1        would run",
        "   └─ numbers shop=a1  up to date",
    ]
    assert err == "5 tasks\n"


def test_tasks_that_hang_alike_are_one_node(stook: Stook) -> None:
    """A thousand are one line, with their number and how many are up to date; so is a row of one class."""
    stook("run", TARGET, "--shops", "4", "--upto", "numbers")
    out = stook("graph", TARGET, "--shops", "1000")[1]
    assert [" ".join(line.split()) for line in out.splitlines()[1:]] == [
        "report depends",
        "└─ mean ×1,000 4 would run, 996 depends",
        "└─ numbers ×1,000 996 would run, 4 up to date",
    ]
    assert len(stook("graph", TARGET, "--shops", "1000", "--all")[1].splitlines()) == 2_002
    assert "link ×200  1 would run, 199 depends\n" in stook("graph", "ahead.py:Link", "--number", "199")[1]


def test_a_graph_is_drawn(stook: Stook, tmp_path: Path) -> None:
    """The SVG is XML with a box a node; Mermaid has the same nodes, arrows and states."""
    stook("run", TARGET, "--upto", "numbers")
    code, out, err = stook("graph", TARGET, "--svg", "graph.svg")
    assert (code, out, err) == (0, "", "drawn to graph.svg\n")
    drawn = ElementTree.parse(tmp_path / "graph.svg").getroot()  # noqa: S314 - our own
    boxes = [g for g in drawn.iter("{http://www.w3.org/2000/svg}g") if "box" in g.get("class", "")]
    assert len(boxes) == 5
    assert sum("reuse" in box.get("class", "") for box in boxes) == 2
    mermaid = stook("graph", TARGET, "--mermaid")[1].splitlines()
    assert mermaid[0] == "flowchart LR"
    assert '  t0["numbers shop=a"]:::reuse' in mermaid
    assert sum("-->" in line for line in mermaid) == 4
    assert len(json.loads(stook("graph", TARGET, "--json")[1])) == 5
