"""Two processes of one machine that write to the log by turns: each finds the end without reading all of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stook.errors import StorageError
from stook.log import FolderLog, Line

_W = "a" * 32


def _payloads(root: Path) -> list[bytes]:
    return [line.payload for line in FolderLog(root, _W).read({}) if isinstance(line, Line)]


def _segment(root: Path) -> Path:
    return root / f"log/{_W}/0000000000000001"


def test_by_turns(tmp_path: Path) -> None:
    """What two append by turns is all there, in order, over the sealing of segments."""
    logs = [FolderLog(tmp_path, _W, seal_bytes=2_000) for _ in range(2)]
    written = [b"%04d" % number for number in range(300)]
    for number, payload in enumerate(written):
        logs[number % 3 % 2].append([payload])
    assert _payloads(tmp_path) == written


@pytest.mark.parametrize("cut", [1, 5, 19, 21])
def test_a_torn_end_of_the_other(tmp_path: Path, cut: int) -> None:
    """Where the other was killed while it wrote, half a record is cut off and kept aside; whole ones before it stay."""
    log = FolderLog(tmp_path, _W)
    log.append([b"mine"])
    for payload in (b"theirs", b"torn"):
        FolderLog(tmp_path, _W).append([payload])
    size = _segment(tmp_path).stat().st_size - cut
    os.truncate(_segment(tmp_path), size)
    log.append([b"mine again"])
    assert _payloads(tmp_path) == [b"mine", b"theirs", b"mine again"]
    kept = [path for path in _segment(tmp_path).parent.iterdir() if path.name.startswith(".cut-")]
    assert [path.stat().st_size for path in kept] == [20 + len(b"torn") - cut]


def test_another_segment_in_its_place(tmp_path: Path) -> None:
    """Where what was written is not there as it was, all is read: nothing of the other log is taken for torn."""
    log = FolderLog(tmp_path / "one", _W)
    log.append([b"first"])
    written = [b"%0200d" % number for number in range(3)]
    for payload in written:
        FolderLog(tmp_path / "other", _W).append([payload])
    _segment(tmp_path / "one").write_bytes(_segment(tmp_path / "other").read_bytes())
    log.append([b"last"])
    assert _payloads(tmp_path / "one") == [*written, b"last"]


def _log_that_knows_its_end(root: Path) -> FolderLog:
    """Return a log that has nothing to list, in a folder that was last changed long ago."""
    log = FolderLog(root, _W)
    log.append([b"first"])
    os.utime(_segment(root).parent, (0, 0))
    log.append([b"second"])
    return log


def test_a_later_segment_that_was_put_there(tmp_path: Path) -> None:
    """Who has written, and looks again, goes on after what came meanwhile: others know the log up to there."""
    log = _log_that_knows_its_end(tmp_path)
    later = _segment(tmp_path).with_name("0000000000000005")
    later.write_bytes(_segment(tmp_path).read_bytes())
    log.append([b"third"])
    assert _payloads(tmp_path) == [b"first", b"second", b"first", b"second", b"third"]


def test_a_link_in_the_place_of_the_folder(tmp_path: Path) -> None:
    """Readers pass over a folder that became a link, so who writes there is told, though all in it is as it was."""
    log = _log_that_knows_its_end(tmp_path)
    folder = _segment(tmp_path).parent
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError) as caught:
        log.append([b"third"])
    assert caught.value.kind == "store-replaced"


def test_a_segment_that_was_taken_away(tmp_path: Path) -> None:
    """Nothing is written to a log whose end is gone, even where its folder shows no change."""
    log = _log_that_knows_its_end(tmp_path)
    _segment(tmp_path).unlink()
    os.utime(_segment(tmp_path).parent, (0, 0))
    with pytest.raises(StorageError) as caught:
        log.append([b"third"])
    assert caught.value.kind == "store-replaced"
