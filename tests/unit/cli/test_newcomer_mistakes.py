"""What is said to somebody who takes one thing for another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import stook as library
from tests.unit.cli.conftest import Stook


@pytest.fixture
def sales(stook: Stook) -> Stook:
    """Three versions of `sales`, of which the oldest is `prod`."""
    store = library.open()
    store.alias("prod", store.add("sales", 1))
    store.add("sales", 2)
    store.add("sales", 3)
    return stook


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rm", "sales", "--keep", "2", "-y"), "--keep goes with --old or --scratch"),
        (("rm", "sales", "--older-than", "1d", "-y"), "--older-than goes with --scratch"),
        (("rm", "sales", "--old", "--older-than", "1d", "-y"), "--older-than goes with --scratch"),
        (("alias", "prod", "sales", "--rm", "--history"), "--rm and --history exclude each other"),
        (("alias", "prod", "sales", "--rm", "--expect", ""), "--rm and --expect exclude each other"),
        (("alias", "prod", "--expect", "sales"), "stook alias --expect ALIAS NAME"),
        (("alias", "--rm"), "stook alias --rm ALIAS NAME"),
    ],
    ids=str,
)
def test_an_option_that_would_not_count_is_refused(sales: Stook, words: tuple[str, ...], said: str) -> None:
    """Nothing is done where an option was given that has no meaning there: more might go than was meant."""
    code, out, err = sales(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(library.open().versions("sales")) == 3
    assert [alias.number for alias in library.open().aliases()] == [1]


def test_old_versions_go_but_for_so_many(sales: Stook) -> None:
    """Where they have a meaning, these options count."""
    assert sales("rm", "--old", "--keep", "2", "-y", "sales")[0] == 0
    assert len(library.open().versions("sales")) == 3  # the oldest has an alias
    assert sales("rm", "--scratch", "--older-than", "1d", "--keep", "2", "-y")[0] == 0


@pytest.mark.parametrize("verb", ["ls", "log"])
def test_a_version_is_not_taken_for_a_name(sales: Stook, verb: str) -> None:
    """A VERSION as `ls` shows it, given where a name is wanted, is said to be one."""
    version = library.open().get("sales").id[-8:]
    code, out, err = sales(verb, version)
    assert (code, out) == (2, "")
    assert err.splitlines() == [f"stook: {version} is one version", f"  try: stook show {version}"]


def test_a_removed_version_is_brought_back_by_what_the_listing_shows(sales: Stook) -> None:
    """The VERSION that `restore` lists is enough to type."""
    gone = library.open().get("sales")
    library.open().rm(gone)
    assert gone.id[-8:] in sales("restore")[1]
    assert sales("restore", gone.id[-8:])[1] == f"{gone.ref}\n"
    assert library.open().get("sales") == gone


@pytest.mark.parametrize(
    ("word", "said", "hint"),
    [
        ("sales", "no version of sales was removed", "stook restore without a name lists what was removed"),
        ("gnoe", "no version of gnoe was removed", "did you mean gone?"),
        ("sales@ABCDEFGH", "no version sales@ABCDEFGH was removed", ""),
        ("sales@prod", "no version sales@prod was removed", ""),
    ],
)
def test_what_was_not_removed_is_not_brought_back(sales: Stook, word: str, said: str, hint: str) -> None:
    """The error tells a name from a version, and names what is near."""
    store = library.open()
    store.add("gone", 1)
    store.rm("gone")
    code, _, err = sales("restore", word)
    assert code == 4
    assert said in err
    assert hint in err


@pytest.mark.parametrize(
    "words", [("alias", "slaes"), ("alias", "--history", "prod", "slaes"), ("alias", "--rm", "prod", "slaes")]
)
def test_aliases_of_no_name_are_not_found(sales: Stook, words: tuple[str, ...]) -> None:
    """Asked for the aliases of a name that is not there, it says so, and what is near."""
    code, out, err = sales(*words)
    assert (code, out) == (4, "")
    assert err.splitlines()[-1] == "  try: did you mean sales?"


def test_a_name_without_aliases_is_no_error(sales: Stook) -> None:
    """A name may have none."""
    library.open().add("other", 1)
    assert sales("alias", "other")[::2] == (0, "no aliases; stook alias ALIAS NAME makes one\n")
    assert json.loads(sales("alias", "other", "--json")[1]) == []


def test_moving_an_alias_as_json(sales: Stook) -> None:
    """With `--json` the alias is printed as in listings, moved or taken away."""
    newest = library.open().get("sales")
    moved = json.loads(sales("alias", "prod", "sales", "--json", "-m", "why")[1])
    assert (moved["id"], moved["number"], moved["moves"][0]["why"]) == (newest.id, 2, "why")
    assert moved == json.loads(sales("alias", "sales", "--json")[1])[0]
    assert json.loads(sales("alias", "--rm", "prod", "sales", "--json")[1])["id"] is None


def test_a_search_where_there_is_nothing_at_all(sales: Stook) -> None:
    """In an empty context it is not the pattern that is to blame."""
    err = sales("search", "sales", "--context", "empty")[2]
    assert err.startswith("no bundles in the context 'empty'; ")
    assert "PATTERN" not in err


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("list", "stook context"),
        ("rm", "stook context delete NAME"),
        ("use", "stook switch NAME"),
        ("main", "stook context create main makes a context; stook switch main uses it"),
    ],
)
def test_a_verb_of_another_tool_is_not_taken_for_a_context(stook: Stook, word: str, hint: str) -> None:
    """`stook context list` does not offer to make a context of that name."""
    assert stook("context", word)[2].splitlines()[-1] == f"  try: {hint}"


def test_what_holds_another_context_is_named_there(sales: Stook) -> None:
    """The way to free a context for deletion is in that context."""
    store = library.open(context="side")
    store.alias("prod", store.add("x", 1))
    code, _, err = sales("context", "delete", "side", "-y")
    assert code == 7
    assert "  try: stook alias --context side --rm prod x, or give --force" in err


def test_half_a_document_is_not_printed(stook: Stook, tmp_path: Path) -> None:
    """Where one of several items cannot be in JSON, nothing is printed but the error that names it."""
    (tmp_path / "text.txt").write_text("words\n")
    (tmp_path / "bin.dat").write_bytes(b"\0\1\2")
    store = library.open()
    store.add("mixed", {"a": tmp_path / "text.txt", "b": {"c": tmp_path / "bin.dat"}})
    code, out, err = stook("cat", "--json", "mixed")
    assert (code, out) == (2, "")
    assert "b/c is not text" in err
    store.add("plain", {"a": tmp_path / "text.txt", "b": [1, 2]})
    assert json.loads(stook("cat", "--json", "plain")[1])["a"] == "words\n"


def test_a_file_that_is_not_in_a_folder(stook: Stook, tmp_path: Path) -> None:
    """The error names the files that there are, and what lists all of them."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("words\n")
    store = library.open()
    ref = store.add("folder", tmp_path / "in").ref
    code, _, err = stook("cat", "folder", "b.txt")
    assert code == 4
    assert err.splitlines()[0].endswith("has no item 'b.txt'; it has a.txt")
    assert err.splitlines()[1] == f"  try: stook cat {ref} lists what it has"
    store.add("file", tmp_path / "in/a.txt")
    assert "it has one item without a name" in stook("cat", "file", "b")[2]
