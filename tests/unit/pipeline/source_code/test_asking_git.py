"""What is asked of Git, in a folder that may be someone else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.pipeline.meeting.environment import read_environment
from stook.pipeline.source_code.asking_git import ask_git
from stook.pipeline.source_code.git_changes import Checkout
from tests.git_repository import commit_all, git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a file that was changed since its commit."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "one.py").write_text("x = 1\n")
    (root / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    commit_all(root)
    (root / "one.py").write_text("x = 2\n")
    return root


@pytest.mark.parametrize(
    "setting",
    [
        "core.fsmonitor",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.process",
    ],
)
def test_nothing_runs_that_a_repository_names(root: Path, tmp_path: Path, setting: str) -> None:
    """Its watcher of files, filters and ways to show differences do not: the folder may have come as a whole."""
    git(root, "config", setting, f"sh -c 'echo {setting} >> {tmp_path}/ran; cat' --")
    assert read_environment(Checkout(root), "me").git_dirty is True
    change = Checkout(root).change_of("one.py")
    assert change is not None
    assert "+x = 2" in change.diff
    assert not (tmp_path / "ran").exists()


def test_a_filter_that_cannot_be_taken_away_keeps_git_from_being_asked(root: Path, tmp_path: Path) -> None:
    """Its name has a `=`, so that the setting which takes it away would be read as another."""
    (root / ".gitattributes").write_text("*.py filter=a=b\n")
    git(root, "config", "filter.a=b.clean", f"sh -c 'echo clean >> {tmp_path}/ran; cat' --")
    assert ask_git(root, "status", "--porcelain") is None
    assert not (tmp_path / "ran").exists()


def test_filters_run_where_they_may(root: Path) -> None:
    """A checkout is as the user's own would be."""
    git(root, "config", "filter.evil.clean", "sed s/2/3/")
    assert "+x = 3" in (ask_git(root, "diff", may_run=True) or "")


def test_a_folder_is_asked_about_wherever_git_is_itself(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a hook of another repository, Git's variables name that one."""
    (tmp_path / "other").mkdir()
    git(tmp_path / "other", "init", "--quiet")
    head = git(root, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "index.lock")
    assert (ask_git(root, "rev-parse", "HEAD") or "").strip() == head
    assert read_environment(Checkout(root), "me").git_commit == head


def test_a_commit_that_is_not_there_is_not_fetched(root: Path, tmp_path: Path) -> None:
    """A clone without all objects would begin whatever its remote's settings say."""
    clone = tmp_path / "clone"
    git(root, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", f"file://{root}", str(clone))
    git(clone, "config", "remote.origin.uploadpack", f"touch {tmp_path}/ran; git-upload-pack")
    assert ask_git(clone, "cat-file", "-e", "1" * 40 + "^{commit}") is None
    assert not (tmp_path / "ran").exists()


def test_a_file_of_a_submodule_is_in_no_commit_of_the_repository(root: Path, tmp_path: Path) -> None:
    """The commit has only where the submodule is, so its code is kept whole."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "two.py").write_text("y = 1\n")
    commit_all(inner)
    git(root, "submodule", "--quiet", "add", str(inner), "lib")
    git(root, "commit", "--quiet", "--message", "lib")
    change = Checkout(root).change_of("lib/two.py")
    assert change is not None
    assert change.is_new
