"""What happened to a name."""

from __future__ import annotations

from pathlib import Path

import pytest

import stook
from stook.errors import InputError
from stook.format import records
from stook.model.record import BundleRecord, DeleteRecord, Record, RestoreRecord, TagRecord
from stook.store import Store
from tests.unit.store.test_search import _NODES, _digest_of


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store")


def test_ids_tell_what_came_after_what(store: Store) -> None:
    """A writer whose clock is hours behind does not put its removal before what it removed."""
    clock, context = store.repository.clock, store.context_id()
    bundle, late = clock.new_id(), 10**15
    from stook.model.record import Manifest

    said: list[Record] = [
        BundleRecord(
            bundle, context, "n", _digest_of("value"), 0, late, "fast", manifest=Manifest(_NODES["value"])
        ),
        TagRecord(clock.new_id(), context, bundle, {"a": "b", "c": None}, late - 10**10, "slow"),
        DeleteRecord(clock.new_id(), context, bundle, late - 10**10, "slow"),
    ]
    store.repository.log.append([records.dump(record) for record in said])
    found = store.log("n")
    assert [(one.what, one.owner, one.about) for one in found] == [
        ("removed", "slow", ""),
        ("untagged", "slow", "c"),
        ("tagged", "slow", "a:b"),
        ("added", "fast", ""),
    ]
    assert all(one.is_gone for one in found)
    back = RestoreRecord(clock.new_id(), context, bundle, late)
    store.repository.log.append([records.dump(back)])
    assert [one.is_gone for one in store.log("n")] == [False] * 5


def test_each_name_has_its_own(store: Store) -> None:
    """What happened to other names, or to the name in another context, is not there."""
    store.in_context("other").add("n", 0)
    first = store.add("n", 1)
    store.tag(store.add("m", 2), a="b")
    second = store.add("n", 2)
    store.alias("prod", first, why="good")
    assert [(one.what, one.id) for one in store.log("n")] == [
        ("alias", first.id),
        ("added", second.id),
        ("added", first.id),
    ]
    assert store.log("nothing") == []


@pytest.mark.parametrize("name", ["", "a/b", "\udcff", "n@prod"], ids=repr)
def test_what_is_no_name_is_refused(store: Store, name: str) -> None:
    """The history of what can be no name is asked for by mistake."""
    store.add("n", 1)
    with pytest.raises(InputError):
        store.log(name)
