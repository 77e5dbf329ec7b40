"""What who asked for JSON gets when something goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import stook as library
from tests.unit.cli.conftest import Stook


@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        (("show", "nothing"), "bundle-not-found", 4),
        (("push",), "remote-not-found", 4),
        (("remote", "show", "nothing"), "remote-not-found", 4),
        (("remote", "add", "bucket/prefix"), "bad-url", 2),
        (("remote", "nonsense"), "no-such-command", 2),
        (("ls", "--nonsense"), "usage", 2),
        (("show",), "usage", 2),
        (("add", "--remote", "x"), "bad-option", 2),
    ],
)
def test_an_error_is_one_document(stook: Stook, words: tuple[str, ...], kind: str, code: int) -> None:
    """It has the error's kind, message, hint and exit code; all is said as ever too, and without --json said alone."""
    library.open().add("prices", 1)
    ended, out, talk = stook(*words, "--json")
    error = json.loads(out)["error"]
    assert (ended, error["kind"], error["exit_code"]) == (code, kind, code)
    assert f"stook: {error['message']}\n  try: {error['hint']}\n" in talk
    assert stook(*words)[1] == ""


def test_an_option_without_its_value_says_where_help_is(stook: Stook) -> None:
    """Also what is wrong before a command is begun names the command."""
    code, out, talk = stook("push", "--json", "--remote")
    assert (code, json.loads(out)["error"]["hint"]) == (2, "stook push --help")
    assert talk.splitlines()[-1] == "  try: stook push --help"


def test_there_is_never_a_second_document(stook: Stook) -> None:
    """What ends with an error after its data has printed these alone."""
    store = library.open()
    store.commit(store.add("prices", 1), "kept")
    stook("remote", "add", "./team")
    stook("remote", "add", "gone", "./gone")
    library.open()
    Path("gone/stook.json").unlink()
    code, out, _ = stook("status", "--fetch", "--json")
    assert (code, list(json.loads(out)["unasked"])) == (4, ["gone"])
    code, out, _ = stook("ls", "nothing", "--json")
    assert (code, json.loads(out)) == (4, [])


def test_what_was_done_and_what_was_not_is_one_document(stook: Stook) -> None:
    """A push or pull that does all but one thing prints what it did, and beside it the error."""
    store = library.open()
    first, second, third = (store.add("prices", number) for number in range(3))
    store.alias("prod", first)
    stook("remote", "add", "./team")
    stook("push", "--all")
    store.alias("prod", second)
    stook("alias", "--remote", "prod", third.ref)
    for verb in ("push", "pull"):
        code, out, talk = stook(verb, "--json")
        done = json.loads(out)
        assert (code, done["remote"], done["error"]["kind"]) == (7, "origin", "alias-diverged")
        assert f"try: {done['error']['hint']}" in talk


def test_content_is_never_mixed_with_errors(stook: Stook) -> None:
    """What `cat` prints may be anything, so where it fails it prints nothing."""
    assert stook("cat", "nothing", "--json")[:2] == (4, "")
