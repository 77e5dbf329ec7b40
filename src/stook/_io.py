"""Durable files: a name never points at half of its content, and survives a power cut once the call returns."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["fsync_folder", "make_folder", "read_if_present", "temp_name", "write_atomic"]

TEMP_PREFIX = ".tmp-"


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


def write_atomic(path: Path, data: bytes | Iterable[bytes | memoryview], *, exclusive: bool = False) -> None:
    """Write a whole file durably: temp file, fsync, rename, fsync of the folder.

    Args:
        path: Where the bytes shall be. Missing parent folders are made.
        data: The bytes, or pieces of them in order.
        exclusive: Refuse to replace a file that is already there.

    Raises:
        FileExistsError: `exclusive` and the name is taken; nothing was changed.
        OSError: The disk refused; nothing was changed.
    """
    make_folder(path.parent)
    temp = temp_name(path)
    try:
        with open(temp, "xb") as file:
            for piece in (data,) if isinstance(data, bytes) else data:
                file.write(piece)
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
