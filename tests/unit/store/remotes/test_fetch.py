"""Learning what a remote has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stook.errors import NotFoundError
from stook.store import Store
from stook.store.remotes.fetch import fetched_at
from tests.unit.store.remotes.conftest import OpenStore, Place


@pytest.fixture
def pair(place: Place, machine: OpenStore) -> tuple[Store, Store]:
    """Two stores with one remote."""
    stores = machine("ann"), machine("bob")
    for store in stores:
        store.add_remote("origin", place.url, place.options)
    return stores


def test_fetching_counts_what_is_new_and_takes_nothing(pair: tuple[Store, Store]) -> None:
    """Each time it is said how many bundles are new to whoever asks; here nothing changes."""
    ann, bob = pair
    ann.add("raw", 1)
    ann.add("raw", 2)
    ann.push(every=True)
    assert [(found.new, found.bundles) for found in (bob.fetch(), bob.fetch())] == [(2, 2), (0, 2)]
    ann.add("other", 3)
    ann.push(every=True)
    found = bob.fetch()
    assert (found.new, found.bundles, found.remote) == (1, 3, "origin")
    assert bob.search() == []


def test_what_another_process_removed_there_makes_nothing_new(pair: tuple[Store, Store]) -> None:
    """A bundle that was removed there is not counted; nor does another that is new hide behind it."""
    ann, bob = pair
    ann.add("raw", 1)
    ann.push(every=True)
    bob.fetch()
    there = ann.at_remote()
    there.rm("raw")
    there.close()
    ann.add("other", 1)
    ann.push(every=True)
    found = bob.fetch()
    assert (found.new, found.bundles) == (1, 1)


def test_when_a_remote_was_asked_is_known(pair: tuple[Store, Store], machine: OpenStore) -> None:
    """It is noted for this machine by whatever asks, and not known on another."""
    ann, bob = pair
    config = bob.remotes()[0]
    assert fetched_at(machine("bob", cache="other").repository, config) is None
    before = datetime.now(UTC) - timedelta(seconds=1)
    bob.fetch()
    first = fetched_at(bob.repository, config)
    assert first is not None
    assert before <= first <= datetime.now(UTC)
    bob.pull()
    second = fetched_at(bob.repository, config)
    assert second is not None
    assert second > first
    assert ann.remotes()[0].url == config.url


def test_a_remote_that_is_not_there_is_said(machine: OpenStore) -> None:
    """A name that is no remote's is an error that says which there are."""
    with pytest.raises(NotFoundError, match="has no remotes"):
        machine("ann").fetch()
