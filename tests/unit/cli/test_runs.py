"""`stook runs`: which runs there were, what came of one, what its tasks printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import stook as library
from stook.app.run_records import log_of, runs_folder
from tests.unit.cli.conftest import Stook

TASKS = """
import stook

class Part(stook.Task):
    number: int = 0
    def run(self):
        return 1 / self.number

class Both(stook.Task):
    def requires(self):
        return [Part(number=1), Part(number=0)]
    def run(self, *parts):
        return 2
"""


@pytest.fixture(autouse=True)
def tasks(tmp_path: Path) -> None:
    """A file of tasks."""
    (tmp_path / "parts.py").write_text(TASKS)


def test_without_a_run_it_says_how_to_make_one(stook: Stook) -> None:
    """An empty list is no failure, and JSON has it as such."""
    assert stook("runs") == (0, "", "no run yet; stook run FILE:TASK makes one\n")
    assert json.loads(stook("runs", "ls", "--json")[1]) == []


def test_runs_are_listed_the_newest_first(stook: Stook) -> None:
    """With target, state, and what came of how many tasks; `ls` need not be written."""
    stook("run", "parts.py:Part", "--number", "1")
    stook("run", "parts.py:Part", "--number", "1")
    stook("run", "parts.py:Both", "--keep-going")
    code, out, _ = stook("runs")
    assert code == 0
    assert out == stook("runs", "ls")[1]
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["RUN", "KIND", "TARGET", "STATE", "STARTED", "TOOK", "RAN", "REUSED", "FAILED"]
    assert [row[2:4] for row in rows[1:]] == [
        ["parts:Both", "failed"],
        ["parts:Part", "ok"],
        ["parts:Part", "ok"],
    ]
    assert [row[-3:] for row in rows[1:]] == [["0", "1", "1"], ["0", "1", "0"], ["1", "0", "0"]]
    found = json.loads(stook("runs", "--json", "--limit", "1")[1])
    assert [(one["target"], one["state"], one["skipped"]) for one in found] == [("parts:Both", "failed", 1)]


def test_a_run_is_shown_with_each_task(stook: Stook) -> None:
    """Under what was asked and by whom, each task has its decision, its bundle, and why."""
    run = json.loads(stook("run", "parts.py:Part", "--number", "1", "--json")[1])["run"]
    stook("run", "parts.py:Both", "--keep-going")
    failed = json.loads(stook("runs", "--json")[1])[0]["id"]
    out = stook("runs", "show", failed)[1]
    assert "command  run parts.py:Both --keep-going\n" in out
    assert "options  keep_going=True\n" in out
    lines = [" ".join(line.split()) for line in out.splitlines()[-3:]]
    assert lines[0].startswith("0 part number=1 reused 0.0 s part@")
    assert lines[1].endswith("parts:Part failed: ZeroDivisionError: division by zero")
    assert lines[2] == "2 both skipped parts:Part failed"
    shown = json.loads(stook("runs", "show", run[:-1], "--json")[1])
    assert shown["params"] == {"number": 1}
    assert [(step["state"], step["because"]) for step in shown["steps"]] == [("ran", ["never ran"])]


def test_a_run_that_is_not_there_is_told(stook: Stook) -> None:
    """It exits with 4 and names the command that lists them."""
    code, _, err = stook("runs", "show", "amber")
    assert code == 4
    assert err == "stook: there is no run amber\n  try: stook runs lists them\n"


def test_what_tasks_printed_is_printed_as_it_was(stook: Stook) -> None:
    """Of several tasks each under a heading; of one, by number, name or pattern, its bytes and nothing else."""
    run = json.loads(stook("run", "parts.py:Part", "--number", "1", "--json")[1])["run"]
    stook("run", "parts.py:Both", "--keep-going")
    failed = json.loads(stook("runs", "--json")[1])[0]["id"]
    folder = runs_folder(library.open()) / failed
    for number, data in enumerate([b"one\n", b"two\n\x1b[0m"]):
        log_of(folder, number).parent.mkdir(exist_ok=True)
        log_of(folder, number).write_bytes(data)
    assert (
        stook("runs", "log", failed)[1] == "== 0 part number=1 ==\none\n== 1 part number=0 ==\ntwo\n\x1b[0m"
    )
    assert stook("runs", "log", failed, "1")[1] == "two\n\x1b[0m"
    assert stook("runs", "log", failed, "--follow", "part number=0")[1] == "two\n\x1b[0m"
    assert stook("runs", "log", failed, "both")[1:] == ("", "nothing was printed\n")
    assert stook("runs", "log", failed, "brod")[0] == 4
    assert stook("runs", "log", run, "0")[0] == 0
