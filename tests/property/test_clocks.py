"""Ids are in the order of what was seen, whatever the clocks say."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stook.format import records
from stook.log import FolderLog, Line, Log, ObjectLog
from stook.model.clock import Clock, is_id
from stook.model.position import Position
from stook.model.record import DeleteRecord
from stook.storage import open_storage

_HOURS = 3600
_NOW = 1_800_000_000
_jumps = st.integers(-12 * _HOURS, 12 * _HOURS) | st.sampled_from([0, -1, 1])


@dataclass
class _Wrong:
    """A physical clock that goes where it is told."""

    time: float

    def __call__(self) -> float:
        return self.time


@dataclass
class _Writer:
    """A process at a store: it takes in what is new, when there is something, and then makes an id."""

    log: Log
    physical: _Wrong
    known: dict[str, Position] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = Clock(self.physical)

    def look(self) -> None:
        """Read as publishing does: only where the log has news."""
        if not self.log.has_news():
            return
        for item in self.log.read(self.known):
            assert isinstance(item, Line)
            self.known[item.writer] = item.position
            self.clock.observe(records.load(item.payload).id)

    def write(self) -> str:
        """Commit a record with a new id."""
        identifier = self.clock.new_id()
        self.log.append([records.dump(DeleteRecord(identifier, "c", identifier, 1))])
        return identifier


@given(
    st.lists(_jumps, min_size=2, max_size=4),
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["make", "see", "jump"]), st.integers(0, 3), _jumps)
    ),
)
@settings(max_examples=300)
def test_an_id_is_greater_than_all_that_its_maker_made_or_saw(
    skews: list[int], steps: list[tuple[int, str, int, int]]
) -> None:
    """With clocks that differ by hours and jump, back too, each clock's ids ascend and follow what it was shown."""
    times = [_Wrong(_NOW + skew) for skew in skews]
    clocks = [Clock(time) for time in times]
    greatest = ["" for _ in skews]
    for one, what, another, jump in steps:
        who, other = one % len(skews), another % len(skews)
        if what == "jump":
            times[who].time += jump
        elif what == "see" and greatest[other]:
            clocks[who].observe(greatest[other])
            greatest[who] = max(greatest[who], greatest[other])
        elif what == "make":
            made = clocks[who].new_id()
            assert is_id(made)
            assert made > greatest[who]
            greatest[who] = made


def _on_folder(root: Path) -> Callable[[int], Log]:
    """Open logs of which the first two share a writer id, as two processes of one machine do."""
    return lambda number: FolderLog(root, f"{max(1, number):032x}", seal_bytes=400)


def _on_objects(_root: Path) -> Callable[[int], Log]:
    storage = open_storage("memory:")
    return lambda number: ObjectLog(storage, f"{number:032x}")


@pytest.mark.parametrize("kind", [_on_folder, _on_objects])
@given(
    skews=st.lists(_jumps, min_size=3, max_size=4),
    steps=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), _jumps), max_size=25),
)
@settings(max_examples=60)
def test_ids_in_a_log_ascend_in_the_order_of_the_commits(
    kind: Callable[[Path], Callable[[int], Log]], skews: list[int], steps: list[tuple[int, int, int]]
) -> None:
    """Writers hours apart, each of which looks for news before it makes an id, never go back behind another."""
    with tempfile.TemporaryDirectory() as folder:
        open_log = kind(Path(folder))
        writers = [_Writer(open_log(n), _Wrong(_NOW + skew)) for n, skew in enumerate(skews)]
        made: list[str] = []
        for who, count, jump in steps:
            writer = writers[who % len(writers)]
            writer.physical.time += jump
            writer.look()
            made += [writer.write() for _ in range(count)]
        assert made == sorted(set(made))
        found = [records.load(item.payload).id for item in open_log(9).read({}) if isinstance(item, Line)]
        assert sorted(found) == made
