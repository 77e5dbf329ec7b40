"""Reading a log of which a checkpoint holds a part."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from stook.errors import IntegrityError
from stook.format import checkpoints, segments
from stook.log import Damage, FolderLog, Line, Log, ObjectLog
from stook.log.lines import WHOLE, segment_key
from stook.log.listing import MAX_KEYS
from stook.log.objects import covered_by
from stook.model.position import Position
from stook.storage import open_storage
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Entry, Storage
from stook.testing import Fault, FaultyStorage

_A, _B, _ME = "a" * 32, "b" * 32, "c" * 32
_IDS = [f"01KCAZ{number:020d}" for number in range(9)]
_OPENERS: Mapping[str, Callable[[Storage, Path], Log]] = {
    "objects": lambda storage, _: ObjectLog(storage, _ME),
    "folder": lambda _, root: FolderLog(root, _ME),
}


class Place:
    """A log of two writers with five segments each, in a folder that is read as a bucket or as a copy of one."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root = root
        self.kind = kind
        self.storage = FolderStorage(root)
        for number in range(5):
            for writer in (_A, _B):
                ObjectLog(self.storage, writer).append([self.record(writer, number)])

    @staticmethod
    def record(writer: str, number: int) -> bytes:
        """Return the record of a segment."""
        return b'{"type":"tag","id":"%s%d"}' % (writer[:1].encode(), number + 1)

    def put(self, number: int, supersedes: Mapping[str, int], *, keep: Sequence[int] | None = None) -> None:
        """Put a checkpoint, with records of these segments only, if any are given."""
        records = [
            self.record(writer, seq - 1)
            for writer, last in sorted(supersedes.items())
            for seq in keep or range(1, last + 1)
        ]
        size = checkpoints.framed_size(len(records), sum(map(len, records)))
        data = checkpoints.dump(_IDS[number], supersedes, records, size)
        self.storage.put_new(checkpoints.checkpoint_key(_IDS[number]), data)

    def delete(self, writer: str, *seqs: int) -> None:
        """Delete segments."""
        for seq in seqs:
            self.storage.delete(segment_key(writer, seq))

    def harm(self, number: int, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of a checkpoint."""
        path = self.root / checkpoints.checkpoint_key(_IDS[number])
        data = change(path.read_bytes())
        path.chmod(0o644)
        path.write_bytes(data)

    def open(self, storage: Storage | None = None) -> Log:
        """Open the log anew."""
        return _OPENERS[self.kind](storage or self.storage, self.root)

    def read(self, known: dict[str, Position] | None = None) -> tuple[list[str], list[str]]:
        """Read all that is new, twice; return the ids, sorted, and the problems. Moves what is known along."""
        known = {} if known is None else known
        ids, problems = set[str](), []
        log = self.open()
        for _ in range(2):
            for item in log.read(dict(known)):
                if isinstance(item, Line):
                    ids.add(item.payload.decode()[-4:-2])
                elif isinstance(item, Damage):
                    problems.append(item.problem)
                if item.position.seq:
                    known[item.writer] = item.position
        assert not log.has_news()
        return sorted(ids), problems


_ALL = [f"{writer}{number}" for writer in "ab" for number in range(1, 6)]


@pytest.fixture(params=_OPENERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A log, as a bucket and as a folder."""
    return Place(tmp_path / "store", request.param)


def test_a_new_reader_takes_the_newest_checkpoint(place: Place) -> None:
    """What it covers is not read from segments, which may be gone, but for the last of each writer."""
    place.put(1, {_A: 1})
    place.put(2, {_A: 4, _B: 5})
    place.delete(_A, 1, 2, 3, 4)
    place.delete(_B, 1, 3, 4)
    assert place.read() == (_ALL, [])


def test_what_a_checkpoint_holds_counts_and_not_what_it_covers(place: Place) -> None:
    """A reader believes a checkpoint: records that do not matter any more are not in it, and nobody misses them."""
    place.put(1, {_A: 5, _B: 5}, keep=[5])
    assert place.read() == (["a5", "b5"], [])


@pytest.mark.parametrize("stop", range(11))
def test_a_reading_that_stops_within_a_checkpoint_loses_nothing(place: Place, stop: int) -> None:
    """Wherever a reader dies, what it had taken in and what the next one gets are all there is."""
    place.put(1, {_A: 4, _B: 4})
    place.delete(_A, 1, 2, 3)
    place.delete(_B, 1, 2, 3)
    known: dict[str, Position] = {}
    taken = set()
    reading = place.open().read({})
    for _, item in zip(range(stop), reading, strict=False):
        if isinstance(item, Line):
            taken.add(item.payload.decode()[-4:-2])
        if item.position.seq:
            known[item.writer] = item.position
    ids, problems = place.read(known)
    assert (sorted(taken | set(ids)), problems) == (_ALL, [])


def test_a_reader_that_knows_a_part_goes_on_where_segments_are_gone(place: Place) -> None:
    """One that was away takes a checkpoint where it must, and the rest from segments."""
    known = {_A: Position(2, 8), _B: Position(5, 8)}
    if place.kind == "folder":
        known = {writer: item.position for item in place.open().read({}) if (writer := item.writer) == _B}
    place.put(1, {_A: 4})
    place.delete(_A, 1, 2, 3)
    ids, problems = place.read(known)
    assert problems == []
    assert {"a3", "a4", "a5"} <= set(ids)


def test_two_checkpoints_may_be_needed(place: Place) -> None:
    """Of two that were written at once each may cover what the other does not."""
    place.put(1, {_A: 4, _B: 1})
    place.put(2, {_A: 1, _B: 4})
    place.delete(_A, 1, 2, 3, 4)
    place.delete(_B, 1, 2, 3, 4)
    assert place.read() == (_ALL, [])


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-9],
        lambda data: data[:20],
        lambda _: b"",
        lambda data: bytes([data[0] ^ 1]) + data[1:],
        lambda data: data[:-20] + bytes([data[-20] ^ 1]) + data[-19:],
        segments.unseal,
        lambda _: segments.seal(segments.MAGIC),
        lambda data: segments.seal(segments.unseal(data).replace(b'"checkpoint"', b'"checkpoins"')),
    ],
)
def test_a_damaged_checkpoint_is_passed_over(place: Place, change: Callable[[bytes], bytes]) -> None:
    """The next older one is taken, or the segments: nothing is lost, so nothing is said."""
    place.put(1, {_A: 2, _B: 2})
    place.put(2, {_A: 4, _B: 4})
    place.harm(2, change)
    assert place.read() == (_ALL, [])
    place.delete(_A, 1, 2)
    assert place.read() == (_ALL, [])


def test_what_is_lost_with_a_checkpoint_is_said(place: Place) -> None:
    """Where neither another checkpoint nor segments have it; what can still be read of the damaged one is."""
    place.put(2, {_A: 4, _B: 4})
    place.delete(_A, 1, 2, 3)
    damaged = lambda data: segments.seal(segments.unseal(data).replace(b'"a2"', b'"x2"'))  # noqa: E731
    place.harm(2, damaged)
    known: dict[str, Position] = {}
    ids, (problem,) = place.read(known)
    assert ids == [one for one in _ALL if one != "a2"]
    assert f"{segment_key(_A, 1)}" in problem
    assert "and so are the 2 after it" in problem
    assert place.read(known) == ([], [])


def test_a_checkpoint_that_is_ahead_of_the_log_is_passed_over(place: Place) -> None:
    """It says what is not in the log that is there, as where that was put back to an older copy."""
    place.put(1, {_A: 3})
    place.put(2, {_A: 5})
    place.delete(_A, 1, 2, 5)
    assert place.read() == ([one for one in _ALL if one != "a5"], [])


def test_what_is_no_checkpoint_stands_in_nobodys_way(place: Place) -> None:
    """Strangers' objects beside the checkpoints are passed over."""
    place.put(1, {_A: 4})
    place.storage.put_new("checkpoints/readme", b"?")
    place.storage.put_new(f"checkpoints/{_IDS[5]}.sig", b"?")
    place.delete(_A, 1)
    assert place.read() == (_ALL, [])


def test_a_copy_of_a_bucket_is_written_to_and_read_on(tmp_path: Path) -> None:
    """A folder with checkpoints takes records as any other does, and its readers find them."""
    place = Place(tmp_path / "store", "folder")
    place.put(1, {_A: 5, _B: 4})
    place.delete(_A, 1, 2)
    shutil.copytree(place.root, tmp_path / "copy")
    log = FolderLog(tmp_path / "copy", _ME)
    known = {item.writer: item.position for item in log.read({}) if item.position.seq}
    assert list(log.read(known)) == []
    log.append([b"new"])
    assert not log.has_news()
    assert [item.payload for item in log.read(known) if isinstance(item, Line)] == [b"new"]


class _Deleting(FaultyStorage):
    """Deletes what a checkpoint covers when the first segment is asked for."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.storage)
        self.place: Place | None = place

    def get(self, key: str, *, limit: int = 1 << 28) -> object:  # type: ignore[override]
        if self.place is not None and key.startswith("log/"):
            place, self.place = self.place, None
            place.put(1, {_A: 4, _B: 4})
            place.delete(_A, 1, 2, 3, 4)
            place.delete(_B, 1, 2, 3, 4)
        return super().get(key, limit=limit)


def test_segments_may_go_while_they_are_read(tmp_path: Path) -> None:
    """Who is about to read them takes the checkpoint that they went for."""
    place = Place(tmp_path, "objects")
    items = list(ObjectLog(_Deleting(place), _ME).read({}))
    assert not [item for item in items if isinstance(item, Damage)]
    assert sorted({item.payload.decode()[-4:-2] for item in items if isinstance(item, Line)}) == _ALL


def test_what_harm_comes_to_a_checkpoint_on_its_way_is_mended(tmp_path: Path) -> None:
    """A bit that flips in a download is no damage: it is read again."""
    place = Place(tmp_path, "objects")
    place.put(1, {_A: 5, _B: 5})
    faulty = FaultyStorage(place.storage, [Fault("flip", 1, "get")])
    items = list(ObjectLog(faulty, _ME).read({}))
    assert sum(isinstance(item, Line) for item in items) == len(_ALL)
    assert [one.name for one in faulty.log] == ["list", "list", "get", "get"]


@pytest.mark.parametrize("count", [20, 200])
def test_requests_of_readings(count: int) -> None:
    """With a checkpoint: three and one for each segment after it; with nothing new: one; a new segment: two."""
    inner = open_storage("memory:")
    log = ObjectLog(inner, _A)
    records = [b'{"type":"tag","id":"%05d"}' % number for number in range(count + 2)]
    for record in records[:count]:
        log.append([record])
    size = checkpoints.framed_size(count - 2, sum(map(len, records[: count - 2])))
    data = checkpoints.dump(_IDS[1], {_A: count - 2}, records[: count - 2], size)
    inner.put_new(checkpoints.checkpoint_key(_IDS[1]), data)
    counted = FaultyStorage(inner)
    reader = ObjectLog(counted, _B)
    known = {item.writer: item.position for item in reader.read({}) if item.position.seq}
    assert len(counted.log) == 3 + 2
    list(reader.read(known))
    assert len(counted.log) == 3 + 2 + 1
    log.append([records[-1]])
    assert [item.payload for item in reader.read(known) if isinstance(item, Line)] == [records[-1]]
    assert len(counted.log) == 3 + 2 + 1 + 2
    assert sum(operation.key.startswith(checkpoints.PREFIX) for operation in counted.log) == 2


class _Endless:
    """A storage whose listings do not end."""

    url = "endless:"

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        entry = Entry(f"{prefix}x", 1)
        while True:
            yield entry


def test_a_listing_without_end_is_refused() -> None:
    """Whoever fills a bucket with keys makes nobody collect them all."""
    log = ObjectLog(_Endless(), _A)  # type: ignore[arg-type]
    with pytest.raises(IntegrityError, match=f"{MAX_KEYS:,}") as caught:
        list(log.read({}))
    assert caught.value.kind == "too-many-objects"


def test_positions_within_checkpoints_say_nothing_of_writers(place: Place) -> None:
    """A line of a checkpoint is of segment 0, so that who keeps its position knows no more than before."""
    place.put(1, {_A: 5, _B: 5})
    found = [item for item in place.open().read({}) if isinstance(item, Line)]
    lines = [
        line for line in found if line.writer not in {_A, _B}
    ]  # whose last segments a folder reads again
    assert {line.writer for line in lines} == {checkpoints.checkpoint_key(_IDS[1])}
    assert {line.position.seq for line in lines} == {0}
    assert len({line.position for line in lines}) == len(_ALL)


def test_a_segment_of_which_a_part_is_known_is_not_covered() -> None:
    """Who stopped within one knows its writer up to the one before."""
    storage = open_storage("memory:")
    log = ObjectLog(storage, _A)
    log.append([b"one"])
    log.append([b"two", b"three"])
    known = [item.position for item in log.read({})]
    assert [covered_by({_A: position}) for position in known] == [{_A: 1}, {_A: 1}, {_A: 2}]
    assert covered_by({_A: Position(7, 0, WHOLE), _B: Position(0, 9)}) == {_A: 7}
