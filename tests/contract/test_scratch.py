"""`./dev test` has its temporary files in memory, where there is room and nobody says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.scratch import NEEDED, has_room, scratch


@pytest.fixture
def plenty(tmp_path: Path) -> Path:
    """What a machine says that has a kibibyte more memory than is needed."""
    return _says(tmp_path, NEEDED + 1024)


def _says(folder: Path, available: int) -> Path:
    memory = folder / "meminfo"
    memory.write_text(f"MemTotal: 99999999 kB\nMemAvailable: {available // 1024} kB\n", encoding="ascii")
    return memory


def test_where_there_is_little_memory_the_disk_is_used(tmp_path: Path, plenty: Path) -> None:
    """Nothing goes to memory that has no room, or of which nobody knows whether it has."""
    assert not has_room(tmp_path / "absent", plenty)
    assert not has_room(tmp_path, tmp_path / "absent")
    assert not has_room(tmp_path, _says(tmp_path, NEEDED - 1024))


def test_what_the_tests_leave_is_deleted(
    tmp_path: Path, plenty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is new for each run, others may pass through, and it is gone after it with all that is in it."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage(NEEDED))
    with scratch({}, tmp_path, plenty) as variables:
        folder = Path(variables["TMPDIR"])
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o711
        (folder / "left").mkdir()
    assert not folder.exists()


def test_a_folder_that_the_caller_names_is_used(
    tmp_path: Path, plenty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sets TMPDIR has the tests' files there."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage(NEEDED))
    with scratch({"TMPDIR": "/elsewhere"}, tmp_path, plenty) as variables:
        assert variables == {}


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free
