"""What somebody meets who mistypes a task, forgets to return, or hides a module of Python's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import stook as library
from tests.unit.cli.conftest import Stook

TASKS = """
import stook


class Rows(stook.Task):
    day: int = 1

    def run(self):
        [self.day]


class Report(stook.Task):
    def requires(self):
        return Rows.map(day=[1, 2])

    def run(self, *rows):
        return len(rows)
"""


@pytest.fixture(autouse=True)
def tasks(tmp_path: Path) -> None:
    """A file of two tasks, of which one returns nothing."""
    (tmp_path / "met_shop.py").write_text(TASKS)


@pytest.mark.parametrize("verb", ["run", "plan", "why", "graph", "status"])
def test_the_hint_is_in_the_words_of_the_command(stook: Stook, verb: str) -> None:
    """Who plans is not told to run."""
    code, out, err = stook(verb, "met_shop.py:report")
    assert (code, out) == (4, "")
    assert err.endswith(f"  try: stook {verb} met_shop.py:Report\n")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("met_shop.py", "Report"), "stook run met_shop.py:Report"),
        (("met_shop.py:Rows", "day=2"), "write --day=2"),
        (("met_shop.py:Rows", "2"), "write --name value"),
    ],
)
def test_a_word_that_is_no_option_is_told_how_to_be_one(
    stook: Stook, words: tuple[str, ...], hint: str
) -> None:
    """A task beside its file, and a parameter without dashes, are what people type first."""
    code, out, err = stook("run", *words)
    assert (code, out) == (2, "")
    assert err.endswith(f"  try: {hint}\n")


def test_a_bundle_in_place_of_a_task_leads_to_its_task(stook: Stook) -> None:
    """`why rows` means the task that made it."""
    assert stook("run", "met_shop.py:Rows")[0] == 0
    code, _, err = stook("why", "rows")
    assert code == 4
    assert "rows is a bundle, which met_shop:Rows made" in err
    assert err.endswith("  try: stook why met_shop:Rows\n")


def test_status_takes_a_file_of_tasks(stook: Stook, tmp_path: Path) -> None:
    """A file with one task needs no name of a task, as for the other commands."""
    (tmp_path / "met_one.py").write_text(
        TASKS.replace("class Report", "class _Base").replace("(self, *rows)", "_")
    )
    (tmp_path / "met_one.py").write_text(TASKS.partition("class Report")[0])
    code, out, _ = stook("status", "met_one.py")
    assert code == 0
    assert out.splitlines()[1].split() == ["rows", "would", "run", "never", "ran"]


def test_a_task_that_returns_nothing_is_told(stook: Stook) -> None:
    """Mostly `return` was forgotten; one that was reused has been told before."""
    said = "met_shop:Rows returned nothing, so None is kept; return a value, or write to self.path('…')"
    assert said in stook("run", "met_shop.py:Rows")[2].splitlines()
    assert said not in stook("run", "met_shop.py:Rows")[2]
    library.open().add("rows", None)  # which is not the result of a task
    assert said not in stook("run", "met_shop.py:Rows")[2]


def test_tasks_of_one_name_are_told_apart_in_a_run(stook: Stook) -> None:
    """Each is shown with what differs, everywhere alike; one that is alone by its name alone."""
    assert stook("run", "met_shop.py:Report")[0] == 0
    rows = stook("runs", "show")[1].splitlines()[-3:]
    called = ["rows day=1", "rows day=2", "report"]
    assert [row.split("  ")[1].strip() for row in rows] == called
    for command in ("plan", "status"):
        told = stook(command, "met_shop.py:Report")[1].splitlines()[1:]
        assert [row.split("  ")[0].strip() for row in told] == called
    assert [
        step["called"] for step in json.loads(stook("graph", "met_shop.py:Report", "--json")[1])
    ] == called
    lines = stook("lineage", "report")[1].splitlines()
    assert [" day=1 " in lines[2], " day=2 " in lines[3]] == [True, True]


def test_a_file_that_hides_a_module_of_pythons_is_named(stook: Stook, tmp_path: Path) -> None:
    """It is no bug of ours, and the file is what has to be changed."""
    (tmp_path / "getpass.py").write_text(TASKS)
    done = subprocess.run(
        [sys.executable, "-c", "from stook.cli.main import main; main()", "run", "getpass.py:Rows"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.endswith(
        f"  try: give {tmp_path}/getpass.py another name; it hides Python's own module\n"
    )
