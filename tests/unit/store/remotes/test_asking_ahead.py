"""What a remote is asked before it is known that it is the right one, and what is done with the answers."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stook.catalog import Catalog
from stook.errors import ConflictError
from stook.log import ObjectLog
from stook.storage import open_storage
from stook.storage.protocol import Entry
from stook.store import Store
from stook.store.remotes.remote import ask_remote, known_catalog
from stook.store.remotes.sending import Sender
from stook.store.repository import open_on
from stook.testing import FaultyStorage
from tests.unit.store.remotes.conftest import OpenStore, Place


@pytest.fixture
def ann(place: Place, machine: OpenStore) -> Store:
    """A store with a remote, and a bundle there."""
    store = machine("ann")
    store.add_remote("origin", place.url, place.options)
    store.add("x", 1)
    store.push(every=True)
    return store


def _clear(place: Place) -> None:
    if not place.endpoint:
        shutil.rmtree(place.url)
        return
    there = open_storage(place.url, options=place.options)
    for entry in list(there.list()):
        there.delete(entry.key)


def _known(store: Store) -> tuple[object, ...]:
    with closing(known_catalog(store.repository, store.remotes()[0])) as catalog:
        return catalog.positions(), sorted(_names(catalog))


def _names(catalog: Catalog) -> Iterator[str]:
    for context in catalog.contexts():
        yield from catalog.names(context.id)


@pytest.mark.parametrize("verb", ["push", "pull", "fetch"])
def test_nothing_is_learned_from_another_repository(
    ann: Store, place: Place, machine: OpenStore, verb: str
) -> None:
    """One that stands where the remote was: what was known of the remote stays, though that one's log was listed."""
    _clear(place)
    bob = machine("bob")
    bob.add_remote("origin", place.url, place.options)
    bob.add("other", 2)
    bob.push(every=True)
    ann.add("y", 3)
    before = _known(ann)
    with pytest.raises(ConflictError) as caught:
        getattr(ann, verb)()
    assert caught.value.kind == "remote-replaced"
    assert _known(ann) == before
    assert [bundle.name for bundle in machine("bob").at_remote().search()] == ["other"]


def test_what_another_machine_pushed_meanwhile_is_not_sent_again(ann: Store, machine: OpenStore) -> None:
    """By what this machine knows of the remote the bundle has to be sent; it is asked before that is believed."""
    elsewhere = machine("ann", cache="elsewhere")
    elsewhere.fetch()
    ann.add("y", 2)
    ann.push(every=True)
    pushed = elsewhere.push(every=True)
    assert (pushed.bundles, pushed.present, pushed.transferred.packs) == ((), 2, 0)
    assert len(elsewhere.at_remote().search()) == 2


def test_who_it_is_and_its_log_are_asked_at_once(ann: Store, place: Place) -> None:
    """Neither waits for the other, nor who asks for either."""
    opened = ask_remote(ann)
    with closing(opened):
        assert len(opened.asked) == (2 if place.endpoint else 1)
        opened.require_identity()


class _Silent(FaultyStorage):
    """A storage that lists nothing before it is told to."""

    def __init__(self) -> None:
        super().__init__(open_storage("memory:"))
        self.speak = threading.Event()

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        assert self.speak.wait(60)
        return super().list(prefix, after=after)

    def listed(self) -> list[str]:
        return [operation.key for operation in self.log if operation.name == "list"]


def test_a_log_is_listed_once_for_a_reading_that_was_asked_for_ahead() -> None:
    """The next one asks anew."""
    storage = _Silent()
    log = ObjectLog(storage, "a" * 32)
    asked = log.ask()
    storage.speak.set()
    asked.result()
    assert list(log.read({})) == []
    assert len(storage.listed()) == 1
    list(log.read({}))
    assert len(storage.listed()) == 2


def test_what_others_of_this_machine_read_since_is_not_taken_for_a_log_that_went_back() -> None:
    """A listing that was made before they read on says less than is known; so there is another one."""
    storage = _Silent()
    storage.speak.set()
    log, other = ObjectLog(storage, "a" * 32), ObjectLog(storage, "b" * 32)
    log.ask().result()
    read_on = other.append([b"{}"])
    assert list(log.read(read_on)) == []
    assert len(storage.listed()) == 3  # ahead, before the append, and anew


@pytest.mark.parametrize(("has_bundles", "asked"), [(True, ["condemned/", "packs/"]), (False, [])])
def test_what_is_condemned_is_read_before_packs_are_listed(
    tmp_path: Path, has_bundles: bool, asked: list[str]
) -> None:
    """Both before anything is sent, and only where bundles will be."""
    storage = _Silent()
    repository = open_on(FaultyStorage(open_storage("memory:")), cache=tmp_path, owner="o")
    repository.storage = storage
    sender = Sender(repository, has_bundles=has_bundles)  # does not wait
    storage.speak.set()
    sender.close()
    assert storage.listed() == asked
