"""Every kind of data through a real store: it comes back equal, its digest is right, and tells a near miss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stook
from stook.store.verify.contents import Contents
from stook.store.verify.report import ignore
from tests.property import store_kinds as kinds
from tests.property.store_kinds import Pair, alike

pytestmark = pytest.mark.filterwarnings("ignore:Stored array in format 3.0")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a store and for files to add."""
    root = tmp_path_factory.mktemp("kinds")
    (root / "files").mkdir()
    return root


def check(root: Path, pair: Pair) -> None:
    """Add one of a pair to the store; open the store anew; read it, add it again, and add the other."""
    first, other = ([thing] if type(thing) is str else thing for thing in pair)  # a text alone is a path
    added = stook.open(root / "store").add("it", first)
    store = stook.open(root / "store")
    bundle = store.get("it")
    assert bundle.id == added.id
    back = bundle.data
    assert alike(first, back), back
    assert store.add("it", first).digest == added.digest
    assert store.add("it", back).digest == added.digest
    assert store.add("it", other).digest != added.digest
    contents = Contents(store.repository, ignore)
    assert not any(contents.find_problem(leaf) for _, leaf in bundle.items())
    assert not contents.unchecked()


@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_one_kind(root: Path, data: st.DataObject) -> None:
    """A value, frame, array, file, folder or model alone."""
    check(root, data.draw(leaves(root)))


@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_trees(root: Path, data: st.DataObject) -> None:
    """Dicts, lists and tuples that mix all kinds; another leaf anywhere is another digest."""
    pairs = data.draw(st.lists(leaves(root), min_size=1, max_size=5))
    shape = data.draw(st.recursive(st.just(None), branches, max_leaves=len(pairs)))
    changed = data.draw(st.integers(0, len(pairs) - 1))
    first, other = (
        fill(shape, [pair[side if at == changed else 0] for at, pair in enumerate(pairs)]) for side in (0, 1)
    )
    check(root, (first, other))


def leaves(root: Path) -> st.SearchStrategy[Pair]:
    """All kinds."""
    return st.one_of(
        kinds.values(),
        kinds.frames(),
        kinds.arrays(),
        kinds.files(root / "files"),
        kinds.folders(root / "files"),
        kinds.models(),
    )


def branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Dicts, lists and tuples."""
    lists = st.lists(inner, min_size=1, max_size=3)
    return lists | lists.map(tuple) | st.dictionaries(st.text(max_size=3), inner, min_size=1, max_size=3)


def fill(shape: Any, things: list[Any]) -> Any:
    """Put things where the shape has None, one after another, and those that are left at its end."""
    rest = iter(things)

    def place(part: Any) -> Any:
        if part is None:
            return next(rest, None)
        if isinstance(part, dict):
            return {key: place(inner) for key, inner in part.items()}
        return type(part)(place(inner) for inner in part)

    filled = place(shape)
    return [filled, *rest]
