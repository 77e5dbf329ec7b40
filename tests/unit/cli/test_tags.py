"""How tags are written: the same wherever one is given or asked for."""

from __future__ import annotations

import json

import pytest

import stook as library
from tests.unit.cli.conftest import Stook


@pytest.fixture
def tagged(stook: Stook) -> Stook:
    """A bundle `prices` with the tag `stage:ready`, and `notes` without one."""
    store = library.open()
    store.commit(store.add("prices", 1, tags={"stage": "ready"}), "kept")
    store.commit(store.add("notes", 2), "kept")
    assert stook("remote", "add", "./team")[0] == 0
    return stook


@pytest.mark.parametrize("word", ["stage:ready", "stage=ready", "stage", "stage:r*"])
def test_a_tag_is_asked_for_alike(tagged: Stook, word: str) -> None:
    """A value after `:` or `=`, one with a star, or the key alone, in whatever chooses by tags."""
    for words in (("ls",), ("search",)):
        found = json.loads(tagged(*words, "--json", "-t", word)[1])
        assert [one["name"] for one in found] == ["prices"]
    planned = json.loads(tagged("push", "--dry-run", "--json", "-t", word)[1])
    assert [ref.partition("@")[0] for ref in planned["bundles"]] == ["prices"]


@pytest.mark.parametrize(
    ("word", "key", "value"),
    [
        ("stage:ready", "stage", "ready"),
        ("stage=ready", "stage", "ready"),
        ("url=s3://b/k", "url", "s3://b/k"),
        ("url:https://h/?a=b", "url", "https://h/?a=b"),
        ("note:", "note", ""),
    ],
)
def test_a_tag_is_given_alike(stook: Stook, word: str, key: str, value: str) -> None:
    """The first sign parts key and value, in `add` and in `tag`; all after it is the value."""
    store = library.open()
    store.add("old", 1)
    assert stook("tag", "old", word)[0] == 0
    with open("file.txt", "w") as file:
        file.write("x")
    assert stook("add", "new", "file.txt", "-t", word)[0] == 0
    assert [dict(store.get(name).tags) for name in ("old", "new")] == [{key: value}] * 2


@pytest.mark.parametrize("word", [":ready", "=ready", ""])
def test_what_is_no_tag(tagged: Stook, word: str) -> None:
    """A tag without a key is refused everywhere, in the same words."""
    for words in (("ls", "-t"), ("search", "-t"), ("push", "-t"), ("tag", "prices")):
        code, _, err = tagged(*words, word)
        assert (code, f"{word!r} is no tag" in err) == (2, True)
    assert tagged("tag", "prices", "alone")[0] == 2


def test_a_tag_has_one_value(tagged: Stook) -> None:
    """Nothing has two values of a tag, so asking for both is a mistake, in whatever chooses by tags."""
    for words in (("ls",), ("search",), ("push",)):
        assert tagged(*words, "-t", "stage:a", "-t", "stage:b")[0] == 2
