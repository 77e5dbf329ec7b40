"""A storage in a folder: durable, exclusive and lock-guarded writes on a POSIX file system."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from blake3 import blake3

from stook._io import fsync_folder, make_folder, write_atomic
from stook.errors import ConflictError, InputError, IntegrityError, NotFoundError
from stook.storage.checks import check_key, check_prefix, check_range, check_size
from stook.storage.disk_errors import translate_os_errors
from stook.storage.locks import locked
from stook.storage.paths import locate, open_regular, walk
from stook.storage.protocol import OBJECT_LIMIT, Content, Entry, Stored
from stook.storage.urls import local_path

__all__ = ["FolderStorage", "open_folder"]

# Starts with a dot, as temporary names do, and so can neither be a key nor be listed.
_LOCK_NAME = ".lock"
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})


def open_folder(url: str, options: Mapping[str, str]) -> FolderStorage:
    """Open the folder of a `file:` URL; it need not exist yet.

    Raises:
        InputError: The URL names no folder on this machine, or options are given, of which there are none.
    """
    root = local_path(url)
    if options:
        raise InputError(
            f"a folder takes no options, but got {', '.join(sorted(options))}",
            kind="bad-option",
            hint="leave them out, or name a bucket, such as s3://BUCKET/PREFIX",
        )
    return FolderStorage(root)


class FolderStorage:
    """Objects as files below one folder, which the first write makes.

    The version of an object is the BLAKE3 of its bytes. Compare-and-swap and deletion take one lock file in the folder,
    so that they are exact between processes wherever `flock` is. Symbolic links below the folder are refused, never
    followed; names that are no keys are left alone.

    Args:
        root: The folder; a link here is followed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._settled: set[Path] = set()

    def __repr__(self) -> str:
        return f"FolderStorage({str(self._root)!r})"

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    @property
    def url(self) -> str:
        """Where this is, as a `file:` URL."""
        return self._root.as_uri()

    @property
    def has_conditional_writes(self) -> bool:
        """Always: a file's name and a lock see to it."""
        return True

    def get(self, key: str, *, limit: int = OBJECT_LIMIT) -> Stored:
        """See `Storage.get`."""
        with self._opened(key) as descriptor, open(descriptor, "rb", closefd=False) as file:
            check_size(self._root / key, os.fstat(descriptor).st_size, limit)
            data = file.read()
        return Stored(data, _version(data))

    def get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        """See `Storage.get_tail`."""
        check_range(0, length)
        with self._opened(key) as descriptor:
            size = os.fstat(descriptor).st_size
            start = max(0, size - length)
            return _read_range(descriptor, start, size - start), size

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See `Storage.get_range`."""
        check_range(start, length)
        with self._opened(key) as descriptor:
            size = os.fstat(descriptor).st_size
            data = _read_range(descriptor, start, length) if start + length <= size else b""
        if start + length > size or len(data) < length:
            raise IntegrityError(
                f"{self._root / key} has {size} bytes and ends before byte {start + length}",
                kind="truncated",
                key=key,
            )
        return data

    def put_new(self, key: str, data: Content) -> None:
        """See `Storage.put_new`."""
        path = locate(self._root, key)
        with translate_os_errors(path):
            self._settle(path.parent)
            try:
                self._write_new(path, data)
            except FileExistsError:
                if path.is_dir():
                    raise OSError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
                # The caller may build on what is there, and its writer may not have come to this point yet.
                fsync_folder(path.parent)
                raise ConflictError(f"{path} exists already", kind="already-exists", key=key) from None

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """See `Storage.put_if_match`."""
        with self._opened(key):
            pass  # the lock is for what exists
        path = locate(self._root, key)
        with translate_os_errors(path), self._locked():
            if self.get(key, limit=sys.maxsize).version != version:
                raise ConflictError(f"{path} was changed by someone else", kind="changed", key=key)
            write_atomic(path, data)
        return _version(data)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """See `Storage.list`."""
        prefix = check_prefix(prefix)
        return walk(self._root, f"{prefix}/" if prefix else "", check_key(after) if after else "")

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        try:
            with self._opened(key):
                pass  # nothing to delete needs no lock, which a folder that is only read could not give
        except NotFoundError:
            return
        path = locate(self._root, key)
        with translate_os_errors(path), self._locked():
            path.unlink(missing_ok=True)
            fsync_folder(path.parent)

    @contextmanager
    def _opened(self, key: str) -> Iterator[int]:
        path = locate(self._root, key)
        with translate_os_errors(path):
            try:
                descriptor = open_regular(path)
            except FileNotFoundError:
                raise NotFoundError(f"there is no {path}", kind="object-not-found", key=key) from None
            try:
                yield descriptor
            finally:
                os.close(descriptor)

    def _locked(self) -> AbstractContextManager[None]:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        return locked(os.open(self._root / _LOCK_NAME, flags, 0o666))

    def _settle(self, folder: Path) -> None:
        """Make a folder, and its name durable even where another process made it and has not come so far."""
        if folder in self._settled:
            return
        if folder != self._root:
            self._settle(folder.parent)
        make_folder(folder)
        if folder != self._root:
            fsync_folder(folder.parent)
        self._settled.add(folder)

    def _write_new(self, path: Path, data: Content) -> None:
        _refuse_existing(path)
        try:
            write_atomic(path, data, exclusive=True)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            with self._locked():
                _refuse_existing(path)
                write_atomic(path, data)


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _read_range(descriptor: int, start: int, length: int) -> bytes:
    data = os.pread(descriptor, length, start)
    if len(data) == length:
        return data
    pieces = [data]  # one call reads at most 2 GiB
    while data and (got := sum(map(len, pieces))) < length:
        data = os.pread(descriptor, length - got, start + got)
        pieces.append(data)
    return b"".join(pieces)


def _version(data: bytes) -> str:
    return blake3(data).hexdigest()
