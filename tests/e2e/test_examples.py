"""The examples do what they say, as they are in the project's folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

_SECONDS = 240


def run_digits(folder: Path, *options: str) -> list[str]:
    """Run the digits and return what became of each task, in order."""
    command = [
        Path(sys.executable).with_name("stook"),
        "run",
        "examples/digits.py:Evaluate",
        "--json",
        *options,
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS)
    assert done.returncode == 0, done.stderr
    return [step["decision"] for step in json.loads(done.stdout)["steps"]]


@pytest.fixture
def project(project_root: Path, tmp_path: Path) -> Path:
    """A folder with a copy of the examples."""
    shutil.copytree(project_root / "examples", tmp_path / "examples")
    return tmp_path


@pytest.mark.full
def test_digits_run_once_and_again_where_something_changed(project: Path) -> None:
    """All three tasks run, then none, then the two that a changed parameter reaches, then those that an edit does."""
    assert run_digits(project) == ["ran", "ran", "ran"]
    assert run_digits(project) == ["reused", "reused", "reused"]
    assert run_digits(project, "--neighbours", "5") == ["reused", "ran", "ran"]
    digits = project / "examples" / "digits.py"
    digits.write_text(
        digits.read_text(encoding="utf-8").replace('"images": len(test)', '"of": len(test)'), "utf-8"
    )
    assert run_digits(project) == ["reused", "reused", "ran"]


@pytest.mark.full
def test_the_notebook_runs_from_top_to_bottom(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell of the test drive runs, an edit is named by its definition, and only what it reaches runs again."""
    notebook = nbformat.read(project / "examples" / "test-drive.ipynb", as_version=4)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(project))
    NotebookClient(notebook, timeout=_SECONDS, kernel_name="python3").execute()
    said = [_printed(cell) for cell in notebook.cells if cell.cell_type == "code"]
    whole = "\n".join(said)
    assert "my.first.bundle@" in whole
    assert "code changed: visits:LEAST" in whole
    runs = [text for text in said if "visits:Spent: 2 steps" in text]
    assert [text.count("  reused  ") for text in runs] == [0, 2, 0]
    assert ["15.7" in runs[0], "15.8" in runs[2]] == [True, True]
    assert "from hello_data.csv" in said[-1]


def _printed(cell: nbformat.NotebookNode) -> str:
    """Return what a cell printed; that a command failed is an error here, where a notebook goes on."""
    text = "".join(output.get("text", "") for output in cell.outputs)
    assert "stook: " not in text, text
    return text
