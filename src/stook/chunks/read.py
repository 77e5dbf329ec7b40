"""Chunks back into bytes, each verified against its id before anyone sees it."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, cast

from blake3 import blake3

from stook.chunks.cache import ChunkCache
from stook.chunks.compress import decompress_chunk
from stook.chunks.file import BlobFile
from stook.chunks.index import ChunkIndex
from stook.chunks.plan import Part, Plan, iter_runs, list_ids, make_plan
from stook.errors import IntegrityError, NotFoundError
from stook.format.packs import Location, pack_key
from stook.model.tree import Blob
from stook.storage.protocol import Storage

__all__ = ["ChunkReader"]

_AHEAD = 3
_WORKERS = 2
_CACHE_BYTES = 32 * 1024 * 1024


class ChunkReader:
    """Reads blobs. Safe to share between threads.

    Args:
        storage: Where the packs are.
        index: Says which pack has which chunk.
    """

    def __init__(self, storage: Storage, index: ChunkIndex) -> None:
        self._storage = storage
        self._index = index
        self._cache = ChunkCache(_CACHE_BYTES)

    def read(self, blob: Blob) -> bytes:
        """Return all bytes of a blob.

        Raises:
            IntegrityError: They are not what they were, or not there.
            StorageError: The storage cannot be reached.
        """
        pieces = list(self.iter(blob))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def iter(self, blob: Blob) -> Iterator[bytes]:
        """Yield the bytes of a blob in pieces, reading ahead.

        Each piece is verified; whether they are in all what the blob's digest says is known when the last was taken.

        Raises:
            IntegrityError: They are not what they were, or not there.
            StorageError: The storage cannot be reached.
        """
        if blob.data is not None:
            yield _check_inline(blob, blob.data)
            return
        plan = self._plan(blob)
        if len(plan.parts) == 1:
            yield from self._iter_parts(plan.parts)
            return
        whole = blake3()
        for piece in self._iter_parts(plan.parts):
            whole.update(piece)
            yield piece
        _check_whole(blob, whole.hexdigest())

    def read_range(self, blob: Blob, start: int, length: int) -> bytes:
        """Return the bytes of a blob from `start`, at most `length`, fewer only at its end.

        Raises:
            IntegrityError: They are not what they were, or not there.
            StorageError: The storage cannot be reached.
        """
        if blob.data is not None:
            return _check_inline(blob, blob.data)[start : start + length]
        return self._read_planned(self._plan(blob), start, length)

    def open(self, blob: Blob) -> BinaryIO:
        """Return a seekable binary file over a blob; it reads what is asked of it, and a little ahead.

        Raises:
            IntegrityError: A chunk is not there; those that are read are verified then.
        """
        if blob.data is not None:
            return io.BytesIO(_check_inline(blob, blob.data))
        plan = self._plan(blob)
        raw = BlobFile(blob.size, lambda start, length: self._read_planned(plan, start, length))
        return cast(BinaryIO, io.BufferedReader(raw, 256 * 1024))

    def _plan(self, blob: Blob) -> Plan:
        plan = make_plan(blob, list_ids(blob, self.read), self._index)
        if len(plan.parts) == 1 and plan.parts[0][0].hex() != blob.digest:
            _check_whole(blob, plan.parts[0][0].hex())
        return plan

    def _read_planned(self, plan: Plan, start: int, length: int) -> bytes:
        end = min(start + length, plan.ends[-1])
        if start >= end:
            return b""
        base, parts = plan.overlapping(start, end)
        pieces = self._read_parts(parts)
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return data[start - base : end - base]

    def _read_parts(self, parts: Sequence[Part]) -> list[bytes]:
        cached = self._cache.find([id_ for id_, _ in parts])
        missing = [part for part in parts if part[0] not in cached]
        for (id_, _), piece in zip(missing, self._iter_parts(missing), strict=True):
            cached[id_] = piece
            self._cache.add(id_, piece)
        return [cached[id_] for id_, _ in parts]

    def _iter_parts(self, parts: Sequence[Part]) -> Iterator[bytes]:
        runs = list(iter_runs(parts))
        if len(runs) == 1:
            yield from self._read_run(runs[0])
            return
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="stook-read") as pool:
            ahead: deque[Future[list[bytes]]] = deque()
            try:
                for run in runs:
                    ahead.append(pool.submit(self._read_run, run))
                    if len(ahead) > _AHEAD:
                        yield from ahead.popleft().result()
                while ahead:
                    yield from ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()

    def _read_run(self, run: Sequence[Part]) -> list[bytes]:
        first, last = run[0][1], run[-1][1]
        data = memoryview(self._fetch(first, last.offset + last.stored - first.offset))
        pieces = []
        for id_, location in run:
            start = location.offset - first.offset
            pieces.append(_decode(id_, location, data[start : start + location.stored]))
        return pieces

    def _fetch(self, first: Location, length: int) -> bytes:
        try:
            return self._storage.get_range(pack_key(first.pack), first.offset, length)
        except NotFoundError as error:
            raise IntegrityError(
                f"the pack {first.pack} is not in {self._storage.url}",
                kind="missing-pack",
                hint="restore the store from a backup",
                pack=first.pack,
            ) from error


def _decode(id_: bytes, location: Location, stored: memoryview) -> bytes:
    try:
        data = decompress_chunk(stored, location.size, location.codec)
        if blake3(data).digest() == id_:
            return data
        problem = "its bytes are not what they were"
    except IntegrityError as error:
        problem = error.message
    raise IntegrityError(
        f"the chunk {id_.hex()} in the pack {location.pack} is damaged: {problem}",
        kind="damaged-chunk",
        hint="restore the pack from a backup of the store",
        pack=location.pack,
        chunk=id_.hex(),
    )


def _check_inline(blob: Blob, data: bytes) -> bytes:
    if len(data) != blob.size:
        raise IntegrityError(
            f"{blob.digest} is not {blob.size} bytes", kind="bad-size", hint="restore the store from a backup"
        )
    _check_whole(blob, blake3(data).hexdigest())
    return data


def _check_whole(blob: Blob, digest: str) -> None:
    if digest != blob.digest:
        raise IntegrityError(
            f"the bytes of {blob.digest} have another digest, {digest}",
            kind="wrong-digest",
            hint="restore the store from a backup",
        )
