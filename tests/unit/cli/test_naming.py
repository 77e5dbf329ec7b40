"""Tags, commits and aliases on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Stook


@pytest.fixture(autouse=True)
def _a_bundle(stook: Stook, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1")
    stook("init")
    stook("add", "raw", "a.txt")


def test_tags_are_given_and_taken(stook: Stook) -> None:
    """`tag` and `untag` say the tags of now, and print the version; a value may hold colons."""
    code, ref, talk = stook("tag", "raw", "stage:ok", "from:10:30")
    assert (code, ref.startswith("raw@"), talk) == (0, True, "its tags now: from:10:30 stage:ok\n")
    assert stook("untag", ref.strip(), "from")[2] == "its tags now: stage:ok\n"
    assert json.loads(stook("show", "raw", "--json")[1])["tags"] == {"stage": "ok"}
    assert stook("tag", "raw", "stage")[0] == 2
    assert stook("untag", "raw", "nope")[0] == 4
    assert stook("tag", "nope", "a:b")[0] == 4


def test_commit_needs_a_message(stook: Stook) -> None:
    """`commit -m` marks a bundle; without a message, or with an empty one, it is refused."""
    assert stook("commit", "raw", "-m", "checked with finance")[0] == 0
    assert stook("commit", "raw")[0] == 2
    code, _, talk = stook("commit", "raw", "-m", " ")
    assert (code, 'stook commit raw -m "why it is kept"' in talk) == (2, True)


def test_an_alias_from_making_to_history(stook: Stook, tmp_path: Path) -> None:
    """An alias is made, moved as expected only, listed, shown with its history, and taken away."""
    first = stook("get", "raw")[1]
    code, ref, _ = stook("alias", "prod", "raw", "-m", "go")
    assert (code, ref) == (0, "raw@prod\n")
    (tmp_path / "a.txt").write_text("22")
    stook("add", "raw", "a.txt")
    assert stook("get", "raw@prod")[1] == first
    assert stook("alias", "prod", "raw", "--expect", "")[0] == 7
    assert stook("alias", "prod", "raw", "--expect", "raw@prod", "-m", "newer")[0] == 0
    assert stook("get", "raw@prod")[1] != first
    listed = stook("alias", "raw")[1]
    assert "raw@prod" in listed
    assert "newer" in listed
    assert [line.split()[-1] for line in stook("alias", "--history", "prod", "raw")[1].splitlines()[1:]] == [
        "newer",
        "go",
    ]
    assert json.loads(stook("alias", "--json")[1])[0]["number"] == 2
    assert stook("alias", "--rm", "prod", "raw")[0] == 0
    assert (stook("alias")[1], stook("alias", "--rm", "prod", "raw")[0], stook("get", "raw@prod")[0]) == (
        "",
        4,
        4,
    )
    assert stook("alias", "--history", "prod", "raw")[1].count("(away)") == 1


def test_an_alias_needs_both_words_for_its_history(stook: Stook) -> None:
    """`--history` and `--rm` with one word are refused with what to type."""
    assert stook("alias", "--history", "prod")[0] == 2
    assert stook("alias", "prod", "nope")[0] == 4
