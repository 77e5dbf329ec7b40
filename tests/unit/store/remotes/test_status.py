"""What is on one side and not on the other, told without asking the remote."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from stook.format import records
from stook.model.clock import Clock
from stook.store import Store
from stook.store.remotes.cloning import clone
from stook.store.remotes.status import Compared, compare
from stook.testing import FaultProxy
from tests.unit.store.remotes.conftest import OpenStore, Place


@pytest.fixture
def pair(place: Place, machine: OpenStore) -> tuple[Store, Store]:
    """Two stores with one remote."""
    stores = machine("ann"), machine("bob")
    for store in stores:
        store.add_remote("origin", place.url, place.options)
    return stores


@pytest.fixture
def ann_and_clone(pair: tuple[Store, Store], place: Place) -> tuple[Store, Store]:
    """A store that pushed a version, and a context of another whose store has it in its other context already."""
    ann, bob = pair
    ann.add("raw", 1)
    ann.push(every=True)
    bob.add("mine", 1)
    bob.pull()
    clone(bob, place.url, options=place.options, as_name="other")
    return ann, bob.in_context("other")


def _compared(store: Store) -> Compared:
    store.refresh()
    return compare(store, store.remotes()[0])


def test_ahead_and_behind_are_what_one_side_lacks(pair: tuple[Store, Store]) -> None:
    """Versions are told with size and whether they are to be kept, newest first; and only as of the last time."""
    ann, bob = pair
    both = ann.add("raw", 1)
    ann.push(every=True)
    bob.pull()
    mine, scratch = ann.add("mine", list(range(9000))), ann.add("scratch", 2)
    ann.commit(mine, "keep")
    told = _compared(ann)
    assert [(one.ref, one.size, one.committed) for one in told.ahead] == [
        (scratch.ref, scratch.size, False),
        (mine.ref, mine.size, True),
    ]
    assert (told.behind, told.not_local, both.ref in {one.ref for one in told.ahead}) == ((), 0, False)
    ann.push(every=True)
    assert _compared(ann).ahead == ()
    assert _compared(bob).behind == ()
    bob.fetch()
    assert [one.ref for one in _compared(bob).behind] == [scratch.ref, mine.ref]
    assert _compared(bob).behind[1].committed


def test_what_was_removed_on_one_side_is_told_apart(pair: tuple[Store, Store]) -> None:
    """What was removed there is not ahead, and what was removed here not behind."""
    ann, bob = pair
    here, there = ann.add("here", 1), ann.add("there", 1)
    ann.push(every=True)
    bob.pull()
    bob.rm("here")
    other = ann.at_remote()
    other.rm("there")
    other.close()
    bob.fetch()
    told = _compared(bob)
    assert (told.ahead, told.behind) == ((), ())
    assert [one.ref for one in told.removed_here] == [here.ref]
    assert [one.ref for one in told.removed_there] == [there.ref]


def test_what_is_not_local_is_counted(pair: tuple[Store, Store], tmp_path: Path) -> None:
    """Bundles of which some data is not here are counted with their bytes, also those in whose place a listing is."""
    ann, bob = pair
    (tmp_path / "large.bin").write_bytes(os.urandom(20_000_000))
    large = ann.add("large", tmp_path / "large.bin")
    numbers = ann.add("numbers", list(range(20_000)))
    ann.add("small", 1)
    ann.push(every=True)
    bob.pull()
    told = _compared(bob)
    assert (told.not_local, told.not_local_size) == (2, large.size + numbers.size)
    assert bob.get("numbers").data[-1] == 19_999
    assert (_compared(bob).not_local, _compared(ann).not_local) == (1, 0)
    bob.pull(data=True)
    assert (_compared(bob).not_local, _compared(bob).not_local_size) == (0, 0)


def test_aliases_that_differ_are_told(pair: tuple[Store, Store]) -> None:
    """An alias that is at another version there, as far as is known, is named; one that is the same is not."""
    ann, bob = pair
    old, new = ann.add("raw", 1), ann.add("raw", 2)
    ann.alias("same", new)
    ann.alias("prod", old)
    ann.push(every=True)
    bob.pull()
    assert _compared(bob).aliases == ()
    bob.alias("prod", new)
    assert _compared(bob).aliases == ("raw@prod",)
    bob.push()
    assert _compared(bob).aliases == ()


def test_the_remote_is_not_asked(s3_place: Place, machine: OpenStore) -> None:
    """The server hears nothing of it, and it works when there is none."""
    with FaultProxy(s3_place.endpoint) as proxy:
        ann = machine("ann")
        ann.add_remote("origin", s3_place.url, {**s3_place.options, "endpoint": proxy.endpoint})
        raw = ann.add("raw", 1)
        ann.push(every=True)
        proxy.set_faults()
        assert _compared(ann).ahead == ()
        assert proxy.requests == ()
    bob = machine("bob")
    assert raw.ref
    later = ann.add("raw", 2)
    assert [one.ref for one in _compared(ann).ahead] == [later.ref]
    assert bob.search() == []


def test_a_remote_that_was_never_asked_lacks_everything(s3_place: Place, machine: OpenStore) -> None:
    """On a machine that has never asked, nothing is known of the remote, and that is said."""
    ann = machine("ann")
    ann.add("raw", 1)
    clone_of = machine("bob")
    ann.add_remote("origin", s3_place.url, s3_place.options)
    ann.push(every=True)
    clone(clone_of, s3_place.url, options=s3_place.options)
    told = _compared(machine("bob", cache="other"))
    assert told.fetched is None
    assert (len(told.ahead), told.behind) == (1, ())


@pytest.mark.filterwarnings("ignore:a bundle's time is:UserWarning")
def test_what_a_pull_would_refuse_is_not_behind(pair: tuple[Store, Store]) -> None:
    """A version that claims to be days ahead is told apart, so that nobody pulls again and again for it."""
    ann, bob = pair
    raw = ann.add("raw", 1)
    ann.push(every=True)
    there = ann.at_remote()
    evil = Clock(lambda: time.time() + 2 * 24 * 60 * 60).new_id()
    forged = replace(raw.record, id=evil, name="evil", context=there.context_id())
    there.repository.log.append([records.dump(forged)])
    there.close()
    bob.fetch()
    told = _compared(bob)
    assert [one.ref for one in told.behind] == [raw.ref]
    assert [one.ref for one in told.refused] == [f"evil@{evil}"]


def test_what_another_context_here_has_is_neither_ahead_nor_behind(
    ann_and_clone: tuple[Store, Store],
) -> None:
    """A version of another context, which a pull leaves, is counted apart, and nothing else is told of it."""
    ann, other = ann_and_clone
    told = _compared(other)
    assert (told.ahead, told.behind, told.removed_there, told.removed_here) == ((), (), (), ())
    assert told.elsewhere == 1
    there = ann.at_remote()
    there.rm("raw")
    there.close()
    other.fetch()
    told = _compared(other)
    assert (told.removed_there, told.elsewhere) == ((), 0)
