"""What `stook log` tells."""

from __future__ import annotations

import json

import pytest

import stook as library
from tests.unit.cli.conftest import Stook


@pytest.fixture
def lived(stook: Stook) -> Stook:
    """A name of two versions, to the first of which much has happened."""
    store = library.open()
    first = store.add("n", 1)
    store.tag(first, stage="ok")
    store.commit(first, "checked\nwith finance")
    second = store.add("n", 2)
    store.alias("prod", second, why="better")
    store.rm(first)
    return stook


def test_it_is_the_history_newest_first(lived: Stook) -> None:
    """Each thing that happened is a line, the last one first, with who and what about."""
    code, out, _ = lived("log", "n")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["DATE", "WHAT", "VERSION", "WHO", "ABOUT"]
    assert [line.split()[2] for line in lines[1:]] == [
        "removed",
        "alias",
        "added",
        "committed",
        "tagged",
        "added",
    ]
    assert "prod: better" in lines[2]
    assert lines[4].endswith("checked with finance")
    assert lines[5].endswith("stage:ok")


def test_a_tag_that_was_taken_away_reads_so(lived: Stook) -> None:
    """`untag` is a line of its own kind, with the keys alone."""
    store = library.open()
    store.tag("n", a="1", b="2")
    store.untag("n", "a", "b")
    lines = lived("log", "n")[1].splitlines()
    assert [line.split()[2:] for line in lines[1:3]] == [
        ["untagged", store.get("n").id[-8:], store.repository.owner, "a", "b"],
        ["tagged", store.get("n").id[-8:], store.repository.owner, "a:1", "b:2"],
    ]


def test_an_alias_that_was_taken_away_reads_so(lived: Stook) -> None:
    """Where an alias went, the line says so instead of a version."""
    library.open().unalias("prod", "n", why="wrong")
    assert lived("log", "n")[1].splitlines()[1].split()[2:] == [
        "alias",
        "(away)",
        library.open().repository.owner,
        "prod:",
        "wrong",
    ]


def test_versions_that_are_gone_are_marked(lived: Stook) -> None:
    """A removed version is marked wherever it is named, until it is restored."""
    gone = library.open().removed("n")[0]
    assert lived("log", "n")[1].count(f"{gone.id[-8:]} (removed)") == 4
    marked = {entry["id"] for entry in json.loads(lived("log", "n", "--json")[1]) if entry["removed"]}
    assert marked == {gone.id}
    library.open().restore(gone)
    assert "(removed)" not in lived("log", "n")[1]


def test_json_has_all_of_it(lived: Stook) -> None:
    """JSON has whole ids, times with a zone, and texts as they were written; -n the last few."""
    entries = json.loads(lived("log", "n", "--json", "-n", "4")[1])
    assert [entry["what"] for entry in entries] == ["removed", "alias", "added", "committed"]
    assert entries[3]["about"] == "checked\nwith finance"
    assert entries[2]["time"].endswith("+00:00")
    assert set(entries[0]) == {"time", "what", "id", "owner", "about", "removed"}


def test_a_name_of_which_all_was_removed_still_has_a_history(lived: Stook) -> None:
    """What happened to a name can be asked for when nothing of it is left."""
    store = library.open()
    store.rm("n", force=True)
    assert lived("log", "n")[1].splitlines()[1].split()[2] == "removed"


@pytest.mark.parametrize(
    ("name", "code"),
    [("nothing", 4), ("", 2), ("a/b", 2), ("\udcff", 2)],
    ids=["unknown", "empty", "slash", "bytes"],
)
def test_no_such_name_is_said(lived: Stook, name: str, code: int) -> None:
    """A name that never was ends with 4, what is no name with 2."""
    ended, out, talk = lived("log", name)
    assert (ended, out) == (code, "")
    assert "Traceback" not in talk
