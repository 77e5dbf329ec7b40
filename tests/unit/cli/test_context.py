"""What `stook context` does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import stook as library
from tests.unit.cli.conftest import Stook


@pytest.fixture
def two(stook: Stook, tmp_path: Path) -> Stook:
    """A workspace that uses `main`, and beside it `side`, which has one bundle that `main` has too, and one more."""
    (tmp_path / "stook.toml").write_text('# mine\n[workspace]\ncontext = "main"  # this\n')
    library.open(context="main").add("n", [1])
    library.open(context="main").add("n", [2])
    side = library.open(context="side")
    side.add("n", [1])
    side.add("m", ["only here"])
    return stook


def _contexts(stook: Stook) -> dict[str, dict[str, object]]:
    return {line["name"]: line for line in json.loads(stook("context", "--json")[1])}


def test_it_lists_them_with_what_is_in_them(two: Stook) -> None:
    """Each context has a line with names, versions and bytes; the current one has a star."""
    lines = [line.split() for line in two("context")[1].splitlines()]
    assert [line[:4] for line in lines[1:]] == [["*", "main", "1", "2"], ["side", "2", "2", lines[2][3]]]
    found = _contexts(two)
    assert [found["side"][key] for key in ("names", "bundles", "current")] == [2, 2, False]
    assert found["main"]["current"] is True
    assert found["side"]["size"] == sum(bundle.size for bundle in library.open(context="side").search())


def test_a_context_that_is_not_made_yet_is_said(stook: Stook) -> None:
    """Where the current one has nothing, that is said, and JSON is an empty list."""
    code, out, talk = stook("context")
    assert (code, out) == (0, "")
    assert "'default'" in talk
    assert json.loads(stook("context", "--json")[1]) == []


def test_one_is_made_once(two: Stook) -> None:
    """`create` makes an empty one, and refuses a name that is taken."""
    assert two("context", "create", "third")[0] == 0
    assert _contexts(two)["third"]["bundles"] == 0
    code, _, talk = two("context", "create", "third")
    assert (code, "stook switch third" in talk) == (7, True)


def test_renaming_follows_in_the_workspace_that_uses_it(two: Stook, tmp_path: Path) -> None:
    """The stook.toml that names the old one names the new one, nothing else in it changes, and the bundles stay."""
    assert two("context", "rename", "main", "trunk")[0] == 0
    assert (tmp_path / "stook.toml").read_text() == '# mine\n[workspace]\ncontext = "trunk"  # this\n'
    assert [line["name"] for line in json.loads(two("ls", "--json")[1])] == ["n"]


def test_renaming_another_leaves_the_workspace(two: Stook, tmp_path: Path) -> None:
    """A workspace that uses another context is not touched."""
    before = (tmp_path / "stook.toml").read_bytes()
    assert two("context", "rename", "side", "edge")[0] == 0
    assert (tmp_path / "stook.toml").read_bytes() == before
    assert set(_contexts(two)) == {"main", "edge"}


def test_a_workspace_that_names_no_context_names_it_once_it_is_renamed(stook: Stook, tmp_path: Path) -> None:
    """Where the folder's name was the context, the file has the new one after a rename."""
    (tmp_path / "stook.toml").write_text("[workspace]\n")
    library.open(context=tmp_path.name).add("n", 1)
    assert stook("context", "rename", tmp_path.name, "fresh")[0] == 0
    assert (tmp_path / "stook.toml").read_text() == '[workspace]\ncontext = "fresh"\n'


def test_deleting_says_what_would_go_and_needs_a_yes(two: Stook) -> None:
    """How much, and how much of it exists nowhere else, is said; without a yes nothing goes."""
    code, _, talk = two("context", "delete", "side")
    only = library.open(context="side").get("m").size
    assert code == 2
    assert "2 versions of 2 names" in talk
    assert f"1 of them, {only} B, exist nowhere else" in talk
    assert "--yes" in talk
    assert two("context", "delete", "side", "--dry-run")[0] == 0
    assert "side" in _contexts(two)


def test_what_was_deleted_can_be_restored(two: Stook) -> None:
    """The bundles of a deleted context come back in it, made again."""
    code, _, talk = two("context", "delete", "side", "--yes")
    assert (code, "stook restore --context side" in talk) == (0, True)
    assert "side" not in _contexts(two)
    assert two("context", "create", "side")[0] == 0
    assert two("restore", "--context", "side", "m")[0] == 0
    assert library.open(context="side").get("m").data == ["only here"]


def test_a_context_in_use_goes_only_by_force(two: Stook) -> None:
    """Where another context's bundle was made from one of its, that is said, and only --force deletes it."""
    used = library.open(context="side").get("m")
    library.open(context="main").add("made", 1, inputs=[used])
    code, _, talk = two("context", "delete", "side", "--yes")
    assert (code, "--force" in talk) == (7, True)
    assert "side" in _contexts(two)
    assert two("context", "delete", "side", "--yes", "--force")[0] == 0
    assert "side" not in _contexts(two)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("create", "a/b"), 2, "no name"),
        (("create", ""), 2, "empty"),
        (("create", "\udcff"), 2, "Unicode"),
        (("rename", "mian", "x"), 4, "did you mean main"),
        (("rename", "main", "side"), 7, "already"),
        (("rename", "main", "x]y"), 2, "no name"),
        (("delete", "nothing", "--yes"), 4, "no context"),
        (("destroy", "main"), 2, "No such command"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused(
    two: Stook, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    """A wrong name changes nothing and says what is wrong."""
    before = (tmp_path / "stook.toml").read_bytes()
    ended, out, talk = two("context", *words)
    assert (ended, out) == (code, "")
    assert says in talk
    assert set(_contexts(two)) == {"main", "side"}
    assert (tmp_path / "stook.toml").read_bytes() == before
