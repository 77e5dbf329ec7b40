"""What is in files and folders now: digests that are taken once for each state of a file."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from blake3 import blake3

from stook._io import read_if_present, write_atomic

__all__ = ["FileDigests", "State", "digest_list", "digest_names", "digests_in", "is_young", "state_of"]

State = tuple[int, int, int, int, int]
"""Mode's kind, size, time of change, inode, and time of any change to the inode; in bytes and nanoseconds."""

_YOUNG_NS: Final = 2_000_000_000
_BIG: Final = 4 * 1024 * 1024
_KEPT: Final = 2000
_FILE: Final = "digests.json"


def state_of(path: str) -> State | None:
    """Return what a file or folder looks like without reading it; None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return stat.S_IFMT(found.st_mode), found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns


class FileDigests:
    """Remembers digests of files that have not been changed for 2 seconds: a clock may tick too slowly for less.

    Args:
        folder: Where those of big files are remembered for other processes; None for nowhere.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, tuple[State, str]] = {}
        self._kept: dict[str, tuple[State, str]] | None = None

    def of(self, path: str) -> str:
        """Return the digest of a file's bytes, or of the names in a folder; empty where there is neither."""
        state = state_of(path)
        if state is None:
            return ""
        known = self._known.get(path) or self._find_kept(path, state)
        if known is not None and known[0] == state:
            return known[1]
        digest = self._read(path, state)
        if digest and not is_young(state):
            self._known[path] = state, digest
            self._keep(path, state, digest)
        return digest

    def _read(self, path: str, state: State) -> str:
        with suppress(OSError):
            if stat.S_ISDIR(state[0]):
                return digest_names(path)
            if stat.S_ISREG(state[0]):
                return _digest_bytes(path)
        return ""

    def _find_kept(self, path: str, state: State) -> tuple[State, str] | None:
        if self._folder is None or state[1] < _BIG or not stat.S_ISREG(state[0]):
            return None
        if self._kept is None:
            self._kept = _load(self._folder / _FILE)
        return self._kept.get(path)

    def _keep(self, path: str, state: State, digest: str) -> None:
        if self._folder is None or state[1] < _BIG or not stat.S_ISREG(state[0]):
            return
        kept = {**_load(self._folder / _FILE), path: (state, digest)}
        self._kept = dict(list(kept.items())[-_KEPT:])
        with suppress(OSError):  # it saves time, and is nobody's only copy
            write_atomic(self._folder / _FILE, msgspec.json.encode(self._kept))


@lru_cache(maxsize=8)
def digests_in(folder: Path) -> FileDigests:
    """Return the digests that this process shares for a folder where they are remembered."""
    return FileDigests(folder)


def is_young(state: State) -> bool:
    """Tell whether a file was changed so lately that the next change might not show in its times."""
    return max(state[2], state[4]) > time.time_ns() - _YOUNG_NS


def digest_names(path: str) -> str:
    """Return the digest of the names in a folder, and of which of them are folders. Raises OSError."""
    with os.scandir(path) as entries:
        names = sorted(f"{entry.name}/" if entry.is_dir() else entry.name for entry in entries)
    return digest_list(name for name in names if name != "__pycache__/")


def digest_list(names: Iterable[str]) -> str:
    """Return the digest of some names in order."""
    return blake3(b"\0".join(os.fsencode(name) for name in names)).hexdigest()


def _digest_bytes(path: str) -> str:
    hasher = blake3()
    with open(path, "rb", buffering=0) as file:
        while block := file.read(1 << 20):
            hasher.update(block)
    return hasher.hexdigest()


def _load(file: Path) -> dict[str, tuple[State, str]]:
    data = read_if_present(file)
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(data or b"{}", type=dict[str, tuple[State, str]])
    return {}
