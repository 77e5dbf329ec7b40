"""How a bundle shows itself, and that it is a small value that goes anywhere."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

import stook
from stook.store import Bundle, Store
from stook.store.reading.rendering import short_text, store_html


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


def test_a_notebook_shows_what_a_bundle_is(store: Store, tmp_path: Path) -> None:
    """Name, version, size, time, owner, tags, params and items are there, and no colours of its own."""
    (tmp_path / "f.txt").write_text("text")
    bundle = store.add(
        "totals", {"f": tmp_path / "f.txt", "v": 1}, params={"depth": 3}, tags={"stage": "beta"}
    )
    html = bundle._repr_html_()
    for word in (
        "totals",
        bundle.id,
        bundle.owner,
        "param depth",
        "3",
        "tag stage",
        "beta",
        "f.txt",
        "file",
        "4 B",
    ):
        assert word in html
    assert str(bundle.time.year) in html
    assert "color" not in html
    assert len(html) < 5000


def test_what_a_bundle_holds_cannot_act_in_a_notebook(store: Store) -> None:
    """Names, tags, parameters and keys are text there, never markup."""
    evil = "<script>alert(1)</script>"
    bundle = store.add(
        "n'&", {evil: 1, "s": {1: evil}}, params={evil: evil}, tags={evil: evil, "q": '"onload="x'}
    )
    html = bundle._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert set(re.findall(r"<(\w+)", html)) <= {"div", "b", "table", "tr", "th", "td"}
    assert '"onload' not in html


def test_many_items_stay_a_small_piece(store: Store, tmp_path: Path) -> None:
    """Twenty items are shown, and how many more there are; long values are cut."""
    (tmp_path / "f").write_text("x")
    bundle = store.add(
        "n", {f"k{n}": tmp_path / "f" for n in range(100)}, params={"long": list(range(100_000))}
    )
    html = bundle._repr_html_()
    assert "and 80 more items" in html
    assert len(html) < 20_000


def test_a_terminal_shows_a_line(store: Store) -> None:
    """The representation is one line that says what it is; as text a bundle is its reference."""
    bundle = store.add("n", ["text"])
    assert repr(bundle).startswith(f"<Bundle n@{bundle.id} 8 B, ")
    far = structs.replace(bundle.record, time=2**60)
    assert repr(replace(bundle, record=far)).endswith(f"{2**60} µs by {bundle.owner}>")
    assert f"{bundle}" == bundle.ref == f"n@{bundle.id}"


def test_what_is_shown_of_a_store_has_no_markup_from_it(store: Store) -> None:
    """Where it is and its context."""
    assert str(store.repository.url) in store_html(store)


def test_a_bundle_shows_itself_when_its_store_is_gone(store: Store, tmp_path: Path) -> None:
    """Neither a closed nor a deleted store makes a representation fail; what cannot be read is left out and said."""
    bundle = store.add(
        "n", [list(range(5000)), list(range(5000))], params={"p": "x" * 70_000}, tags={"stage": "beta"}
    )
    fresh = store.get("n")
    lost = pickle.loads(pickle.dumps(fresh))  # noqa: S301 - our own bytes
    store.close()
    shutil.rmtree(tmp_path / "store")
    for one in (bundle, fresh, lost):
        assert repr(one).startswith("<Bundle n@")
        assert "beta" in one._repr_html_()
    assert "cannot be read" in fresh._repr_html_()


def test_a_bundle_is_a_value(store: Store) -> None:
    """Copies are the bundle itself; equal is what has one id, whatever its tags are by now; it cannot be changed."""
    bundle = store.add("n", 1)
    assert copy.copy(bundle) is bundle
    assert copy.deepcopy([bundle])[0] is bundle
    tagged = store.tag(bundle, {"a": "b"})
    assert tagged == bundle
    assert len({tagged, bundle, store.get("n")}) == 1
    assert bundle != store.add("n", 1)
    assert bundle != bundle.id
    with pytest.raises(AttributeError):
        bundle.tags = {}  # type: ignore[misc]


def test_a_pickle_is_small_and_has_no_data(store: Store, tmp_path: Path) -> None:
    """Neither values nor parameters nor file names are in it, however much of it was looked at before."""
    folder = tmp_path / "secret-folder"
    folder.mkdir()
    for number in range(300):
        (folder / f"secret-{number}").write_text("secret-text")
    for data in ({"password": "secret-value"}, folder):
        bundle = store.add("n", data, params={"key": "secret-param"})
        bundle._repr_html_()
        for one in (bundle, store.get("n")):
            dumped = pickle.dumps(one)
            assert len(dumped) < 3000
            assert b"secret" not in dumped.replace(str(tmp_path).encode(), b"")
            assert pickle.loads(dumped).params == {"key": "secret-param"}  # noqa: S301 - our own bytes


def _look(bundle: Bundle) -> tuple[object, str, dict[str, object]]:
    return bundle.data, bundle.ref, bundle.params


@pytest.mark.full
def test_a_bundle_goes_to_a_process_that_was_started_anew(store: Store) -> None:
    """A spawned process gets data and parameters from the store."""
    bundle = store.add("n", {"x": [1, 2]}, params={"p": 1})
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_look, (bundle,)) == ({"x": [1, 2]}, bundle.ref, {"p": 1})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\x1b[31m", "a\\x1b[31m"),
        ([1, "a", None], "[1, 'a', None]"),
        ({"k": (1,)}, "{'k': (1,)}"),
        (set(), "set()"),
        pytest.param(10**5000, "0x", id="huge"),
        ("x" * 100, "x" * 59 + "…"),
        pytest.param(list(range(10**6)), "[0, 1, 2, 3", id="long"),
    ],
)
def test_a_value_in_one_line(value: object, text: str) -> None:
    """Values are cut, and control characters written out."""
    shown = short_text(value)
    assert shown.startswith(text)
    assert len(shown) <= 60
    assert shown.isprintable()
