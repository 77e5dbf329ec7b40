"""Files that texts in code name."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.pipeline.meeting.file_names import find_files


def test_a_text_that_names_the_whole_disk_is_followed_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be no pattern at all; to look for what fits would take minutes."""
    home = tmp_path / "home"
    (home / "work").mkdir(parents=True)
    (home / "work" / "a.csv").write_text("1")
    monkeypatch.setenv("HOME", str(home))
    root = str(home / "work")
    assert find_files(["~/**/*.csv", "/**/*.csv"], [root])[0] == ()
    assert find_files(["**/*.csv"], [root])[0] == (f"{root}/a.csv",)
