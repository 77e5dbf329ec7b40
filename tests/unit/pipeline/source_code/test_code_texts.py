"""The source text of a task, and what of it Git does not have."""

from __future__ import annotations

from pathlib import Path

from stook.model.code import Definition
from stook.pipeline.source_code.code_texts import CodeReader
from stook.pipeline.source_code.git_changes import Checkout
from tests.git_repository import git


def of(*paths: str) -> list[Definition]:
    """Return a definition in each of some files."""
    return [Definition(f"{path}:x", path, 1, "x = 1\n") for path in paths]


def head(root: Path) -> str:
    """Return the commit that is checked out."""
    return git(root, "rev-parse", "HEAD")


def test_a_clean_tree_needs_no_more_than_the_definitions(root: Path) -> None:
    """Where the commit has all of it, neither the commit nor files are in the text: tasks of many commits share it."""
    read = CodeReader(Checkout(root)).read(of("one.py", "two.py"))
    assert (read.commit, read.diff, read.files, read.folder) == ("", "", {}, "work")
    assert [one.path for one in read.definitions] == ["one.py", "two.py"]


def test_a_changed_file_comes_as_a_diff(root: Path) -> None:
    """The diff has the closure's files only, is from the workspace on, and applies to the commit."""
    (root / "one.py").write_text("x = 2\n")
    (root / "two.py").write_text("x = 2\n")
    read = CodeReader(Checkout(root)).read(of("one.py"))
    assert read.commit == head(root)
    assert "two.py" not in read.diff
    git(root, "checkout", "--quiet", ".")
    (root / "x.diff").write_text(read.diff)
    git(root, "apply", "--directory=work", "x.diff")
    assert (root / "one.py").read_text() == "x = 2\n"


def test_settings_of_the_user_change_no_diff(root: Path) -> None:
    """However a user likes their diffs, they are kept so that they can be applied."""
    for name, value in (("diff.noprefix", "true"), ("color.ui", "always"), ("diff.external", "false")):
        git(root, "config", name, value)
    (root / "one.py").write_text("x = 2\n")
    read = CodeReader(Checkout(root)).read(of("one.py"))
    assert read.diff.startswith("diff --git a/one.py b/one.py\n")


def test_new_files_come_whole_with_those_they_import(root: Path) -> None:
    """A file that no commit has is kept whole, ignored ones too, and so are new ones that it imports."""
    (root / "new").mkdir()
    (root / "new" / "__init__.py").write_text("")
    (root / "new" / "a.py").write_text("from . import b\nimport one\n")
    (root / "new" / "b.py").write_text("")
    (root / "local").mkdir()
    (root / "local" / "c.py").write_text("c")
    read = CodeReader(Checkout(root)).read(of("new/a.py", "local/c.py", "one.py"))
    assert read.files == {
        "new/__init__.py": "",
        "new/a.py": "from . import b\nimport one\n",
        "new/b.py": "",
        "local/c.py": "c",
    }


def test_without_git_files_come_whole(tmp_path: Path) -> None:
    """Where there is no commit, all files of the closure are kept, and what they import."""
    (tmp_path / "a.py").write_text("def f():\n    import pack.deep\n")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "deep.py").write_text("from .. import nothing\n")
    read = CodeReader(Checkout(tmp_path)).read(of("a.py"))
    assert sorted(read.files) == ["a.py", "pack/deep.py"]


def test_nothing_outside_of_the_workspace_is_kept_whole(tmp_path: Path) -> None:
    """A path that leads out, by itself or by a link, is not read."""
    (tmp_path / "work").mkdir()
    (tmp_path / "secret.py").write_text("secret")
    (tmp_path / "work" / "link.py").symlink_to(tmp_path / "secret.py")
    outside = of("../secret.py", "link.py", str(tmp_path / "secret.py"))
    assert CodeReader(Checkout(tmp_path / "work")).read(outside).files == {}


def test_what_is_too_long_is_named(tmp_path: Path) -> None:
    """Whole files take a mebibyte together; those that do not fit are left out and named."""
    (tmp_path / "long.py").write_text("#" * 1_100_000)
    (tmp_path / "short.py").write_text("x = 1\n")
    read = CodeReader(Checkout(tmp_path)).read(of("long.py", "short.py"))
    assert (list(read.files), read.cut) == (["short.py"], ("long.py",))


def test_definitions_have_a_bound_too() -> None:
    """Of definitions without end the first eight mebibytes are kept, and the others named."""
    many = [Definition(f"m:f{number}", "m.py", number, "#" * 1_000_000) for number in range(10)]
    read = CodeReader(Checkout(Path("/nowhere"))).read(many)
    assert len(read.definitions) == 8
    assert read.cut == ("m:f8", "m:f9")
