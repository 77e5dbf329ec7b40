"""Paths of items, whatever their keys are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stook
from stook.errors import InputError, NotFoundError
from stook.model.tree import Blob, Dict, File, Node, Value, iter_items
from stook.store import Bundle, Store
from stook.store.reading.items import find_place, iter_leaves


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


def _file(folder: Path, text: str) -> Path:
    path = folder / text / "f.txt"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


@pytest.fixture
def odd(store: Store, tmp_path: Path) -> Bundle:
    """A bundle with keys that look alike."""
    names = ["flat", "nested", "empty", "percent", "encoded", "lines", "unicode"]
    flat, nested, empty, percent, encoded, lines, letters = (_file(tmp_path, name) for name in names)
    return store.add(
        "odd",
        {
            "a/b": flat,
            "a": {"b": nested},
            "": empty,
            "50%": percent,
            "a%2Fb": encoded,
            "x\ny": lines,
            "Zürich 🚲": letters,
        },
    )


def test_each_item_has_a_path_of_its_own(odd: Bundle) -> None:
    """Keys with slashes, percent signs, line ends, or nothing, each lead to their own item and print in one line."""
    expected = {
        "a%2Fb": "flat",
        "a/b": "nested",
        "%": "empty",
        "50%25": "percent",
        "a%252Fb": "encoded",
        "x%0Ay": "lines",
        "Zürich 🚲": "unicode",
    }
    assert [path for path, _ in odd.items()] == list(expected)
    assert {path: odd.path(path).read_text() for path in expected} == expected
    assert all(odd.open(path).read().decode() == text for path, text in expected.items())


def test_a_key_may_be_typed_as_it_is_where_that_is_clear(odd: Bundle, store: Store, tmp_path: Path) -> None:
    """A percent sign or a slash in a key need no encoding where nothing else is meant."""
    assert odd.path("50%").read_text() == "percent"
    assert odd.path("x\ny").read_text() == "lines"
    assert store.add("one", {"p/q": _file(tmp_path, "sole"), "r": 1}).path("p/q").read_text() == "sole"


def test_what_may_be_several_is_refused(odd: Bundle) -> None:
    """A file name that several items have is not silently one of them."""
    with pytest.raises(InputError, match="a%2Fb, a/b") as caught:
        odd.path("f.txt")
    assert caught.value.kind == "ambiguous-item"


def test_a_path_goes_on_within_values_and_folders(store: Store, tmp_path: Path) -> None:
    """Parts of values are had by their keys and positions, files of a folder by their paths; wrong paths are said."""
    _file(tmp_path / "docs", "sub")
    bundle = store.add("n", {"m": {"k": [{"auc": 0.5}], 7: "seven", "s/t": 1}, "d": tmp_path / "docs"})
    assert bundle.item("m/k/0/auc") == 0.5
    assert bundle.item("m/7") == "seven"
    assert bundle.item("m/s%2Ft") == bundle.item("m/s/t") == 1
    assert bundle.path("d/sub/f.txt").read_text() == "sub"
    for wrong in ("m/k/1", "m/", "d/sub/g.txt", "d/..", "/m", "m//k", "x"):
        with pytest.raises(NotFoundError):
            bundle.item(wrong)
    for part in ("m/k", "m/k/0/auc"):
        with pytest.raises(InputError, match="part of a value"):
            bundle.path(part)


def test_the_exact_path_wins(store: Store, tmp_path: Path) -> None:
    """Where a value has a part at a path, a key that reads alike is had by its encoded path only."""
    bundle = store.add("n", {"a": {"b": 1}, "a/b": _file(tmp_path, "flat"), "a/c": _file(tmp_path, "other")})
    assert bundle.item("a/b") == 1
    assert bundle.path("a%2Fb").read_text() == "flat"
    assert bundle.path("a/c").read_text() == "other"


_keys = st.text(st.sampled_from("a/%\n2F"), max_size=3)
_leaf = st.builds(lambda: File("f", Blob(1, "00")))
_trees = st.recursive(
    _leaf,
    lambda inner: st.dictionaries(_keys, inner, min_size=1).map(lambda d: Dict(tuple(d.items()))),
    max_leaves=6,
)


def _no_value(value: Value) -> object:
    raise AssertionError(value)


@given(_trees)
def test_paths_are_one_to_one(tree: Node) -> None:
    """In any tree each leaf's path leads back to it, and no two leaves share one."""
    paths = [path for path, _ in iter_leaves(tree)]
    assert len(set(paths)) == len(paths) == len(list(iter_items(tree)))
    for path, leaf in iter_leaves(tree):
        place = find_place(tree, path, _no_value)
        assert place is not None
        assert place.node is leaf
