"""What is a key, a prefix and a range."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stook.errors import InputError
from stook.storage import Entry, open_storage
from stook.storage.checks import check_key, check_prefix, check_range, find_problem


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "empty"),
        ("/a", "absolute"),
        ("a//b", "empty part"),
        ("a/..", "dot"),
        ("a\\b", "backslash"),
        ("a\0", "'\\x00'"),
        ("a\u202eb", "'\\u202e'"),
        ("\ud800", "'\\ud800'"),
        ("é" * 128, "255 bytes"),
        ("/".join(["k" * 250] * 4), "900 bytes"),
    ],
)
def test_no_key(key: str, problem: str) -> None:
    """The error names the key and what is wrong with it."""
    with pytest.raises(InputError) as caught:
        check_key(key)
    assert problem in str(caught.value)
    assert repr(key) in str(caught.value)
    assert caught.value.kind == "bad-key"


@pytest.mark.parametrize("key", ["a", "a/b.c", "a b", "naïve/日本", "k" * 255, "a" * 200 + "/" + "b" * 200])
def test_key(key: str) -> None:
    """A key comes back as it was given, letter for letter."""
    assert check_key(key) == key


@given(st.text(max_size=30) | st.text("a./\\ é\0", max_size=12))
def test_a_key_stays_below_its_folder(key: str) -> None:
    """Whatever text is let through is the path of a file below the folder, found again under the same key."""
    if find_problem(key):
        return
    with TemporaryDirectory() as folder:
        storage = open_storage(folder)
        storage.put_new(key, b"x")
        assert (Path(folder) / key).resolve().is_relative_to(Path(folder).resolve())
        assert list(storage.list()) == [Entry(key, 1)]


@given(st.text(max_size=30) | st.text("a./\\ é\0", max_size=12))
def test_object_stores_take_every_key(key: str) -> None:
    """What this rule lets through, obstore lets through, unchanged."""
    if find_problem(key):
        return
    storage = open_storage("memory:")
    storage.put_new(key, b"x")
    assert list(storage.list()) == [Entry(key, 1)]


def test_prefix() -> None:
    """A prefix is empty or a key, with or without one slash at its end."""
    assert check_prefix("") == ""
    assert check_prefix("log/w1/") == check_prefix("log/w1") == "log/w1"
    for prefix in ("/", "log//", "../", "/log"):
        with pytest.raises(InputError):
            check_prefix(prefix)


def test_range() -> None:
    """A range starts at zero or later and has no negative length."""
    check_range(0, 0)
    for start, length in ((-1, 0), (0, -1)):
        with pytest.raises(InputError, match="no range"):
            check_range(start, length)
