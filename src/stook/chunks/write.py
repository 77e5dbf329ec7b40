"""Bytes, streams and files into chunks."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from blake3 import blake3

from stook.chunks.blob import BlobBuilder
from stook.chunks.blocks import BLOCK_BYTES, BlockPool
from stook.chunks.index import ChunkIndex
from stook.chunks.packing import Packer
from stook.chunks.sink import Sink
from stook.chunks.split import WHOLE_BYTES, Splitter
from stook.errors import InputError
from stook.format.limits import INLINE_BYTES
from stook.format.packs import PackEnd
from stook.model.tree import Blob
from stook.storage.protocol import Storage

__all__ = ["ChunkWriter", "ReadFile", "Seen"]

_INLINE_BUDGET = 24 * 1024
_INLINE_ALWAYS = 128
_READ_BYTES = 256 * 1024

Seen = tuple[int, int, int, int, int, int]
"""Size, times of the last change of content and of anything (ns since the epoch), inode, device, mode of a file."""


class ReadFile(NamedTuple):
    """A file that was stored.

    Attributes:
        blob: Its content.
        listing: The ids of its chunks, 32 bytes each, where `blob` has a listing; else empty.
        status: Its status before it was read; None where that is what the caller had seen.
    """

    blob: Blob
    listing: bytes
    status: os.stat_result | None


class ChunkWriter:
    """Stores content as chunks; what is stored already is not stored again. For one thread.

    Nothing can be read back, and nothing may refer to the blobs, before `flush` has returned. Short content lives in
    its blob: always where it is no longer than its digest would be, else until a budget is spent, so that small bundles
    need no pack and the descriptions of large ones stay small.

    Args:
        storage: Where packs go.
        index: Says which chunks are known, and is told of new packs.
        area: `"data"`, or `"meta"` for descriptions, which can so be fetched without data.
        inline: Whether there is a budget for short content.
    """

    def __init__(
        self, storage: Storage, index: ChunkIndex, area: str = "data", *, inline: bool = True
    ) -> None:
        if area not in {"data", "meta"}:
            raise InputError(f"{area!r} is not an area of packs", kind="bad-area", hint="use data or meta")
        self._storage = storage
        self._index = index
        self._area = area
        self._pool = BlockPool()
        self._packer: Packer | None = None
        self._budget = self._inline_left = _INLINE_BUDGET if inline else 0

    def add_bytes(self, data: bytes) -> Blob:
        """Store some bytes."""
        if len(data) <= WHOLE_BYTES:
            return self._add_whole(data)
        sink = self.sink()
        sink.write(data)
        sink.close()
        return sink.blob

    def add_stream(self, reader: BinaryIO) -> Blob:
        """Store what is left to read of a binary file."""
        sink = self.sink()
        while piece := reader.read(_READ_BYTES):
            sink.write(piece)
        sink.close()
        return sink.blob

    def add_file(self, path: str | os.PathLike[str]) -> Blob:
        """Store a file.

        Raises:
            InputError: It cannot be read, is no regular file, or changes while it is read.
        """
        return self.read_file(path).blob

    def read_file(self, path: str | os.PathLike[str], seen: Seen | None = None) -> ReadFile:
        """Store a file, and say what is needed to know it again. Raises what `add_file` does.

        Args:
            path: The file.
            seen: Its status as the caller saw it before; saves a call to the system where it is short and unchanged.
        """
        try:
            # Not blocking, because opening a pipe would wait for its writer.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                return self._read_open(path, descriptor, seen)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise InputError(
                f"{path} cannot be read: {error.strerror or error}",
                kind="unreadable-file",
                hint="see that the file is there and that you may read it",
                path=os.fspath(path),
            ) from error

    def known(self, ids: Sequence[bytes]) -> set[bytes]:
        """Return those of some chunks that are stored already and can be relied on."""
        return set(self._index.find(ids))

    def has_packs(self, ends: Collection[PackEnd]) -> bool:
        """Tell whether all that lies in some packs is stored already and can be relied on."""
        return self._index.has_packs(ends)

    def sink(self) -> Sink:
        """Return a file to write content to; after its `close()` its `blob` is there."""
        return Sink(self.add_bytes, self._new_builder, self._pool)

    def push(self) -> None:
        """Begin to write what was added, where nothing more comes; who has other work does it before `flush`.

        Raises:
            StorageError: The storage refused.
        """
        if self._packer is not None:
            self._packer.push()

    def flush(self) -> tuple[str, ...]:
        """Make all that was added durable and known to the index; return the names of new packs, such as `data/3f…`.

        Raises:
            StorageError: The storage refused.
        """
        self._inline_left = self._budget
        names = self._packer.flush() if self._packer is not None else ()
        self._pool.clear()
        return names

    def _read_open(self, path: str | os.PathLike[str], descriptor: int, seen: Seen | None = None) -> ReadFile:
        if seen is not None and seen[0] <= WHOLE_BYTES:
            data = _read_whole(descriptor, seen[0])
            if len(data) == seen[0] and _is_as_seen(os.fstat(descriptor), seen):
                return ReadFile(self._add_whole(data), b"", None)
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise InputError(f"{path} is not a regular file", kind="not-a-file", hint="add files and folders")
        if before.st_size <= WHOLE_BYTES:
            os.lseek(descriptor, 0, os.SEEK_SET)
            data = _read_whole(descriptor, before.st_size)
            _refuse_change(path, before, os.fstat(descriptor), len(data))
            return ReadFile(self._add_whole(data), b"", before)
        builder = self._new_builder()
        size = 0
        for block, ends in self._iter_blocks(descriptor, before.st_size):
            builder.feed(block, ends)
            size += ends[-1]
        blob = builder.finish()
        _refuse_change(path, before, os.fstat(descriptor), size)
        return ReadFile(blob, builder.listing if blob.listing else b"", before)

    def _add_whole(self, data: bytes) -> Blob:
        size, id_ = len(data), blake3(data).digest()
        if size <= _INLINE_ALWAYS or size <= min(INLINE_BYTES, self._inline_left):
            self._inline_left -= size if size > _INLINE_ALWAYS else 0
            return Blob(size, id_.hex(), data=data)
        self._packing().add(id_, data)
        return Blob(size, id_.hex())

    def _packing(self) -> Packer:
        """Return the packer, made for the first chunk: most bundles are so small that they have none."""
        if self._packer is None:
            self._packer = Packer(self._storage, self._index, self._area, self._pool)
        return self._packer

    def _new_builder(self) -> BlobBuilder:
        return BlobBuilder(self._packing(), self.add_bytes)

    def _iter_blocks(self, descriptor: int, size: int) -> Iterator[tuple[memoryview, list[int]]]:
        """Yield blocks of a file that begin where a chunk does, and the ends of the chunks in them."""
        splitter = Splitter()
        position = 0
        while position < size:
            room = self._pool.take() if size >= BLOCK_BYTES else memoryview(bytearray(size + 1))
            block = room[: _read_into(room, descriptor, position)]
            if not block:
                return
            ends = splitter.cut(block, final=len(block) < len(room))
            yield block, ends
            position += ends[-1]


def _read_whole(descriptor: int, size: int) -> bytes:
    """Return what a file of `size` bytes holds; one byte more, or less, where it has changed."""
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    while len(data) <= size and (piece := os.read(descriptor, size + 1 - len(data))):
        data += piece
    return data


def _is_as_seen(now: os.stat_result, seen: Seen) -> bool:
    return (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino, now.st_dev, now.st_mode) == seen


def _read_into(block: memoryview, descriptor: int, position: int) -> int:
    """Fill a block and return how many bytes came, fewer only at the end of the file."""
    filled = 0
    while filled < len(block) and (got := os.preadv(descriptor, [block[filled:]], position + filled)):
        filled += got
    return filled


def _refuse_change(
    path: str | os.PathLike[str], before: os.stat_result, after: os.stat_result, size: int
) -> None:
    if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and size == after.st_size:
        return
    raise InputError(
        f"{Path(path)} changed while it was read",
        kind="file-changed",
        hint="add it again when nothing writes to it",
        path=os.fspath(path),
    )
