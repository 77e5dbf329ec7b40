"""What was read of packs in a bucket, kept on this machine's disk."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from blake3 import blake3

from stook.storage.protocol import OBJECT_LIMIT, Content, Entry, Storage, Stored

__all__ = ["CachedRanges"]

LIMIT: Final = 5 * 1024**3
_DIGEST_BYTES = 32
_PACKS = "packs/"
_LARGEST_SHARE = 8  # a range larger than this part of the limit is not kept
_SWEEP_SHARE = 32  # the folder is looked through after so many parts of the limit were written
_KEPT_SHARE = 0.9
_BLOCK_BYTES = 4096  # what the smallest file takes on most disks
_ABANDONED_SECONDS = 3600


class CachedRanges:
    """A storage whose parts of packs are asked for once. Safe to share between threads, its folder between processes.

    Packs never change, so a part that was read is as good as new. Each is a file with a digest, and one that is damaged
    is dropped. Where the folder cannot be written, or its disk is full, all is asked of the storage.

    Args:
        inner: The storage.
        folder: Where the parts are kept; may be deleted at any time.
        limit: Bytes to keep, roughly; what was not used for longest goes first.
    """

    def __init__(self, inner: Storage, folder: Path, *, limit: int = LIMIT) -> None:
        self._inner = inner
        self._folder = folder
        self._limit = limit
        self._written = 0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"CachedRanges({self._inner!r})"

    @property
    def url(self) -> str:
        """Where the storage is."""
        return self._inner.url

    @property
    def has_conditional_writes(self) -> bool:
        """What the storage has."""
        return self._inner.has_conditional_writes

    def get(self, key: str, *, limit: int = OBJECT_LIMIT) -> Stored:
        """See `Storage.get`. Always asked of the storage."""
        return self._inner.get(key, limit=limit)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See `Storage.get_range`. A pack that was deleted meanwhile may still be read."""
        if not key.startswith(_PACKS) or length <= 0 or start < 0:
            return self._inner.get_range(key, start, length)
        folder = self._folder_of(key)
        known = _find(folder, key, start, length)
        if known is None:
            known = self._inner.get_range(key, start, length)
            self._keep(folder, key, start, known)
        return known

    def get_range_anew(self, key: str, start: int, length: int) -> bytes:
        """Ask the storage, whatever is kept, and forget what is kept of this object: it may have come damaged."""
        folder = self._folder_of(key)
        with suppress(OSError):
            for part in _parts(folder):
                part.path(folder).unlink(missing_ok=True)
        return self._inner.get_range(key, start, length)

    def get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        """See `Storage.get_tail`. Always asked of the storage."""
        return self._inner.get_tail(key, length)

    def put_new(self, key: str, data: Content) -> None:
        """See `Storage.put_new`."""
        self._inner.put_new(key, data)

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """See `Storage.put_if_match`."""
        return self._inner.put_if_match(key, data, version)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """See `Storage.list`. Always asked of the storage."""
        return self._inner.list(prefix, after=after)

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        self._inner.delete(key)

    def _folder_of(self, key: str) -> Path:
        return self._folder / blake3(key.encode()).hexdigest()[:32]

    def _keep(self, folder: Path, key: str, start: int, data: bytes) -> None:
        if len(data) > self._limit // _LARGEST_SHARE:
            return
        part = _Part(start, len(data))
        digest = _digest(key, part, data)
        temporary = folder / f".{os.getpid()}-{threading.get_ident()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(digest)
                file.write(data)
            temporary.replace(part.path(folder))
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            return
        if self._is_sweep_due(digest, max(len(data), _BLOCK_BYTES)):
            _sweep(self._folder, self._limit)

    def _is_sweep_due(self, digest: bytes, size: int) -> bool:
        """Tell whether to look through the folder: every so many bytes, and by chance after fewer.

        The chance is for processes that each write little, of which none would ever come to the number.
        """
        share = max(1, self._limit // _SWEEP_SHARE)
        with self._lock:
            self._written += size
            if self._written < share and int.from_bytes(digest[:6], "big") % share >= size:
                return False
            self._written = 0
            return True


class _Part(NamedTuple):
    """Which bytes of an object: the name of their file."""

    start: int
    length: int

    def path(self, folder: Path) -> Path:
        return folder / f"{self.start}-{self.length}"

    def covers(self, start: int, length: int) -> bool:
        return self.start <= start and start + length <= self.start + self.length


class _File(NamedTuple):
    used: float
    size: int
    path: str


def _find(folder: Path, key: str, start: int, length: int) -> bytes | None:
    """Return bytes that are kept, perhaps as a part of more; the exact ones are looked for first."""
    exact = _Part(start, length)
    data = _load(folder, key, exact)
    if data is not None:
        return data
    for part in _parts(folder):
        if part != exact and part.covers(start, length) and (data := _load(folder, key, part)) is not None:
            return data[start - part.start : start - part.start + length]
    return None


def _load(folder: Path, key: str, part: _Part) -> bytes | None:
    path = part.path(folder)
    try:
        with path.open("rb") as file:
            digest = file.read(_DIGEST_BYTES)
            data = file.read(part.length + 1)
        if digest == _digest(key, part, data):
            with suppress(OSError):
                os.utime(path)
            return data
        path.unlink()
    except OSError:
        return None
    return None


def _parts(folder: Path) -> list[_Part]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    pairs = (name.split("-") for name in names if not name.startswith("."))
    return [
        _Part(int(pair[0]), int(pair[1]))
        for pair in pairs
        if len(pair) == 2 and all(map(str.isdecimal, pair))
    ]


def _digest(key: str, part: _Part, data: bytes) -> bytes:
    return blake3(f"{key}\0{part.start}\0{part.length}\0{len(data)}\0".encode()).update(data).digest()


def _sweep(folder: Path, limit: int) -> None:
    """Delete what was not used for longest until there is some room below the limit, and what others left half."""
    files = sorted(_iter_files(folder))
    size = sum(file.size for file in files)
    if size <= limit:
        return
    for file in files:
        with suppress(OSError):
            os.unlink(file.path)
            os.rmdir(os.path.dirname(file.path))  # where it was the last one
        size -= file.size
        if size <= limit * _KEPT_SHARE:
            return


def _iter_files(folder: Path) -> Iterator[_File]:
    now = time.time()
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            with suppress(OSError):
                found = os.stat(path, follow_symlinks=False)
                if not name.startswith("."):
                    yield _File(found.st_mtime, max(found.st_size, found.st_blocks * 512), path)
                elif now - found.st_mtime > _ABANDONED_SECONDS:
                    os.unlink(path)
