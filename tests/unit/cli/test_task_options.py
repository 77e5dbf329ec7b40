"""Parameters of a task on a command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stook.cli.task_options import parse_params
from stook.errors import InputError
from tests.unit.cli.conftest import Stook

TASKS = '''
from dataclasses import dataclass

import stook


@dataclass
class Model:
    depth: int = 3
    rates: tuple[float, ...] = (0.1,)


class Report(stook.Task):
    """The report.

    Attributes:
        model: How it is made.
        from_: Where it starts.
    """

    model: Model = Model()
    weights: dict[str, float] = {"b": 2}
    from_: str = "here"
    raw: stook.Task | None = None

    def run(self):
        return {"depth": self.model.depth, "weights": self.weights, "from": self.from_}
'''
TASK = "option_tasks.py:Report"


@pytest.fixture(autouse=True)
def tasks(tmp_path: Path) -> None:
    """A file of tasks."""
    (tmp_path / "option_tasks.py").write_text(TASKS)


def made(stook: Stook, *words: str) -> object:
    """Run the report with options and return what it made."""
    code, out, err = stook("run", TASK, *words)
    assert code == 0, err
    return json.loads(stook("cat", out.strip(), "--json")[1])


def test_help_has_the_words_of_the_docstring(stook: Stook) -> None:
    """What the docstring says of a parameter stands before its type, and nowhere else."""
    out = " ".join(stook("run", TASK, "--help")[1].split())
    assert "--model How it is made: Model (depth, rates) [default: {" in out
    assert "--from Where it starts: a text [default: here]" in out
    assert out.count("How it is made") == 1


def test_parts_files_and_texts_go_together(stook: Stook, tmp_path: Path) -> None:
    """Options go before a file, a file before defaults, and parts change what is there."""
    (tmp_path / "p.toml").write_text('from = "file"\n[model]\ndepth = 8\n')
    assert made(stook) == {"depth": 3, "weights": {"b": 2.0}, "from": "here"}
    assert made(stook, "--params", "p.toml", "--weights.a=1") == {
        "depth": 8,
        "weights": {"a": 1.0, "b": 2.0},
        "from": "file",
    }
    assert made(stook, "--params", "p.toml", "--from", "there", "--model", '{"depth": 5}') == {
        "depth": 5,
        "weights": {"b": 2.0},
        "from": "there",
    }


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--model.depht", "5"], 2, "model.depht: Model has no such field; it has depth, rates"),
        (["--params", "gone.toml"], 4, "there is no file gone.toml"),
        (["--params", "option_tasks.py"], 2, "option_tasks.py is neither TOML nor JSON nor YAML"),
        (
            ["--raw", "x"],
            2,
            "parameter raw is 'x', which is not a task, or another thing to require, or none",
        ),
        (["--nope", "x"], 2, "Report has no parameter 'nope'"),
    ],
)
def test_what_cannot_be_given(words: list[str], code: int, message: str, stook: Stook) -> None:
    """A mistake in the options stops before anything runs, with the exit code of its kind."""
    found, out, err = stook("run", TASK, *words)
    assert (found, out) == (code, "")
    assert message in err
    assert stook("ls")[1] == ""


def test_words_of_options() -> None:
    """Both ways to write a value are read; of one given twice the last counts; values may begin with dashes."""
    words = ["--a", "1", "--b=2", "--a=3", "--c", "--d", "--e=x=y", "--f="]
    assert parse_params(words) == {"a": "3", "b": "2", "c": "--d", "e": "x=y", "f": ""}
    for wrong in (["a"], ["--a"], ["--"], ["-a", "1"], ["--=1"]):
        with pytest.raises(InputError):
            parse_params(wrong)
