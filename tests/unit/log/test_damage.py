"""Damage of the log: what can be read is, what cannot is said once, and nobody cuts anything off."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from stook.errors import IntegrityError
from stook.format import segments
from stook.log import Damage, FolderLog, Line, Log, ObjectLog
from stook.model.position import Position
from stook.storage import open_storage

_W = "a" * 32
_BEGIN = len(segments.MAGIC)


def _records(numbers: Iterable[int]) -> list[bytes]:
    return [b'{"type":"tag","id":"%06d"}' % number for number in numbers]


def _read(log: Log, known: dict[str, Position] | None = None) -> tuple[list[bytes], list[Damage]]:
    found = list(log.read(known or {}))
    lines = [item.payload for item in found if isinstance(item, Line)]
    return lines, [item for item in found if isinstance(item, Damage)]


def _known(log: Log) -> dict[str, Position]:
    return {item.writer: item.position for item in log.read({})}


def _segment(root: Path, seq: int = 1) -> Path:
    return root / f"log/{_W}/{seq:016d}"


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def _written(root: Path, count: int) -> list[bytes]:
    """Write some records of one length to one segment."""
    records = _records(range(count))
    FolderLog(root, _W).append(records)
    return records


def _three_segments(root: Path) -> list[bytes]:
    """Write one record to each of three segments, of which two are sealed."""
    log = FolderLog(root, _W, seal_bytes=30)
    for record in _records(range(3)):
        log.append([record])
    return _records(range(3))


def test_a_flipped_byte_costs_the_record_that_it_is_in_and_is_said(tmp_path: Path) -> None:
    """Wherever in the open segment a bit flips, every other record is read and the damage names the file and byte."""
    records = _written(tmp_path, 3)
    whole = _segment(tmp_path).read_bytes()
    size = len(segments.frame(records[0]))
    for at in range(len(whole)):
        _segment(tmp_path).write_bytes(whole)
        _flip(_segment(tmp_path), at)
        hit = (at - _BEGIN) // size
        lines, damage = _read(FolderLog(tmp_path, _W))
        assert lines == [record for number, record in enumerate(records) if number != hit], at
        assert len(damage) == 1
        start = _BEGIN + hit * size if at >= _BEGIN else 0
        assert f"{_segment(tmp_path)} is damaged from byte {start} " in damage[0].problem


@pytest.mark.parametrize("hit", [0, 1, 2])
def test_damage_that_is_known_is_not_said_again(tmp_path: Path, hit: int) -> None:
    """A reader that goes on from where it was gets what is new, and the old damage no more."""
    records = _written(tmp_path, 3)
    _flip(_segment(tmp_path), _BEGIN + hit * len(segments.frame(records[0])) + 30)
    known = _known(FolderLog(tmp_path, _W))
    assert _read(FolderLog(tmp_path, _W), known) == ([], [])
    FolderLog(tmp_path, _W).append([b"new"])
    assert _read(FolderLog(tmp_path, _W), known) == ([b"new"], [])


@pytest.mark.parametrize("hit", [0, 1, 2])
def test_an_append_to_a_damaged_segment_begins_another(tmp_path: Path, hit: int) -> None:
    """What is damaged stays as it is: nothing of it is cut off, and readers still say it."""
    records = _written(tmp_path, 3)
    _flip(_segment(tmp_path), _BEGIN + hit * len(segments.frame(records[0])) + 30)
    before = _segment(tmp_path).read_bytes()
    for record in (b"new", b"newer"):
        FolderLog(tmp_path, _W).append([record])
    assert _segment(tmp_path).read_bytes() == before
    lines, damage = _read(FolderLog(tmp_path, _W))
    assert lines == [*(r for number, r in enumerate(records) if number != hit), b"new", b"newer"]
    assert len(damage) == 1
    assert not _segment(tmp_path, 3).exists()


def test_a_commit_that_a_power_cut_left_as_a_hole_is_torn(tmp_path: Path) -> None:
    """The last record with zeros where its bytes did not arrive is no damage, and is cut off."""
    records = _written(tmp_path, 2)
    size = _segment(tmp_path).stat().st_size
    os.truncate(_segment(tmp_path), size - 18)
    os.truncate(_segment(tmp_path), size)
    assert _read(FolderLog(tmp_path, _W)) == (records[:1], [])
    FolderLog(tmp_path, _W).append([b"new"])
    assert _read(FolderLog(tmp_path, _W)) == ([*records[:1], b"new"], [])


def test_damage_with_a_torn_commit_after_it_is_kept_whole(tmp_path: Path) -> None:
    """Where a segment is both damaged and torn, the damage counts."""
    records = _written(tmp_path, 3)
    _flip(_segment(tmp_path), _BEGIN + 30)
    os.truncate(_segment(tmp_path), _segment(tmp_path).stat().st_size - 1)
    assert [len(found) for found in _read(FolderLog(tmp_path, _W))] == [1, 1]
    FolderLog(tmp_path, _W).append([b"new"])
    lines, damage = _read(FolderLog(tmp_path, _W))
    assert lines == [records[1], b"new"]
    assert len(damage) == 2


def test_a_sealed_segment_is_read_as_far_as_it_decompresses(tmp_path: Path) -> None:
    """Records before the broken block come back, those of other segments too, and the rest is said."""
    log = FolderLog(tmp_path, _W, seal_bytes=400_000)
    records = [
        b'{"type":"tag","id":"%06d","tags":"%s"}' % (n, os.urandom(40).hex().encode()) for n in range(5000)
    ]
    log.append(records)
    log.append([b"last"])
    sealed = _segment(tmp_path)
    assert segments.is_sealed(sealed.read_bytes())
    _flip(sealed, sealed.stat().st_size * 3 // 4)
    lines, damage = _read(FolderLog(tmp_path, _W))
    assert lines[-1] == b"last"
    assert len(lines) > 1500
    assert set(lines[:-1]) <= set(records)
    assert f"{sealed} is damaged from byte" in damage[-1].problem
    assert _read(FolderLog(tmp_path, _W), _known(FolderLog(tmp_path, _W))) == ([], [])


def test_every_flipped_byte_of_a_sealed_segment_is_said(tmp_path: Path) -> None:
    """No flip in a sealed segment goes unnoticed or gives a record that nobody wrote; the other segments are read."""
    records = _three_segments(tmp_path)
    whole = _segment(tmp_path).read_bytes()
    for at in range(len(whole)):
        _segment(tmp_path).write_bytes(whole)
        _flip(_segment(tmp_path), at)
        lines, damage = _read(FolderLog(tmp_path, _W))
        assert lines[-2:] == records[1:]
        assert set(lines) <= set(records)
        assert damage


@pytest.mark.parametrize("content", [b"", b"?", b"not a segment of any log, and not short", bytes(4000)])
@pytest.mark.parametrize("seq", [1, 2, 3])
def test_what_is_no_segment_at_all_is_said(tmp_path: Path, content: bytes, seq: int) -> None:
    """The other segments are read; the next append does not go where no reader would find it."""
    records = _three_segments(tmp_path)
    _segment(tmp_path, seq).write_bytes(content)
    others = [record for number, record in enumerate(records, 1) if number != seq]
    lines, damage = _read(FolderLog(tmp_path, _W))
    assert lines == others
    assert [str(_segment(tmp_path, seq)) in item.problem for item in damage] == [True]
    known = _known(FolderLog(tmp_path, _W))
    assert _read(FolderLog(tmp_path, _W), known) == ([], [])
    FolderLog(tmp_path, _W).append([b"new"])
    assert _read(FolderLog(tmp_path, _W), known) == ([b"new"], [])


@pytest.mark.parametrize("seq", [2, 3])
def test_a_segment_too_large_to_be_one_is_not_read(tmp_path: Path, seq: int) -> None:
    """A file beyond the format's bound takes no memory, whatever is in it, and nothing is written to it."""
    records = _three_segments(tmp_path)
    os.truncate(_segment(tmp_path, seq), 300 * 1024 * 1024)
    FolderLog(tmp_path, _W).append([b"new"])
    lines, damage = _read(FolderLog(tmp_path, _W))
    assert lines == [records[0], records[5 - seq - 1], b"new"]
    assert "too large" in damage[0].problem
    assert _segment(tmp_path, seq).stat().st_size == 300 * 1024 * 1024


def test_a_damaged_end_that_is_restored_is_read(tmp_path: Path) -> None:
    """A file that was put right is not the one that was read: the reader is told to begin anew, and finds all."""
    records = _written(tmp_path, 2)
    whole = _segment(tmp_path).read_bytes()
    _flip(_segment(tmp_path), len(whole) - 1)
    known = _known(FolderLog(tmp_path, _W))
    _segment(tmp_path).write_bytes(whole)
    with pytest.raises(IntegrityError) as caught:
        _read(FolderLog(tmp_path, _W), known)
    assert caught.value.kind == "log-went-back"
    assert _read(FolderLog(tmp_path, _W)) == (records, [])


def test_what_was_known_before_a_sealed_segment_broke_stays_known(tmp_path: Path) -> None:
    """Damage where a reader has been already is said, and is no log that went back: what it knows is not in doubt."""
    log = FolderLog(tmp_path, _W, seal_bytes=30)
    log.append(_records(range(1)))
    known = _known(log)
    log.append([b"next"])
    _segment(tmp_path).write_bytes(_segment(tmp_path).read_bytes()[:20])
    lines, damage = _read(log, known)
    assert lines == [b"next"]
    assert len(damage) == 1
    assert (damage[0].position.seq, damage[0].position.offset) > (1, known[_W].offset)


@pytest.mark.parametrize("gone", [[1], [2], [1, 2]])
def test_missing_segments_are_said_once(tmp_path: Path, gone: list[int]) -> None:
    """A gap in the numbers is damage; what is there is read."""
    records = _three_segments(tmp_path)
    for seq in gone:
        _segment(tmp_path, seq).unlink()
    lines, damage = _read(FolderLog(tmp_path, _W))
    assert lines == [record for number, record in enumerate(records, 1) if number not in gone]
    assert [f"{_segment(tmp_path, gone[0])} is missing" in item.problem for item in damage] == [True]
    assert _read(FolderLog(tmp_path, _W), {_W: damage[0].position})[1] == []


def test_a_number_far_ahead_is_one_gap(tmp_path: Path) -> None:
    """A file whose name is the highest number there is keeps nobody busy for ever."""
    records = _written(tmp_path, 1)
    shutil.copy(_segment(tmp_path), _segment(tmp_path, 10**16 - 1))
    lines, damage = _read(FolderLog(tmp_path, _W))
    assert lines == records * 2
    assert len(damage) == 1


def test_another_writer_is_not_touched_by_damage(tmp_path: Path) -> None:
    """One writer's damage says nothing of another's records."""
    _written(tmp_path, 3)
    FolderLog(tmp_path, "b" * 32).append([b"theirs"])
    _segment(tmp_path).write_bytes(b"?")
    lines, damage = _read(FolderLog(tmp_path, _W))
    assert lines == [b"theirs"]
    assert [item.writer for item in damage] == [_W]


def test_objects_are_read_past_damage() -> None:
    """In a bucket too: damaged, missing and foreign segments are said, once, and the rest is read."""
    storage = open_storage("memory:")
    log = ObjectLog(storage, _W)
    for number in range(4):
        log.append(_records([number * 2, number * 2 + 1]))
    key = "log/" + _W + "/{:016d}"
    damaged = bytearray(storage.get(key.format(2)).data)
    damaged[_BEGIN + 30] ^= 1
    for seq, data in ((2, bytes(damaged)), (3, None), (4, b"?")):
        storage.delete(key.format(seq))
        if data is not None:
            storage.put_new(key.format(seq), data)
    log.append([b"new"])
    lines, damage = _read(log)
    assert lines == [*_records([0, 1, 3]), b"new"]
    assert [key.format(seq) in item.problem for seq, item in zip((2, 3, 4), damage, strict=True)] == [
        True
    ] * 3
    assert _read(log, _known(log)) == ([], [])
    for item in log.read({}):
        later, said = _read(log, {_W: item.position})
        assert len(later) + len(said) < 7
        assert later[-1:] == [b"new"] or item.position.seq == 5
