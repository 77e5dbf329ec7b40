"""Which bundles a push means."""

from __future__ import annotations

import pytest

from stook.errors import NotFoundError
from stook.store import Store
from stook.store.remotes.choosing import Choice, choose
from tests.unit.store.remotes.conftest import OpenStore


@pytest.fixture
def store(machine: OpenStore) -> Store:
    """Two names of two versions each; the older one of `raw` is committed, and the newer one of `model`."""
    ann = machine("ann")
    first = ann.add("raw", 1, tags={"stage": "ok"})
    ann.commit(first, "keep")
    other = ann.in_context("other").add("shared", 0)
    second = ann.add("raw", 2, inputs=[other])
    ann.add("model", 1, inputs=[first])
    ann.commit(ann.add("model", 2, inputs=[second]), "keep")
    ann.alias("prod", first)
    return ann


def _chosen(store: Store, *names: str, **choice: object) -> list[str]:
    found = choose(store, Choice(names, **choice))  # type: ignore[arg-type]
    assert found == sorted(found)
    return [f"{one.name}={one.data}" for one in map(store.get, found)]


def test_nothing_named_means_what_was_committed(store: Store) -> None:
    """Without a name every committed version is meant, and no scratch."""
    assert _chosen(store) == ["raw=1", "model=2"]


def test_a_name_means_its_newest_version(store: Store) -> None:
    """A name alone means its newest version, committed or not; with a version or alias that one."""
    oldest = store.versions("raw")[-1]
    assert _chosen(store, "raw") == ["raw=2"]
    assert _chosen(store, f"raw@{oldest.id}", oldest.id, f"raw@{oldest.id[-8:]}", "raw@prod") == ["raw=1"]


def test_all_means_every_version(store: Store) -> None:
    """With `every` all versions of the names are meant, or of all names, scratch too."""
    assert _chosen(store, "raw", every=True) == ["raw=1", "raw=2"]
    assert _chosen(store, every=True) == ["raw=1", "raw=2", "model=1", "model=2"]


def test_tags_narrow_the_choice(store: Store) -> None:
    """With tags only those are meant that bear them: of a name the newest that does."""
    assert _chosen(store, tags={"stage": "ok"}) == ["raw=1"]
    assert _chosen(store, "raw", tags={"stage": "o*"}) == ["raw=1"]
    assert _chosen(store, every=True, tags={"stage": "no"}) == []


def test_inputs_come_along_at_any_depth(store: Store) -> None:
    """With inputs all that a bundle was made from is meant too, and what that was made from, of other contexts too."""
    assert _chosen(store, "model", with_inputs=True) == ["shared=0", "raw=2", "model=2"]
    store.rm(store.versions("raw")[0], force=True)
    assert _chosen(store, "model", with_inputs=True) == ["model=2"]
    assert choose(store, Choice(("model",), with_inputs=True)) == [store.get("model").id]


def test_what_is_not_there_is_named(store: Store) -> None:
    """A name or version that is not there, or a name of which none fits, is an error that says so."""
    for name, kind in (("row", "bundle-not-found"), ("raw@nope", "alias-not-found")):
        with pytest.raises(NotFoundError) as caught:
            _chosen(store, name)
        assert caught.value.kind == kind
    with pytest.raises(NotFoundError, match="no version of raw has the tags stage=no"):
        _chosen(store, "raw", tags={"stage": "no"})


def test_an_empty_context_has_nothing_to_send(machine: OpenStore) -> None:
    """In a context without bundles nothing is meant, and a name is an error."""
    store = machine("bob")
    assert _chosen(store) == _chosen(store, every=True) == []
    with pytest.raises(NotFoundError):
        _chosen(store, "raw")
