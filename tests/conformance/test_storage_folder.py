"""The storage in a folder keeps the promise of every storage, between processes too."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from stook.storage import Storage, open_storage
from stook.testing import StorageTests
from tests.conformance.racing import Contest


class TestFolder(StorageTests):
    """The suite, in a folder that does not exist at first."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        """A folder with a space in its name."""
        return open_storage(str(tmp_path / "some where" / "store"))


class TestFolderWithoutHardLinks(StorageTests):
    """The suite, on a file system that cannot give a file a second name."""

    @pytest.fixture
    def storage(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
        """A folder where `link` is refused as exFAT refuses it."""

        def refuse(*_: object) -> None:
            raise PermissionError(errno.EPERM, "no hard links here")

        monkeypatch.setattr(os, "link", refuse)
        return open_storage(str(tmp_path / "store"))


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.full)])
def test_processes_that_create(tmp_path: Path, rounds: int) -> None:
    """Of several processes with several threads each exactly one creates an object, in every round."""
    with Contest(str(tmp_path / "store")) as contest:
        contest.create(rounds=rounds)


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.full)])
def test_processes_that_replace(tmp_path: Path, rounds: int) -> None:
    """Of several processes with several threads each exactly one replaces a version, in every round."""
    with Contest(str(tmp_path / "store")) as contest:
        contest.replace(rounds=rounds)
