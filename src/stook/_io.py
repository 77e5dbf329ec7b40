"""Durable files: a name never points at half of its content, and survives a power cut once the call returns."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["fsync_folder", "make_folder", "read_if_present", "temp_name", "write_atomic"]

TEMP_PREFIX = ".tmp-"
_PAGE_BYTES = 4096


def temp_name(path: Path) -> Path:
    """Return an unused name beside `path`, on the same file system, that listings skip."""
    return path.with_name(f"{TEMP_PREFIX}{os.urandom(8).hex()}")


def fsync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, with durable names.

    Raises:
        OSError: Something else has the name, or the disk refused.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        try:
            path.mkdir()
        except FileExistsError:
            if not path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
        fsync_folder(path.parent)


def write_atomic(
    path: Path, data: bytes | Iterable[bytes | memoryview], *, exclusive: bool = False, cached: bool = True
) -> None:
    """Write a whole file durably: temp file, fsync, rename, fsync of the folder.

    Args:
        path: Where the bytes shall be. Missing parent folders are made.
        data: The bytes, or pieces of them in order.
        exclusive: Refuse to replace a file that is already there.
        cached: Keep it in the system's cache; if not, what are whole pages of memory go past it where that can be.

    Raises:
        FileExistsError: `exclusive` and the name is taken; nothing was changed.
        OSError: The disk refused; nothing was changed.
    """
    make_folder(path.parent)
    temp = temp_name(path)
    try:
        with open(temp, "xb") as file:
            for piece in (data,) if isinstance(data, bytes) else data:
                if cached:
                    file.write(piece)
                else:
                    _write_past_cache(file.fileno(), memoryview(piece))
            file.flush()
            os.fsync(file.fileno())
        if exclusive:
            os.link(temp, path)
        else:
            os.replace(temp, path)
            fsync_folder(path.parent)
            return
    finally:
        temp.unlink(missing_ok=True)
    fsync_folder(path.parent)


def read_if_present(path: Path) -> bytes | None:
    """Return a file's bytes, or None where there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write_past_cache(descriptor: int, piece: memoryview) -> None:
    """Write a piece that comes where a page of the file begins; the last may end anywhere."""
    direct = len(piece) // _PAGE_BYTES * _PAGE_BYTES
    if direct and _pass_cache(descriptor, True):
        _write_all(descriptor, piece[:direct])
        _pass_cache(descriptor, False)
        piece = piece[direct:]
    _write_all(descriptor, piece)


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except OSError as error:
            if error.errno != errno.EINVAL or not _pass_cache(descriptor, False):
                raise


def _pass_cache(descriptor: int, wanted: bool) -> bool:
    """Let writes go past the cache, or not; return whether that is another way than before."""
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    direct = getattr(os, "O_DIRECT", 0)
    if bool(flags & direct) == wanted or not direct:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags ^ direct)
    except OSError:
        return False
    return True
