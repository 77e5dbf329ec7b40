"""Folders with code as it was recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.errors import InputError, NotFoundError
from stook.model.code import CodeTexts, Definition
from stook.pipeline.source_code.code_texts import CodeReader
from stook.pipeline.source_code.git_changes import Checkout
from stook.pipeline.source_code.recorded_code import Recorded, RecordedCode
from tests.git_repository import git


def of(*paths: str) -> list[Definition]:
    """Return a definition in each of some files."""
    return [Definition(f"{path}:x", path, 1, "x = 1\n") for path in paths]


def record(root: Path, *paths: str) -> Recorded:
    """Record the code in some files as a run would."""
    commit = git(root, "rev-parse", "HEAD")
    texts = CodeReader(Checkout(root)).read(of(*paths))
    return Recorded(commit, texts.folder, texts)


def place(tmp_path: Path) -> Path:
    """Make an empty folder."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def test_code_comes_back_as_it_was(root: Path, tmp_path: Path) -> None:
    """Whatever is in the workspace by now, the folder has the commit, its changes and its new files; Git forgets it."""
    (root / "one.py").write_text("x = 2\n")
    (root / "pack").mkdir()
    (root / "pack" / "new.py").write_text("x = 3\n")
    recorded = record(root, "one.py", "two.py", "pack/new.py")
    git(root, "checkout", "--quiet", ".")
    (root / "pack" / "new.py").unlink()
    with RecordedCode(root, place(tmp_path)) as code:
        assert code.find_problem(recorded) == ""
        folder = code.folder_for(recorded)
        assert folder.name == "work"
        found = {path: (folder / path).read_text() for path in ("one.py", "two.py", "pack/new.py")}
        assert found == {"one.py": "x = 2\n", "two.py": "x = 1\n", "pack/new.py": "x = 3\n"}
        assert len(git(root, "worktree", "list").splitlines()) == 2
    assert len(git(root, "worktree", "list").splitlines()) == 1
    assert not folder.exists()


def test_tasks_of_one_moment_share_a_folder(root: Path, tmp_path: Path) -> None:
    """Changes in different files go together; a file that was in two states needs two folders."""
    (root / "one.py").write_text("x = 2\n")
    (root / "two.py").write_text("x = 2\n")
    first, second = record(root, "one.py"), record(root, "two.py")
    (root / "two.py").write_text("x = 3\n")
    third = record(root, "two.py")
    git(root, "checkout", "--quiet", ".")
    clean = record(root, "one.py")
    with RecordedCode(root, place(tmp_path)) as code:
        folder = code.folder_for(first)
        assert code.folder_for(second) == folder
        assert (folder / "two.py").read_text() == "x = 2\n"
        others = {code.folder_for(third), code.folder_for(clean)}
        assert len(others) == 1
        assert folder not in others
        assert ((others.pop()) / "two.py").read_text() == "x = 3\n"
    (tmp_path / "second").mkdir()
    with RecordedCode(root, tmp_path / "second") as code:
        assert code.folder_for(clean) != code.folder_for(first)


def test_files_alone_do_where_there_was_no_commit(tmp_path: Path) -> None:
    """Without Git the recorded files are all there is."""
    texts = CodeTexts(tuple(of("a.py")), files={"a.py": "x = 1\n"})
    with RecordedCode(None, place(tmp_path)) as code:
        folder = code.folder_for(Recorded("", "", texts))
        assert [path.name for path in folder.iterdir()] == ["a.py"]


@pytest.mark.parametrize(
    ("recorded", "says"),
    [
        (Recorded("", "", None), "neither its source"),
        (Recorded("", "", CodeTexts(())), "neither its source"),
        (Recorded("0" * 40, "", CodeTexts(())), "is not in"),
    ],
)
def test_code_that_is_not_to_be_had(root: Path, tmp_path: Path, recorded: Recorded, says: str) -> None:
    """What is missing is said before anything is done."""
    with RecordedCode(root, place(tmp_path)) as code:
        assert says in code.find_problem(recorded)


def test_a_diff_that_does_not_fit(root: Path, tmp_path: Path) -> None:
    """Changes that belong to another commit are refused."""
    diff = "diff --git a/one.py b/one.py\n--- a/one.py\n+++ b/one.py\n@@ -1 +1 @@\n-y = 1\n+y = 2\n"
    texts = CodeTexts(tuple(of("one.py")), folder="work", diff=diff)
    recorded = Recorded(git(root, "rev-parse", "HEAD"), "work", texts)
    with RecordedCode(root, place(tmp_path)) as code, pytest.raises(NotFoundError, match="does not fit"):
        code.folder_for(recorded)


def test_nothing_is_written_outside(root: Path, tmp_path: Path) -> None:
    """A file that a stranger recorded goes through no link of the checkout, and not into what Git keeps there."""
    (tmp_path / "outside").mkdir()
    (root / "out").symlink_to(tmp_path / "outside")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "link")
    commit = git(root, "rev-parse", "HEAD")
    with RecordedCode(root, place(tmp_path)) as code:
        for path in ("out/x.py", ".git/x", "out"):
            texts = CodeTexts((), folder="work", files={path: "x"})
            with pytest.raises(InputError, match="outside"):
                code.folder_for(Recorded(commit, "work", texts))
    (tmp_path / "third").mkdir()
    with RecordedCode(root, tmp_path / "third") as code, pytest.raises(InputError, match="outside"):
        code.folder_for(Recorded(commit, "work/out", CodeTexts((), folder="work/out", files={"x.py": "x"})))
    diff = "diff --git a/out/y b/out/y\nnew file mode 100644\n--- /dev/null\n+++ b/out/y\n@@ -0,0 +1 @@\n+y\n"
    up = diff.replace("out/y", "../../../outside/y")
    (tmp_path / "second").mkdir()
    with RecordedCode(root, tmp_path / "second") as code:
        for one in (diff, up):
            with pytest.raises(NotFoundError):
                code.folder_for(Recorded(commit, "work", CodeTexts((), folder="work", diff=one)))
    assert list((tmp_path / "outside").iterdir()) == []
