"""What is suggested can be typed as it stands: for the context that was asked, and with names that have spaces."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import stook as library
from stook.cli.suggesting import keep_context
from tests.unit.cli.conftest import Stook


@pytest.fixture
def apart(stook: Stook, tmp_path: Path) -> Stook:
    """A workspace that uses `main`, and bundles of another context, whose name has a space."""
    assert stook("init", "--context", "main")[0] == 0
    (tmp_path / "f.csv").write_text("x\n1\n")
    store = library.open(context="far away")
    store.add("my sales", 1)
    store.add("gone", 1)
    store.rm("gone")
    store.alias("prod", "my sales")
    return stook


_SALES = "'my sales'"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("show", "nothing"), "stook ls {} shows what there is"),
        (("cat", "gone"), "stook restore {} gone"),
        (("get", "my sales", "part"), None),
        (("checkout", "my sales@1234567"), None),
        (("diff", "my sales"), f"stook diff {{}} {_SALES} OTHER compares it with another bundle"),
        (("log", "nothing"), "stook ls {} shows what there is"),
        (("du", "gone"), "stook restore {} gone"),
        (("rm",), "stook rm {} NAME or stook rm {} NAME@VERSION"),
        (("rm", "my sales", "--yes"), f"stook alias {{}} --rm prod {_SALES}, or give --force"),
        (("restore", "nothing"), "stook restore {} without a name lists what was removed"),
        (("tag", "my sales@prod", "a:b:c", ":"), None),
        (("untag", "my sales", "nothing"), None),
        (("commit", "my sales", "-m", " "), f'stook commit {{}} {_SALES} -m "why it is kept"'),
        (("alias", "--rm", "dev", "my sales"), f"stook alias {{}} dev {_SALES} makes one"),
        (("alias", "--rm", "prod"), "stook alias {} --rm ALIAS NAME"),
        (("alias", "my sales", "dev"), f"stook alias {{}} dev {_SALES}, first the alias and then the bundle"),
        (
            ("alias", "prod", "my sales", "--expect", ""),
            f"stook alias {{}} --history prod {_SALES} shows what happened; then decide again",
        ),
        (("add", "sales"), "stook add {} sales PATH"),
        (("add", "f.csv", "sales"), "stook add {} sales f.csv, first the name and then the path"),
        (("trace", "f.csv"), "stook add {} NAME f.csv keeps it"),
        (("search", "x", "--since", "never"), None),
        (("search", "\udcff"), "stook search --help says what can"),
    ],
    ids=str,
)
def test_a_hint_keeps_the_context(apart: Stook, words: tuple[str, ...], hint: str | None) -> None:
    """A hint after `--context` acts on that one; without the option it names none, and it never names it twice."""
    asked = "--context 'far away'"
    said = apart(words[0], "--context", "far away", *words[1:])[2].splitlines()[-1]
    assert said.startswith("  try: ")
    if hint is not None:
        assert said == "  try: " + hint.replace("{}", asked)
    assert said.count(asked) == len(re.findall(r"stook (?!search --help)[a-z]+ ", said))
    assert "--context" not in apart(*words)[2].splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("alias", "again"), "no aliases; stook alias {} ALIAS NAME makes one"),
        (
            ("search", "sales"),
            "a PATTERN is of whole names; stook search {} '*sales*' finds those that hold it",
        ),
        (("restore",), "stook restore {} NAME brings back all versions of it, NAME@VERSION one"),
        (
            ("rm", "my sales", "--yes", "--force"),
            "removed 1 version; stook restore {} brings it back, until stook gc frees its space",
        ),
        (("add", "again", "f.csv", "-t", "a:b"), "stook tag {} again KEY:VALUE tags this one"),
    ],
    ids=str,
)
def test_talk_keeps_the_context(apart: Stook, tmp_path: Path, words: tuple[str, ...], line: str) -> None:
    """What a command says by the way to type next acts on the context that it was called with."""
    library.open(context="far away").add("again", tmp_path / "f.csv")
    said = apart(words[0], "--context", "far away", *words[1:])[2].splitlines()
    assert line.replace("{}", "--context 'far away'") in said


def test_an_empty_context_is_not_to_be_filled_elsewhere(apart: Stook) -> None:
    """Where there is nothing, what would add something names the context; what lists another keeps its own."""
    lines = apart("ls", "--context", "no where")[2].splitlines()
    assert lines[0].endswith("; stook add --context 'no where' NAME FILE makes one")
    assert "stook ls --context 'far away' lists" in lines[1]
    assert "the first stook add --context 'no where' makes it" in apart("context", "--context", "no where")[2]
    assert "stook context lists the contexts" in apart("show", "my sales", "--context", "no where")[2]


def test_status_suggests_for_the_context_that_the_folder_is_of(apart: Stook, tmp_path: Path) -> None:
    """A checkout of another context than the workspace's is added to, and renewed from, its own."""
    store = library.open(context="far away")
    store.add("words", {"a": tmp_path / "f.csv"})
    assert apart("checkout", "words", "out", "--context", "far away")[0] == 0
    (tmp_path / "out/a").write_text("other\n")
    said = apart("status", "out")[2]
    assert "next: stook add --context 'far away' words out/* keeps this" in said
    assert "stook checkout --context 'far away' --force words@" in said
    command = said.splitlines()[0].removeprefix("next: stook ").partition(" keeps")[0]
    assert apart(*shlex.split(command.replace("out/*", "out/a")))[0] == 0
    assert len(store.versions("words")) == 2


def test_what_needs_no_context_gets_none() -> None:
    """Commands on the whole store, those that name a context and those that ask for help stay as they are."""
    for text in (
        "stook gc --yes does it",
        "stook verify --deep",
        "stook switch main",
        "stook ls --context x lists",
        "stook run p.py:T --help lists its parameters",
        "see /srv/stook ls",
        "",
    ):
        assert keep_context(text, "here") == text
    assert (
        keep_context("first stook ls; then stook gc", "a'b")
        == """first stook ls --context 'a'"'"'b'; then stook gc"""
    )
    assert keep_context("stook ls") == "stook ls"


@pytest.mark.parametrize("options", [(), ("--context", "far away")])
def test_what_verify_says_of_a_dangling_alias_can_be_typed(apart: Stook, options: tuple[str, ...]) -> None:
    """Wherever it is looked at from, the command names the context of the alias."""
    library.open(context="far away").rm("my sales", force=True)
    code, out, err = apart("verify", *options)
    command = f"stook alias --context 'far away' prod {_SALES}"
    assert (code, out.splitlines()[-1], err.splitlines()[-1]) == (5, f"  try: {command}", f"  try: {command}")
