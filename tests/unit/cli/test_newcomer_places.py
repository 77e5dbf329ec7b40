"""The demo and a workspace in odd places: said in words, before anything is made or run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from stook.scaffold.render import render
from tests.unit.cli.conftest import Stook

SPARE = "name,when\nann,2026-01-01\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace whose `stook predict` fails at once: its pipeline has no such task."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "stook.toml").write_text('[predict]\ntask = "newcomer_nothing:Report"\n')
    return folder


@pytest.mark.parametrize(
    ("folder", "says"),
    [("file/demo", "cannot write to"), ("we@ird", "is no name"), (".hidden", "is no name")],
)
def test_a_demo_where_none_can_be(stook: Stook, tmp_path: Path, folder: str, says: str) -> None:
    """A folder that cannot be made, or gives no name to a context, is refused and not begun."""
    (tmp_path / "file").write_text("")
    code, out, err = stook("demo", folder)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == ["file"]


def test_a_demo_of_a_file_that_is_not_there_makes_nothing(stook: Stook, tmp_path: Path) -> None:
    """The input is looked for first."""
    code, _, err = stook("demo", "mine", "--input", "nothing.csv")
    assert code == 2
    assert "nothing.csv" in err
    assert not (tmp_path / "mine").exists()


def test_a_folder_with_anything_else_is_left_alone(stook: Stook, tmp_path: Path) -> None:
    """A file of the user's own, even one named as the template's, keeps the demo out."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "main.py").write_text("print('mine')\n")
    code, _, err = stook("demo", "mine")
    assert code == 2
    assert "is there already" in err
    assert os.listdir(tmp_path / "mine") == ["main.py"]


def test_a_demo_that_was_interrupted_while_it_was_made_is_made_again(stook: Stook, tmp_path: Path) -> None:
    """A folder with a part of the template, and no workspace yet, is completed; then the input is looked at."""
    rendered = render("customer-value", {"project_name": "mine"})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "main.py").write_bytes(rendered["main.py"])
    (tmp_path / "mine" / ".tmp-0123456789abcdef").write_bytes(b"half")
    (tmp_path / "spare.csv").write_text(SPARE)
    code, _, err = stook("demo", "mine", "--input", "spare.csv")
    assert "is there already" not in err
    assert code == 2
    assert (tmp_path / "mine" / "stook.toml").is_file()


def test_made_up_customers_never_join_your_own(stook: Stook, workspace: Path) -> None:
    """A workspace made with --input is not run on a simulated shop: the demo asks for the input again."""
    code, _, err = stook("demo", str(workspace))
    assert code == 2
    assert "--input FILE" in err
    assert not (workspace / "data").exists()


def test_inside_a_workspace_the_demo_is_that_workspace(
    stook: Stook, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No second one is made within."""
    monkeypatch.chdir(workspace)
    stook("demo")
    assert not (workspace / "stook-demo").exists()


def test_output_is_tried_before_the_work(
    stook: Stook, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An output folder below a file is refused at once, not after the run."""
    monkeypatch.chdir(workspace)
    (workspace / "in.csv").write_text(SPARE)
    code, _, err = stook("predict", "-i", "in.csv", "-o", "in.csv/out")
    assert code == 2
    assert "in.csv is a file" in err


def test_empty_standard_input_is_called_so(
    stook: Stook, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by the name of the file that it was spooled to, and none is left."""
    (workspace / "newcomer_nothing.py").write_text(
        "import stook\n\nclass Report(stook.Task):\n    source: str = ''\n    def run(self): ...\n"
    )
    monkeypatch.chdir(workspace)
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        code, _, err = stook("predict", "-i", "-")
    assert code == 2
    assert "standard input is empty" in err
    assert list(Path(os.environ["STOOK_CACHE"], "stdin").iterdir()) == []
    sys.modules.pop("newcomer_nothing", None)


PIPELINE = """
import stook


class Report(stook.Task):
    source: str = "data/in.csv"

    def requires(self):
        return {"raw": stook.source(self.source, name="raw")}

    def run(self, raw):
        return {"size.txt": raw.path()}
"""


def test_a_file_of_the_workspace_is_the_same_from_anywhere(
    stook: Stook, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an absolute path, from a folder below, or as the task's default: one source, reused, and one output folder."""
    (workspace / "stook.toml").write_text('[predict]\ntask = "newcomer_source:Report"\n')
    (workspace / "newcomer_source.py").write_text(PIPELINE)
    (workspace / "data").mkdir()
    (workspace / "data" / "in.csv").write_text(SPARE)
    monkeypatch.chdir(workspace)
    assert "running" in stook("run", "newcomer_source.py:Report")[2]
    code, out, err = stook("predict", "-i", str(workspace / "data" / "in.csv"))
    assert (code, out) == (0, "data/output/size.txt\n")
    assert "running" not in err
    monkeypatch.chdir(workspace / "data")
    code, out, err = stook("predict", "-i", "in.csv")
    assert (code, out) == (0, "output/size.txt\n")
    assert "running" not in err
    sys.modules.pop("newcomer_source", None)


def test_a_folder_that_gives_no_name_can_be_a_workspace(stook: Stook, tmp_path: Path) -> None:
    """The hint says how to name the context, and following it works."""
    code, _, err = stook("init", ".hidden")
    assert code == 2
    assert "stook init --context NAME" in err
    assert stook("init", ".hidden", "--context", "shown")[0] == 0


def test_init_below_a_file(stook: Stook, tmp_path: Path) -> None:
    """It is refused in words."""
    (tmp_path / "file").write_text("")
    code, _, err = stook("init", "file/shop")
    assert code == 2
    assert "Traceback" not in err
