"""Collecting garbage where there are no locks: others act between any two operations, and nothing of theirs is lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from stook.errors import ConflictError, IntegrityError, NotFoundError
from stook.format.packs import pack_key
from stook.model.record import RestoreRecord
from stook.store import Store
from stook.store.gc import Amount, collect
from stook.store.packs.chunk_index import learn_packs, list_packs
from stook.store.stamp import append, stamp
from tests.unit.store.aging import HOUR, AgingStorage, open_at

_BYTES = [os.urandom(200_000 + number) for number in range(4)]
_MOST_STEPS = 80


class Place:
    """A bucket with what each test begins with: a needed bundle, and one that was removed two days ago.

    The pack of `mixed` has a file that the bundle `part` needs, and three that nothing does.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = AgingStorage()
        self.machines = 0
        store = self.open()
        self.paths = [folder / f"file{number}" for number in range(4)]
        for path, data in zip(self.paths, _BYTES, strict=True):
            path.write_bytes(data)
        store.add("kept", {"x": self.paths[0]})
        self.removed = store.add("removed", _BYTES[1])
        mixed = store.add("mixed", {str(number): path for number, path in enumerate(self.paths)})
        store.add("part", self.paths[2])
        store.rm(mixed)
        store.rm(self.removed)
        self.wait(48)

    def open(self) -> Store:
        """Open the store on another machine."""
        self.machines += 1
        return open_at(self.storage, self.folder / f"cache{self.machines}")

    def open_knowing(self) -> Store:
        """Open the store on a machine that knows what is in each pack, and relies on those that have what it adds."""
        store = self.open()
        learn_packs(self.storage, store.repository.catalog, list_packs(self.storage))
        return store

    def wait(self, hours: float) -> None:
        """Let time pass for the storage."""
        self.storage.now += hours * HOUR

    def packs(self) -> int:
        """Return how many packs there are."""
        return len(list(self.storage.inner.list("packs/")))

    def check_kept(self) -> None:
        """See that the bundles from the beginning can be read."""
        store = self.open()
        assert store.get("kept")["x"].read_bytes() == _BYTES[0]
        assert store.get("part").path().read_bytes() == _BYTES[2]

    def check(self) -> None:
        """See that every bundle that is there can be read, by somebody who knows nothing beforehand."""
        self.check_kept()
        store = self.open()
        for bundle in store.ls():
            for path, _ in bundle.items():
                bundle.item(path)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place to collect in."""
    return Place(tmp_path)


def test_packs_are_condemned_first_and_go_after_the_grace(place: Place) -> None:
    """The first run condemns, a second one within the grace does nothing, one after it deletes; the lists go too."""
    repository = place.open().repository
    done = collect(repository)
    assert (done.busy, done.condemned.count, done.swept) == (True, 2, Amount())
    place.wait(23)
    assert collect(repository).swept == Amount()
    place.wait(2)
    assert collect(repository).swept.count == 2
    assert list(place.storage.inner.list("condemned/")) == []
    place.check()
    assert collect(repository) == collect(repository)


def test_the_age_of_a_list_is_not_told_by_a_local_clock(place: Place) -> None:
    """Whoever's clock is years off sweeps neither too early nor never: the bucket's clock counts."""
    repository = place.open().repository
    collect(repository)
    assert repository.clock.now() - place.storage.now > 365 * 24 * HOUR
    assert collect(repository).swept == Amount()


def test_new_packs_are_left_alone(place: Place) -> None:
    """A pack of a writer that is at work, which nothing refers to yet, is not condemned before it is a day old."""
    writing = place.open()
    with writing.draft("d") as draft:
        draft["x"] = os.urandom(10_000)
        draft._writer.flush()
        assert collect(place.open().repository).young.count == 1
        place.wait(25)
        assert collect(place.open().repository).condemned.count == 1
    place.wait(25)
    collect(place.open().repository)
    place.check()


def test_two_may_condemn_and_sweep_the_same(place: Place) -> None:
    """Two collections, one in the middle of the other, condemn and copy the same packs: all that is needed stays."""
    for at in range(1, _MOST_STEPS, 8):
        first, second = place.open().repository, place.open().repository
        place.storage.meddle_at(at, lambda second=second: collect(second))
        collect(first)
        place.wait(30)
        place.storage.meddle_at(at, lambda second=second: collect(second))
        collect(first)
        place.check()
    place.wait(30)
    collect(place.open().repository)
    assert list(place.storage.inner.list("condemned/")) == []
    place.check()


def test_a_sweeper_that_lost_its_claim_deletes_nothing(tmp_path: Path) -> None:
    """A list is swept by one. Who is slower leaves alone what has the name of a deleted pack, and is new."""
    for at in range(4, _MOST_STEPS, 3):
        (tmp_path / str(at)).mkdir()
        place = Place(tmp_path / str(at))
        first, second, writing = place.open(), place.open(), place.open()
        collect(first.repository)
        place.wait(30)
        swept = []

        def sweep_and_add(place: Place = place, second: Store = second, writing: Store = writing) -> None:
            swept.append(collect(second.repository).swept.count)  # noqa: B023 - called in this round only
            writing.add("again", _BYTES[1])

        place.storage.meddle_at(at, sweep_and_add)
        swept.append(collect(first.repository).swept.count)
        assert sum(swept) == 2
        place.check()


def _add_removed(place: Place, store: Store) -> None:
    store.add("again", _BYTES[1])


def _add_mixed(place: Place, store: Store) -> None:
    store.add("again", {str(number): path for number, path in enumerate(place.paths)})


def _restore(place: Place, store: Store) -> None:
    with suppress(NotFoundError):
        store.restore(place.removed.id)


_STEPS = pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.full)])


@_STEPS
@pytest.mark.parametrize("act", [_add_removed, _add_mixed, _restore])
@pytest.mark.parametrize("is_sweep", [False, True])
def test_others_may_act_between_any_two_operations(
    tmp_path: Path, act: Callable[[Place, Store], None], is_sweep: bool, step: int
) -> None:
    """Somebody adds what is being collected, or brings it back, at each moment of condemning and of sweeping."""
    at, is_over = 0, False
    while not is_over:
        at += step
        (tmp_path / str(at)).mkdir()
        place = Place(tmp_path / str(at))
        collector, other = place.open(), place.open_knowing()
        if is_sweep:
            collect(collector.repository)
            place.wait(30)
        place.storage.meddle_at(at, lambda place=place, other=other: act(place, other))
        collect(collector.repository)
        is_over = place.storage.meddle is not None
        place.storage.meddle = None
        place.check()
        for _ in range(2):
            place.wait(30)
            collect(place.open().repository)
            place.check()
    assert at > 15


@_STEPS
@pytest.mark.parametrize("hours", [0, 30])
def test_a_draft_may_end_between_any_two_operations(tmp_path: Path, hours: int, step: int) -> None:
    """A draft that relied on what is collected is published whole at each moment, or says that it was not."""
    at, is_over, outcomes = 0, False, set()
    while not is_over:
        at += step
        (tmp_path / str(at)).mkdir()
        place = Place(tmp_path / str(at))
        writing = place.open_knowing()
        draft = writing.draft("d").__enter__()
        draft["x"] = place.paths[3]
        draft["y"] = os.urandom(10_000)
        draft._writer.flush()
        if hours:
            collect(place.open().repository)
            place.wait(hours)
            draft._writer.index._begun -= hours * HOUR

        def end(draft: object = draft) -> None:
            with suppress(ConflictError):
                draft.__exit__(None, None, None)  # type: ignore[attr-defined]

        place.storage.meddle_at(at, end)
        collect(place.open().repository)
        is_over = place.storage.meddle is not None
        place.storage.meddle = None
        if not is_over:
            outcomes.add(place.open().find("d") is not None)
        for _ in range(3):
            place.check()
            place.wait(30)
            collect(place.open().repository)
        place.check()
    assert True in outcomes
    if step == 1:
        assert (False in outcomes) == bool(hours)


def _restore_carelessly(place: Place) -> None:
    """Bring the removed bundle back as one who looked at no list, or looked a day ago."""
    store = place.open()
    mark = stamp(store.repository)
    record = place.removed.record
    append(store.repository, RestoreRecord(mark.id, record.context, record.id, mark.time, mark.owner))


def test_the_log_is_read_again_when_the_grace_is_over(place: Place) -> None:
    """A commit that comes within the grace, but after the collector began to mark, is found."""
    collect(place.open().repository)
    place.wait(23.9)

    def commit_at_last() -> None:
        _restore_carelessly(place)
        place.wait(0.2)

    place.storage.meddle_at_put("condemned/probe", commit_at_last)
    assert collect(place.open().repository).swept.count == 2
    assert place.open().get("removed").data == _BYTES[1]
    place.check()


def test_a_condemned_pack_that_is_needed_and_damaged_is_left_alone(place: Place) -> None:
    """What cannot be copied is not deleted, nor is its list, and the pack is named."""
    collect(place.open().repository)
    _restore_carelessly(place)
    key = pack_key(place.removed.record.packs[0])
    data = bytearray(place.storage.get(key).data)
    data[1000] ^= 1
    place.storage.inner.delete(key)
    place.storage.inner.put_new(key, bytes(data))
    place.wait(30)
    done = collect(place.open().repository)
    assert (done.swept.count, done.condemned.count) == (1, 1)
    assert place.removed.record.packs[0] in done.problems[0]
    assert place.storage.get(key).data == bytes(data)
    place.check_kept()


def test_a_damaged_list_stops_writers_until_it_is_collected(place: Place) -> None:
    """Whoever cannot read a list cannot know what will go, and says so; collecting removes it after the grace."""
    collect(place.open().repository)
    (entry,) = place.storage.inner.list("condemned/")
    place.storage.delete(entry.key)
    place.storage.put_new(entry.key, b"not a list")
    with pytest.raises(IntegrityError) as caught:
        place.open().add("n", os.urandom(10_000))
    assert caught.value.kind == "damaged-condemned"
    assert "damaged" in collect(place.open().repository).problems[0]
    place.wait(30)
    collect(place.open().repository)
    place.open().add("n", os.urandom(10_000))
    place.check()
