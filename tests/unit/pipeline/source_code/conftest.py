"""A workspace within a Git repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git_repository import commit_all


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace in a folder of a Git repository, with two files that are committed."""
    root = tmp_path / "top" / "work"
    root.mkdir(parents=True)
    (root / "one.py").write_text("x = 1\n")
    (root / "two.py").write_text("x = 1\n")
    (tmp_path / "top" / ".gitignore").write_text("local/\n")
    commit_all(tmp_path / "top")
    return root
