"""What someone meets who runs a first task: help, mistakes, and where words go."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Stook

TASKS = '''
from datetime import date

import stook


class Sales(stook.Task):
    """What was sold."""

    since: date = date(2026, 1, 31)
    per_shop: bool = False
    shop: str

    def run(self):
        print("words of the task")
        return [self.shop]
'''


@pytest.fixture(autouse=True)
def tasks(tmp_path: Path) -> Iterator[None]:
    """A file of tasks, forgotten after the test."""
    (tmp_path / "newcomer_tasks.py").write_text(TASKS)
    yield
    sys.modules.pop("newcomer_tasks", None)


TASK = "newcomer_tasks.py:Sales"


@pytest.mark.parametrize("command", ["run", "why"])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_after_a_task_is_about_the_task(stook: Stook, command: str, flag: str) -> None:
    """Its words and its parameters are shown, with what they accept and their defaults; nothing runs."""
    code, out, err = stook(command, TASK, flag)
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: stook {command} {TASK} [--PARAM VALUE]…\n")
    assert "What was sold." in out
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in out.splitlines() if "--" in line[:6]}
    assert lines == {
        "--since": "a date (2026-01-31)  [default: 2026-01-31]",
        "--per-shop": "true or false  [default: False]",
        "--shop": "a text  [required]",
    }
    assert stook("ls")[1] == ""


def test_help_without_a_task_is_about_the_command(stook: Stook) -> None:
    """The command's own options are listed, and no task is looked for."""
    code, out, _ = stook("run", "--help")
    assert code == 0
    assert "FILE_OR_MODULE:TASK" in out
    assert "--json" in out


@pytest.mark.parametrize("words", [(), ("--shp", "x"), ("--shop", "x", "--since", "soon")])
def test_a_wrong_parameter_leads_to_the_list_of_them(stook: Stook, words: tuple[str, ...]) -> None:
    """A parameter missing, unknown or malformed exits with 2 and names the command that lists them."""
    code, out, err = stook("run", TASK, *words)
    assert (code, out) == (2, "")
    assert f"stook run {TASK} --help" in err


def test_a_target_without_a_file_is_told(stook: Stook) -> None:
    """Nothing before the colon is a mistake of the command line, with no traceback."""
    code, _, err = stook("run", ":Sales")
    assert code == 2
    assert "names no file or module" in err
    assert "Traceback" not in err


def test_what_a_task_prints_is_no_data(stook: Stook) -> None:
    """It goes to standard error, so that the JSON of a run is all there is on standard output."""
    _, out, err = stook("run", TASK, "--shop", "north", "--json")
    assert json.loads(out)["decision"] == "ran"
    assert "words of the task" in err


def test_a_run_says_little_and_in_short(stook: Stook) -> None:
    """One step is no "steps", durations have a unit, and ids are cut to what `stook ls` shows."""
    _, ref, err = stook("run", TASK, "--shop", "north")
    assert "newcomer_tasks:Sales: 1 step\n" in err
    assert re.search(r" done in [0-9.]+ s, ", err)
    assert f"reused   sales@{ref.strip()[-8:]}\n" in stook("run", TASK, "--shop", "north")[2]
    assert f"same as sales@{ref.strip()[-8:]}\n" in stook("why", TASK, "--shop", "north")[1]
    assert stook("show", f"sales@{ref.strip()[-8:]}")[0] == 0
