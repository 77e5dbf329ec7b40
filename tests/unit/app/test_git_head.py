"""The commit that is checked out, as the files of a repository have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.app.git_head import find_head
from tests.git_repository import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--initial-branch", "team/main")
    git(folder, "commit", "--allow-empty", "-m", "first")
    return folder


def test_the_commit_is_that_ofgit(repository: Path) -> None:
    """On a branch, from a folder below, with packed references, and detached."""
    below = repository / "below"
    below.mkdir()
    commit = git(repository, "rev-parse", "HEAD")
    assert find_head(below) == commit
    git(repository, "pack-refs", "--all")
    assert find_head(repository) == commit
    git(repository, "checkout", "--detach")
    assert find_head(repository) == commit


def test_a_worktree_has_a_commit_of_its_own(repository: Path, tmp_path: Path) -> None:
    """Its `.git` is a file that leads to the repository's."""
    git(repository, "worktree", "add", "-b", "other", str(tmp_path / "tree"))
    git(tmp_path / "tree", "commit", "--allow-empty", "-m", "second")
    assert (
        find_head(tmp_path / "tree") == git(tmp_path / "tree", "rev-parse", "HEAD") != find_head(repository)
    )


@pytest.mark.parametrize("head", ["", "ref: ../../secret", "ref: refs/heads/none", "nonsense"])
def test_what_is_no_commit_is_none(repository: Path, head: str) -> None:
    """A damaged or hostile repository, or none, has no commit."""
    (repository / ".git" / "HEAD").write_text(head)
    assert find_head(repository) == ""
    assert find_head(repository.parent) == ""
