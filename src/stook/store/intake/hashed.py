"""A file on disk by its bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from stook.chunks.blocks import BLOCK_BYTES
from stook.chunks.split import WHOLE_BYTES, Splitter
from stook.errors import InputError

__all__ = ["Hashed", "hash_file"]


@dataclass(frozen=True, slots=True)
class Hashed:
    """What identifies bytes.

    Attributes:
        size: How many there are.
        digest: BLAKE3 of them, in hex.
        first_chunk: The id of the first chunk, where they are cut as this version cuts.
    """

    size: int
    digest: str
    first_chunk: bytes


def hash_file(path: Path) -> Hashed:
    """Read a file and return what identifies its bytes.

    Raises:
        InputError: It is no file, or cannot be read, or changes while it is read.
    """
    with _opened(path) as descriptor:
        before = os.fstat(descriptor)
        _check_file(path, before)
        hashed = _hash(descriptor, before.st_size)
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (
        after.st_size,
        after.st_mtime_ns,
    ) or hashed.size != after.st_size:
        raise InputError(
            f"{path} changed while it was read",
            kind="file-changed",
            hint="try again when nothing writes to it",
            path=str(path),
        )
    return hashed


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        # Not blocking, because opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}",
            kind="unreadable-file",
            hint="see that the file is there and that you may read it",
            path=str(path),
        ) from error


def _hash(descriptor: int, expected: int) -> Hashed:
    hasher = blake3()
    size, first_chunk = 0, b""
    block = memoryview(bytearray(min(expected + 1, BLOCK_BYTES)))
    while filled := _fill(block, descriptor):
        hasher.update(block[:filled])
        if size == 0 and expected > WHOLE_BYTES:
            end = Splitter().cut(block[:filled], final=filled < len(block))[0]
            first_chunk = blake3(block[:end]).digest()
        size += filled
    return Hashed(size, hasher.hexdigest(), first_chunk or hasher.digest())


def _fill(block: memoryview, descriptor: int) -> int:
    filled = 0
    while filled < len(block) and (got := os.readv(descriptor, [block[filled:]])):
        filled += got
    return filled


def _check_file(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise InputError(
            f"{path} is a folder",
            kind="not-a-file",
            hint="name a file in it; stook status says what was changed in a folder that was checked out",
        )
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is not a regular file", kind="not-a-file", hint="name a file")
