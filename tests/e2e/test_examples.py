"""The examples do what they say, as they are in the project's folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
