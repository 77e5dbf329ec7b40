"""Files and folders that a task declares in `reads`, within bounds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

import stook
from stook.errors import InputError
from stook.pipeline import load_task
from stook.pipeline.deciding.declared import digest_pattern, find_declared
from stook.pipeline.graph import Node, collect
from stook.pipeline.planning import make_plan

NAMES = ("a.csv", "data/b.csv", "data/deep/c.csv")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A workspace with some files."""
    for name in (*NAMES, "stook.toml"):
        (tmp_path / "work" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / name).write_text("")
    return tmp_path / "work"


class Reading(stook.Task):
    """Reads what the test says."""

    def run(self) -> int:
        """Return nothing of note."""
        return 1


def _node(project: Path, reads: str | Sequence[str]) -> Node:
    (node,) = collect(Reading())
    names = (reads,) if isinstance(reads, str) else tuple(reads)
    place, traits = replace(node.place, roots=(project,)), replace(node.traits, reads=names)
    return replace(node, place=place, traits=traits)


def _found(project: Path, reads: str | Sequence[str], most: int = 100) -> set[str]:
    paths = find_declared(_node(project, reads), most=most)
    assert len(set(paths)) == len(paths)
    return {os.path.relpath(path, project) for path in paths}


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        ("a.csv", {"a.csv"}),
        ("*.csv", {"a.csv"}),
        ("**/*.csv", {*NAMES}),
        ("data", {"data", "data/b.csv", "data/deep", "data/deep/c.csv"}),
        (("data", "data/deep", "data/*"), {"data", "data/b.csv", "data/deep", "data/deep/c.csv"}),
        ("data/**/", {"data", "data/b.csv", "data/deep", "data/deep/c.csv"}),
        (f"{'**/' * 500}c.csv", {"data/deep/c.csv"}),
        ("nothing/*", set()),
    ],
)
def test_files_that_are_named_are_found(project: Path, reads: str, expected: set[str]) -> None:
    """Each once, of folders all that is below; many ** in a row mean what one does."""
    assert _found(project, reads) == expected


def test_links_are_followed_but_in_no_circle(project: Path) -> None:
    """A folder that links lead back to is gone through once."""
    (project / "data/deep/back").symlink_to(project / "data")
    (project / "data/other").symlink_to(project / "linked")
    (project / "linked").mkdir()
    (project / "linked/d.csv").write_text("")
    assert {"data/other/d.csv", "data/deep/back"} <= _found(project, "data")
    assert len(_found(project, "data")) == 7


@pytest.mark.parametrize(
    "reads",
    ["/", "//", "~", "~/", "/*", "/**", "~/**/*.csv", "/**/x/*", "../home", "../home/*", "../up", "../up/**"],
)
def test_neither_the_disk_nor_the_home_folder_is_read_whole(
    project: Path, reads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whatever name: it is told at once, and what to do."""
    monkeypatch.setenv("HOME", str(project.parent / "home"))
    (project.parent / "home").mkdir()
    (project.parent / "up").symlink_to("/")
    with pytest.raises(InputError, match="which is too much") as caught:
        _found(project, reads)
    assert caught.value.kind == "reads-too-much"
    assert caught.value.hint == "name what it reads, such as data/*.csv"


def test_some_of_the_home_folder_and_a_workspace_that_is_it_may_be_read(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files by pattern, a folder in it, and all of it where it is the workspace."""
    monkeypatch.setenv("HOME", str(project))
    assert _found(project, ("~/*.csv", "~/data/deep")) == {"a.csv", "data/deep", "data/deep/c.csv"}
    assert {*NAMES} <= _found(project, "**/*.csv")
    assert {*NAMES} <= _found(project, "~")


@pytest.mark.parametrize("reads", ["many", "many/*", "**/*.txt", ("many/1*", "many/2*", "many/3*")])
def test_so_many_files_are_not_gone_through(project: Path, reads: str) -> None:
    """In a folder, by a pattern, or by several together."""
    (project / "many").mkdir()
    for number in range(10, 40):
        (project / f"many/{number}.txt").write_text("")
    assert len(_found(project, reads, most=31)) in {30, 31}
    with pytest.raises(InputError, match="no more than 25 files and folders may be named"):
        _found(project, reads, most=25)


def test_a_pattern_from_elsewhere_that_is_too_wide_is_not_followed(project: Path) -> None:
    """A record of another machine may have any."""
    assert [digest_pattern(project, pattern) for pattern in ("/**", "~/**/*.x", "a\0b/*")] == ["", "", ""]
    assert digest_pattern(project, "**/**/*.csv") == digest_pattern(project, "**/*.csv") != ""


def test_it_is_said_before_anything_runs(project: Path) -> None:
    """A plan says it already."""
    (project / "reads_all.py").write_text(
        "import stook\nclass All(stook.Task):\n    reads = '/'\n    def run(self): return 1\n"
    )
    task = load_task("reads_all.py:All", folder=project)()
    with pytest.raises(InputError, match="reads_all:All: its reads names '/'"):
        make_plan(task, store=stook.open(project / "store"))
