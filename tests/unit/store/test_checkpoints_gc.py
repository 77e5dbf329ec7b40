"""Collecting what checkpoints make needless: segments that they cover, and checkpoints that newer ones replace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from stook.errors import StorageError
from stook.format import checkpoints, records
from stook.format.checkpoints import PREFIX
from stook.log import WHOLE, Line
from stook.log.checkpoints import read_checkpoint
from stook.log.listing import list_checkpoints, list_segments
from stook.model.clock import Clock
from stook.model.position import Position
from stook.model.record import ContextRecord
from stook.store.gc import Amount, collect
from stook.store.refresh import refresh
from stook.store.repository import Repository, open_on
from stook.store.stamp import append, stamp
from stook.testing import Crash, Fault, FaultyStorage
from tests.unit.store.aging import HOUR, AgingStorage

_MOST = 90


class Place:
    """A bucket to whose log two machines have written, each with a context that has many names after one another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = AgingStorage()
        self.count = 0
        self.machines = [self.open(), self.open()]
        self.said = 0

    def open(self, storage: AgingStorage | FaultyStorage | None = None) -> Repository:
        """Open the repository on another machine."""
        self.count += 1
        return open_on(storage or self.storage, cache=self.folder / str(self.count), owner="o")

    def say(self, count: int, machine: int = 0) -> None:
        """Append as many segments, then let the machine know them."""
        repository = self.machines[machine]
        for _ in range(count):
            mark = stamp(repository)
            self.said += 1
            append(repository, ContextRecord(mark.id, f"c{machine}", f"name {self.said}", mark.time))
        refresh(repository)

    def wait(self, hours: float) -> None:
        """Let time pass for the storage."""
        self.storage.now += hours * HOUR

    def segments(self) -> list[int]:
        """Return the numbers of all segments."""
        return sorted(seq for sizes in list_segments(self.storage.inner).values() for seq in sizes)

    def checkpoints(self) -> list[str]:
        """Return the ids of checkpoints, newest first."""
        return list(list_checkpoints(self.storage.inner))

    def names(self, repository: Repository | None = None) -> list[str]:
        """Return what the contexts are called, to one who knows nothing before."""
        repository = repository or self.open()
        refresh(repository)
        assert repository.catalog.damage() == []
        return [context.name for context in repository.catalog.contexts()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Eight segments and a checkpoint of the first six."""
    place = Place(tmp_path)
    place.say(6)
    place.say(2)
    return place


def _put_checkpoint(place: Place, made: str, supersedes: Mapping[str, int], payloads: Sequence[bytes]) -> str:
    size = checkpoints.framed_size(len(payloads), sum(map(len, payloads)))
    place.storage.put_new(f"{PREFIX}{made}", checkpoints.dump(made, supersedes, payloads, size))
    return made


def test_covered_segments_go_after_the_grace(place: Place) -> None:
    """Not before their checkpoint is a day old by the storage's clock; a dry run only says what would go."""
    assert (place.segments(), len(place.checkpoints())) == ([1, 2, 3, 4, 5, 6, 7, 8], 1)
    assert collect(place.open()).segments == Amount()
    place.wait(25)
    size = sum(entry.size for entry in place.storage.inner.list("log/") if int(entry.key[-3:]) <= 6)
    done = collect(place.open(), dry_run=True)
    assert len(place.segments()) == 8
    assert done.segments.count == 6  # by this machine's clock, which is years ahead
    done = collect(place.open())
    assert done.segments == Amount(6, size)
    assert place.segments() == [7, 8]
    assert place.names() == ["name 8"]
    assert place.names(place.machines[1]) == ["name 8"]


def test_the_last_segment_of_a_writer_stays(place: Place) -> None:
    """By it others see that a writer is where it was, and the writer what its next number is."""
    place.names(place.machines[1])
    place.say(5, machine=1)
    place.say(1, machine=1)
    place.wait(25)
    collect(place.open())
    kept = list_segments(place.storage.inner)
    assert sorted(map(list, kept.values())) == [[6], [8]]
    place.say(1)
    assert sorted(map(list, list_segments(place.storage.inner).values())) == [[6], [8, 9]]
    assert place.names() == ["name 14", "name 15"]


def test_checkpoints_that_newer_ones_replace_go(place: Place) -> None:
    """But for the newest two, and for those that are young."""
    for _ in range(4):
        place.say(5)
    before = place.checkpoints()
    assert len(before) >= 4
    assert collect(place.open()).checkpoints == Amount()
    place.wait(25)
    place.say(5)
    place.say(1)
    now = place.checkpoints()
    done = collect(place.open())
    assert place.checkpoints() == now[:3]  # the newest two, and that which has gone a day without harm
    assert done.checkpoints.count == len(now) - 3
    assert place.names() == [f"name {place.said}"]


def test_a_checkpoint_that_lacks_a_record_is_not_relied_on(place: Place) -> None:
    """Before a segment goes each of its records is looked for in the checkpoint that covers it."""
    (writer,) = list_segments(place.storage.inner)
    made = Clock().new_id()
    other = records.dump(ContextRecord(made, "else", "else", 1))
    _put_checkpoint(place, made, {writer: 7}, [other])
    place.wait(25)
    done = collect(place.open())
    assert done.segments == Amount()
    assert any("is left alone" in problem for problem in done.problems)
    assert len(place.segments()) == 8


def test_a_newer_checkpoint_by_who_knew_less_is_no_problem(place: Place) -> None:
    """Of two machines that make one at once, the later may not have read as far; nothing is wrong, and nothing lost."""
    (writer,) = list_segments(place.storage.inner)
    (older,) = place.checkpoints()
    less = [payload for payload, _ in read_checkpoint(place.storage.inner, older).iter_records()]
    lines = place.open().log.read({writer: Position(6, 0, WHOLE)})
    more = [line.payload for line in lines if isinstance(line, Line) and line.position.seq == 7]
    clock = Clock()
    made = [
        _put_checkpoint(place, clock.new_id(), {writer: reached}, payloads)
        for reached, payloads in ((7, [*less, *more]), (6, less), (6, less))
    ]
    place.wait(25)
    done = collect(place.open())
    assert done.problems == ()
    assert place.checkpoints() == made[::-1]
    assert place.segments() == [7, 8]
    assert place.names() == ["name 8"]


@pytest.mark.parametrize("harm", [lambda data: data[:-5], lambda data: data[:30], lambda _: b"?"])
def test_a_damaged_checkpoint_is_not_relied_on(place: Place, harm: Callable[[bytes], bytes]) -> None:
    """Segments stay where no whole checkpoint that is old enough covers them."""
    (identifier,) = place.checkpoints()
    data = place.storage.inner.get(f"{PREFIX}{identifier}").data
    place.storage.inner.delete(f"{PREFIX}{identifier}")
    place.storage.put_new(f"{PREFIX}{identifier}", harm(data))
    place.wait(25)
    assert collect(place.open()).segments == Amount()
    assert len(place.segments()) == 8


def test_the_next_older_checkpoint_is_relied_on_where_the_newest_is_damaged(place: Place) -> None:
    """What that covers goes, and it stays."""
    place.say(5)
    place.say(1)
    newest, older = place.checkpoints()
    data = place.storage.inner.get(f"{PREFIX}{newest}").data
    place.storage.inner.delete(f"{PREFIX}{newest}")
    place.storage.put_new(f"{PREFIX}{newest}", data[:-5])
    place.wait(25)
    assert collect(place.open()).segments.count == 6
    assert place.checkpoints() == [newest, older]
    assert place.names() == ["name 14"]


def test_nothing_more_is_asked_where_there_are_no_checkpoints(tmp_path: Path) -> None:
    """A small store's collection costs two more listings."""
    place = Place(tmp_path)
    place.say(2)
    counted = FaultyStorage(place.storage)
    collect(place.open(counted))
    asked = [one.name for one in counted.log if one.key == PREFIX]
    assert (
        asked == ["list"] * 3
    )  # by the reader of the log, for all that it leaves out, and for what is covered


@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "error-before", "error-after"])
def test_a_collection_may_die_between_any_two_operations(tmp_path: Path, kind: str) -> None:
    """Whatever it has deleted by then, nothing is lost to anyone, and the next one ends what it began."""
    outcomes = set()
    for at in range(1, _MOST):
        place = Place(tmp_path / str(at))
        for _ in range(3):
            place.say(5)
        warm = place.open()
        refresh(warm)
        place.wait(25)
        place.say(6, machine=0)
        faulty = FaultyStorage(place.storage, [Fault(kind, at)])  # type: ignore[arg-type]
        try:
            collect(place.open(faulty))
            is_done = True
        except (Crash, StorageError):
            is_done = False
        assert place.names() == place.names(warm) == [f"name {place.said}"]
        collect(place.open())
        outcomes.add((is_done, len(place.segments()) < 12))
        assert place.names() == place.names(warm) == [f"name {place.said}"]
        if is_done and not any(one.fault for one in faulty.log):
            break
    assert outcomes == {(True, True), (False, True)}
