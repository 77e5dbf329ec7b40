"""What is said of bundles after they were made."""

from __future__ import annotations

from pathlib import Path

import pytest

import stook
from stook.errors import InputError, NotFoundError
from stook.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


def test_tags_are_given_and_taken_later(store: Store) -> None:
    """Tags said later join those of birth, the last word of a key holds, and versions keep their own."""
    old = store.add("raw", 1, tags={"source": "till", "stage": "new"})
    new = store.add("raw", 2)
    assert store.tag(old, stage="ok").tags == {"source": "till", "stage": "ok"}
    assert store.tag("raw", {"a b": "c:d"}).tags == {"a b": "c:d"}
    assert store.untag(old, "source").tags == {"stage": "ok"}
    assert store.get(new.id).tags == {"a b": "c:d"}


@pytest.mark.parametrize("tags", [{}, {"": "x"}, {"k": "x" * 20_000}])
def test_what_is_no_tag_is_refused(store: Store, tags: dict[str, str]) -> None:
    """No tags, one without a key, and one too long for the log are refused, and nothing is said."""
    bundle = store.add("raw", 1)
    with pytest.raises(InputError):
        store.tag(bundle, tags)
    assert store.get("raw").tags == {}


def test_a_tag_that_is_not_there_cannot_be_taken(store: Store) -> None:
    """Untagging names what there is."""
    bundle = store.add("raw", 1, tags={"a": "1"})
    with pytest.raises(NotFoundError, match="no tag b; it has a"):
        store.untag(bundle, "b")


def test_another_store_sees_tags(store: Store, tmp_path: Path) -> None:
    """What one says of a bundle, another reads, and answers with a greater id whatever its clock."""
    bundle = store.add("raw", 1)
    other = stook.open(tmp_path / "store", context="test")
    store.tag(bundle, who="first")
    assert other.tag("raw", who="second").tags == {"who": "second"}
    assert store.get("raw").tags == {"who": "second"}


def test_a_commit_says_why(store: Store) -> None:
    """A committed bundle has message, owner and time; the last message holds; others are scratch."""
    bundle = store.add("raw", 1)
    assert bundle.committed is None
    store.commit(bundle, "checked ")
    committed = store.commit("raw", "checked twice").committed
    assert committed is not None
    assert (committed.message, committed.owner) == ("checked twice", bundle.owner)
    assert committed.time >= bundle.time
    assert store.add("raw", 2).committed is None


@pytest.mark.parametrize("message", ["", "  \n", "x" * 10_001])
def test_a_commit_needs_a_message(store: Store, message: str) -> None:
    """An empty message and one too long are refused."""
    bundle = store.add("raw", 1)
    with pytest.raises(InputError):
        store.commit(bundle, message)
    assert store.get("raw").committed is None


def test_a_history_has_all_that_happened(store: Store) -> None:
    """Versions, tags, commits, removals and moves of aliases are there, newest first."""
    first = store.add("raw", 1)
    store.tag(first, a="1")
    store.untag(first, "a")
    store.commit(first, "why")
    store.alias("prod", first, why="go")
    store.unalias("prod", "raw")
    store.rm(first)
    store.restore(first)
    found = [(one.what, one.about) for one in store.log("raw")]
    assert found == [
        ("restored", ""),
        ("removed", ""),
        ("alias", "prod"),
        ("alias", "prod: go"),
        ("committed", "why"),
        ("untagged", "a"),
        ("tagged", "a:1"),
        ("added", "add"),
    ]
