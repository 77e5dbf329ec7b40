from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stook.scaffold.render import render


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project from the template."""
    for path, content in render("customer-value", {"project_name": "my-shop"}).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


def run(project: Path, *arguments: str) -> str:
    """Run Python in the project and return what it prints."""
    command = [sys.executable, "-B", *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_of_a_new_project_pass(project: Path) -> None:
    """A user who has just made a project finds its tests green."""
    assert " passed" in run(project, "-m", "pytest", "-p", "no:cacheprovider")


def test_the_pipeline_imports_nothing_heavy(project: Path) -> None:
    """A replay of an unchanged pipeline costs no import of a library that it does not use."""
    program = "import pipeline, sys; print([name for name in {!r} if name in sys.modules])"
    heavy = ["numpy", "polars", "pyarrow", "duckdb", "lightgbm", "sklearn", "scipy", "pandas"]
    assert run(project, "-c", program.format(heavy)).strip() == "[]"
