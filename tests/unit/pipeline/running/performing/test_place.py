"""The current folder of a task, and what is left of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.pipeline.running.performing.place import in_folder


def test_a_folder_that_is_gone_is_nobodys_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a block that could not begin, as its folder is gone, the next one goes back to where it came from."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workspace").mkdir()
    with pytest.raises(FileNotFoundError), in_folder(tmp_path / "gone"):
        pass
    with in_folder(tmp_path / "workspace"):
        assert Path.cwd() == tmp_path / "workspace"
    assert Path.cwd() == tmp_path
