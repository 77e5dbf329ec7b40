"""Bundles and drafts in use."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

import stook
from stook.errors import InputError, NotFoundError
from stook.store import Bundle, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


@pytest.fixture
def folder(store: Store, tmp_path: Path) -> Bundle:
    """A bundle of one folder."""
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/sub/a.txt").write_text("a")
    return store.add("folder", tmp_path / "in")


def test_a_bundle_is_equal_to_itself_however_it_was_had(store: Store) -> None:
    """The bundle that add returns, that get returns, and a pickled one are one; versions are not."""
    added = store.add("n", {"x": [1]}, tags={"a": "b"})
    got = store.get("n")
    assert added == got == pickle.loads(pickle.dumps(got))  # noqa: S301 - our own bytes
    assert len({added, got, store.add("n", {"x": [1]})}) == 2
    assert repr(got).startswith(f"<Bundle n@{got.id}")


def test_each_kind_of_item_is_a_file(store: Store, tmp_path: Path) -> None:
    """A value, an array, a file and a folder each have a path whose bytes `open` gives too."""
    (tmp_path / "f.txt").write_text("text")
    store.add("n", {"v": [1], "a": np.arange(3), "f": tmp_path / "f.txt"})
    bundle = store.get("n")
    assert bundle.keys() == ["v", "a", "f"]
    assert bundle.path("f").read_text() == bundle.path("f.txt").read_text() == "text"
    for key in ("v", "a", "f"):
        assert bundle.path(key).read_bytes() == bundle.open(key).read()


def test_a_file_within_a_folder_is_opened(folder: Bundle) -> None:
    """What `path` gives within a folder `open` gives too; a folder is no file to open, and a wrong name is said."""
    assert folder.path("sub/a.txt").read_text() == "a"
    assert folder.open("sub/a.txt").read() == b"a"
    assert [path.name for path in folder.path("sub").iterdir()] == ["a.txt"]
    for inner in ("", "sub"):
        with pytest.raises(InputError, match="is a folder"):
            folder.open(inner)
    for wrong in ("su", "../in", "sub/..", "sub/b.txt", "sub/a.txt/"):
        with pytest.raises(NotFoundError):
            folder.path(wrong)


def test_many_threads_make_one_folder(folder: Bundle) -> None:
    """All who ask for a folder at once get it, whoever was first to write it to the cache."""
    start, texts = threading.Barrier(8), []

    def work() -> None:
        start.wait()
        texts.append((folder.path() / "sub/a.txt").read_text())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["a"] * 8


def test_a_damaged_folder_in_the_cache_is_made_anew(folder: Bundle) -> None:
    """A file that was removed from the cache's folder is there again."""
    (folder.path() / "sub/a.txt").unlink()
    assert (folder.path() / "sub/a.txt").read_text() == "a"


def test_keys_of_values(store: Store) -> None:
    """A dict of values has its keys; a list has none, and is indexed."""
    assert store.add("d", {"a": 1, 2: 3}).keys() == ["a", "2"]
    bundle = store.add("l", [4, 5])
    assert (bundle.keys(), bundle[1]) == ([], 5)
    with pytest.raises(NotFoundError):
        _ = bundle[7]


def test_a_name_is_found_in_either_unicode_form(store: Store) -> None:
    """Composed and decomposed letters are one name, for every way to ask."""
    bundle = store.add("cafe\u0301", [1])
    for name in ("caf\u00e9", "cafe\u0301"):
        assert store.get(name).id == bundle.id
        assert [b.id for b in store.versions(name)] == [bundle.id]


def test_an_id_of_another_name_is_not_found(store: Store) -> None:
    """`a@ID` where ID is a version of b is a mistake, and not b."""
    bundle = store.add("b", [1])
    store.add("a", [2])
    assert store.find(f"a@{bundle.id}") is None
    assert store.get(bundle.id).name == "b"


@pytest.mark.parametrize("name", ["a/../b", "/a", "../a", "a//b", "", "a/", "x" * 300])
def test_a_draft_makes_no_file_elsewhere(store: Store, name: str) -> None:
    """A path that is not plain is refused before anything is made."""
    with store.draft("n") as draft, pytest.raises(InputError):
        draft.path(name)


def test_a_draft_keeps_the_last_of_a_key(store: Store) -> None:
    """A part that is given twice is the later one."""
    with store.draft("n") as draft:
        draft["a"] = 1
        draft["a"] = 2
    assert store.get("n").data == {"a": 2}


def _twice(store: Store) -> None:
    with store.draft("n") as draft:
        draft["a"] = 1
        draft.path("a").write_text("1")


def _mixed(store: Store) -> None:
    with store.draft("n") as draft:
        draft["a"] = 1
        draft.set(2)


def _without_with(store: Store) -> None:
    store.draft("n")["a"] = 1


def _bundle_too_early(store: Store) -> None:
    with store.draft("n") as draft:
        _ = draft.bundle


@pytest.mark.parametrize("misuse", [_twice, _mixed, _without_with, _bundle_too_early])
def test_a_misused_draft_is_refused_and_publishes_nothing(store: Store, misuse: object) -> None:
    """One key as value and file, parts and a whole, no block, or a bundle before its end: each is an InputError."""
    with pytest.raises(InputError):
        misuse(store)  # type: ignore[operator]
    assert store.ls() == []


def test_a_draft_is_used_once(store: Store) -> None:
    """After its block a draft takes nothing, and begins no second one."""
    draft = store.draft("n")
    with draft:
        draft["a"] = 1
    with pytest.raises(InputError):
        draft["b"] = 2
    with pytest.raises(InputError), draft:
        pass
    assert len(store.versions("n")) == 1
