"""A workspace as Git has it: what differs from the commit, and how often Git is asked."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from stook.pipeline.source_code.code_texts import CodeReader
from stook.pipeline.source_code.git_changes import Checkout
from tests.git_repository import git
from tests.integration.pipeline_project import Project

FLOW = """
import stook


@stook.task
def one():
    return 1


@stook.task(requires={"one": one()})
def two(one: int):
    return one + 1


@stook.task(requires={"two": two()})
def three(two: int):
    return two + 1
"""


def test_git_is_asked_once_for_its_state(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tasks a run has: in a large repository that takes long."""
    found = shutil.which("git")
    asked = tmp_path / "bin" / "git"
    asked.parent.mkdir()
    asked.write_text(f'#!/bin/sh\necho "$@" >> {shlex.quote(str(tmp_path))}/asked\nexec {found} "$@"\n')
    asked.chmod(0o755)
    monkeypatch.setenv("PATH", str(asked.parent), prepend=":")
    project = Project(root)
    project.write({"flow.py": FLOW})
    assert project.run("flow.py:three").bundle.data == 3
    project.forget()
    lines = (tmp_path / "asked").read_text().splitlines()
    assert len([line for line in lines if " status " in line]) == 1
    assert len(lines) <= 5


def test_a_file_behind_a_link_to_a_folder_is_in_no_commit(root: Path) -> None:
    """Git knows the link alone, whatever is behind it."""
    (root / "linked").symlink_to(root)
    change = Checkout(root).change_of("linked/one.py")
    assert change is not None
    assert change.is_new


def test_a_workspace_in_another_repository_has_that_ones_commit(root: Path) -> None:
    """A repository within a repository counts by itself."""
    inner = root / "inner"
    inner.mkdir()
    (inner / "one.py").write_text("x = 3\n")
    git(inner, "init", "--quiet")
    git(inner, "add", "--all")
    git(inner, "commit", "--quiet", "--message", "inner")
    checkout = Checkout(inner)
    assert checkout.commit == git(inner, "rev-parse", "HEAD") != Checkout(root).commit
    assert (checkout.folder, checkout.is_dirty) == ("", False)
    assert CodeReader(checkout).read([]).files == {}
