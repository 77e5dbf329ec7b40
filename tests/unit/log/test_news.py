"""Whether a log has news: what others wrote, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stook.errors import StorageError
from stook.log import FolderLog, Log, ObjectLog
from stook.model.position import Position
from stook.storage import open_storage
from stook.storage.protocol import Storage

_MINE, _OTHER = "a" * 32, "b" * 32
_Open = Callable[[str], Log]


def _open_folder(root: Path) -> _Open:
    return lambda writer: FolderLog(root, writer, seal_bytes=60)


def _open_objects(storage: Storage) -> _Open:
    return lambda writer: ObjectLog(storage, writer)


@pytest.fixture(params=["folder", "objects"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> _Open:
    """Opens the log of one repository under a writer id."""
    return _open_folder(tmp_path) if request.param == "folder" else _open_objects(open_storage("memory:"))


def _read(log: Log) -> Log:
    known = {item.writer: item.position for item in log.read({})}
    assert list(log.read(known)) == []
    return log


def test_a_log_that_was_never_read_may_have_news(opened: _Open) -> None:
    """Before the first reading nobody knows."""
    assert opened(_MINE).has_news()


@pytest.mark.parametrize("written", [0, 1, 5])
def test_what_was_read_is_no_news(opened: _Open, written: int) -> None:
    """After a reading to the end there is none, be the log empty or of several writers and segments."""
    for _ in range(written):
        opened(_OTHER).append([b"x" * 30])
        opened(_MINE).append([b"x" * 30])
    log = _read(opened(_MINE))
    assert not log.has_news()
    assert not log.has_news()


def test_own_appends_are_no_news(opened: _Open) -> None:
    """Through the first segment and every sealing, and where the log was empty when it was read."""
    log = _read(opened(_MINE))
    for _ in range(6):
        log.append([b"x" * 30])
        assert not log.has_news()


@pytest.mark.parametrize("writer", [_MINE, _OTHER])
@pytest.mark.parametrize("before", range(4))
def test_what_another_wrote_is_news_until_it_is_read(opened: _Open, writer: str, before: int) -> None:
    """Under the same writer id or another, in a new segment or not, and however many own appends come after."""
    log = opened(_MINE)
    for _ in range(before):
        opened(writer).append([b"x" * 30])
    _read(log)
    opened(writer).append([b"theirs"])
    assert log.has_news()
    log.append([b"mine"])
    assert log.has_news()
    log.append([b"mine"])
    assert log.has_news()
    assert not _read(log).has_news()


def test_a_reading_that_was_not_finished_leaves_the_news(opened: _Open) -> None:
    """Only who has read to the end knows it."""
    log = _read(opened(_MINE))
    for _ in range(3):
        opened(_OTHER).append([b"x"])
    lines = log.read({_OTHER: Position(1, 8) if isinstance(log, FolderLog) else Position(0, 0)})
    next(lines)
    assert log.has_news()
    list(lines)
    assert not log.has_news()


def test_a_reading_from_the_very_beginning_leaves_the_news(opened: _Open) -> None:
    """Whoever checks the whole log does not take it in."""
    log = _read(opened(_MINE))
    opened(_OTHER).append([b"x"])
    assert len(list(log.read({}))) == 1
    assert log.has_news()


def test_a_torn_commit_is_no_news_and_what_takes_its_place_is(tmp_path: Path) -> None:
    """Half a record is looked at once; another that is exactly as long is seen all the same."""
    other = FolderLog(tmp_path, _OTHER)
    other.append([b"whole"])
    segment = tmp_path / f"log/{_OTHER}/0000000000000001"
    whole = segment.stat().st_size
    other.append([b"x" * 50])
    os.truncate(segment, whole + 30)
    log = _read(FolderLog(tmp_path, _MINE))
    assert not log.has_news()
    FolderLog(tmp_path, _OTHER).append([b"x" * 10])
    assert segment.stat().st_size == whole + 30
    assert log.has_news()


def test_a_segment_after_a_damaged_one_is_news(tmp_path: Path) -> None:
    """What a writer begins beside a damaged segment, which stays as it is, is not overlooked."""
    FolderLog(tmp_path, _OTHER).append([b"one"])
    (tmp_path / f"log/{_OTHER}/0000000000000001").write_bytes(b"?")
    log = _read(FolderLog(tmp_path, _MINE))
    assert not log.has_news()
    FolderLog(tmp_path, _OTHER).append([b"two"])
    assert log.has_news()


@pytest.mark.parametrize("name", ["readme", f"{_OTHER}/notes.txt"])
def test_strangers_in_the_log_folder_are_no_lasting_news(tmp_path: Path, name: str) -> None:
    """A file or folder that is none of the format's is passed over once it was seen."""
    (tmp_path / "log" / name).parent.mkdir(parents=True)
    (tmp_path / "log" / name).write_bytes(b"?")
    log = _read(FolderLog(tmp_path, _MINE))
    assert not log.has_news()
    FolderLog(tmp_path, _OTHER).append([b"x"])
    assert log.has_news()


def test_what_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    """A next segment that may be there, and cannot be looked at, is not taken for none."""
    FolderLog(tmp_path, _OTHER).append([b"one"])
    log = _read(FolderLog(tmp_path, _MINE))
    segment = tmp_path / f"log/{_OTHER}/0000000000000002"
    segment.symlink_to(segment)
    with pytest.raises(StorageError):
        log.has_news()


@pytest.mark.parametrize("gone", [f"{_OTHER}/0000000000000001", _OTHER, "."])
def test_a_log_that_is_gone_is_news(tmp_path: Path, gone: str) -> None:
    """Whoever is told to read finds out what happened."""
    FolderLog(tmp_path, _OTHER).append([b"x"])
    FolderLog(tmp_path, _MINE).append([b"x"])
    log = _read(FolderLog(tmp_path, _MINE))
    (tmp_path / "log" / gone).rename(tmp_path / "gone")
    assert log.has_news()
