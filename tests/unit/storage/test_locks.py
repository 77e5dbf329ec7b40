"""Locks on a disk that has none, and locks that a forked process has too."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stook.errors import StorageError
from stook.log import FolderLog
from stook.storage.folder import FolderStorage
from stook.store.packs.lease import FolderGate


def _swap(root: Path) -> None:
    FolderStorage(root).put_if_match("key", b"new", FolderStorage(root).get("key").version)


def _commit(root: Path) -> None:
    FolderLog(root, "f" * 32).append([b"record"])


def _write(root: Path) -> None:
    FolderGate(root).lease().hold()


def _collect(root: Path) -> None:
    with FolderGate(root).collecting():
        pass


@pytest.mark.parametrize("act", [_swap, _commit, _write, _collect])
def test_a_disk_without_locks_is_an_error_and_leaves_nothing_open(
    act: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever needs a lock is told that the disk has none, and may try as often as they like."""
    FolderStorage(tmp_path).put_new("key", b"old")

    def refuse(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(StorageError) as caught:
            act(tmp_path)
        assert caught.value.kind == "no-locks"
    del caught
    assert len(os.listdir("/proc/self/fd")) == before
