"""Chunks back into bytes, each verified against its id before anyone sees it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO, cast

from blake3 import blake3

from stook.chunks.arriving import Arriving
from stook.chunks.batch import SMALL_BYTES, check_whole, is_small, iter_small
from stook.chunks.cache import ChunkCache
from stook.chunks.compress import Bytes
from stook.chunks.fetch import ChunkFetcher, iter_ahead
from stook.chunks.file import BlobFile
from stook.chunks.index import PlacesIndex
from stook.chunks.plan import VERIFY, Part, Plan, find_parts, list_ids, make_plan, on_behalf_of
from stook.errors import IntegrityError
from stook.model.tree import Blob
from stook.storage.protocol import Storage

__all__ = ["ChunkReader"]

_CACHE_BYTES = 32 * 1024 * 1024


class ChunkReader:
    """Reads blobs. Safe to share between threads.

    Where a pack has gone or a chunk in it is damaged, other packs that have the chunk are used.

    Args:
        storage: Where the packs are.
        index: Says which packs have which chunk.
    """

    def __init__(self, storage: Storage, index: PlacesIndex) -> None:
        self._index = index
        self._fetcher = ChunkFetcher(storage, index)
        self._cache = ChunkCache(_CACHE_BYTES)

    @property
    def index(self) -> PlacesIndex:
        """Says which packs have which chunk."""
        return self._index

    def read(self, blob: Blob) -> bytes:
        """Return all bytes of a blob.

        Raises:
            IntegrityError: They are not what they were, or not there.
            StorageError: The storage cannot be reached.
        """
        return _joined(list(self.iter(blob)))

    def iter(self, blob: Blob) -> Iterator[Bytes]:
        """Yield the bytes of a blob in pieces, reading ahead.

        Each piece is verified; whether they are in all what the blob's digest says is known when the last was taken.

        Raises:
            IntegrityError: They are not what they were, or not there.
            StorageError: The storage cannot be reached.
        """
        with on_behalf_of(blob):
            if blob.data is not None:
                yield _check_inline(blob, blob.data)
                return
            plan = self._plan(blob)
            if len(plan.ends) == 1:
                _, parts = plan.overlapping(0, blob.size)
                yield from self._fetcher.read_run(parts)
                return
            whole = blake3()
            for parts in plan.groups():
                for piece in self._iter_parts(parts):
                    whole.update(piece)
                    yield piece
            check_whole(blob, whole.hexdigest())

    def iter_many(self, blobs: Iterable[Blob]) -> Iterator[tuple[int, Iterable[Bytes]]]:
        """Yield the bytes of many blobs, each with its number among them, in the order that is quickest to read.

        Small blobs come whole; the pieces of a large one are read as they are taken, and are to be taken before the
        next blob.

        Raises:
            IntegrityError: Some are not what they were, or not there; the fact `blob` is the digest of one.
            StorageError: The storage cannot be reached.
        """
        small: list[tuple[int, Blob]] = []
        others: list[tuple[int, Blob]] = []
        for number, blob in enumerate(blobs):
            (small if is_small(blob) else others).append((number, blob))
        if small:
            for group in iter_small(small, self._index, self._fetcher):
                yield from group
        for number, blob in others:
            yield number, self.iter(blob)

    def read_range(self, blob: Blob, start: int, length: int) -> bytes:
        """Return the bytes of a blob from `start`, at most `length`, fewer only at its end.

        Raises:
            IntegrityError: They are not what they were, or not there.
            StorageError: The storage cannot be reached.
        """
        if blob.data is not None:
            return _check_inline(blob, blob.data)[start : start + length]
        return self._read_planned(self._plan(blob), start, length)

    def open(self, blob: Blob, within: Callable[[], AbstractContextManager[None]] = nullcontext) -> BinaryIO:
        """Return a seekable binary file over a blob; it reads what is asked of it, and a little ahead.

        Args:
            blob: What to read.
            within: Makes a context for each reading, such as one that says in errors whose bytes these are.

        Raises:
            IntegrityError: A chunk is not there; those that are read are verified then.
        """
        if blob.data is not None:
            return io.BytesIO(_check_inline(blob, blob.data))
        plan = self._plan(blob)

        def read(start: int, length: int) -> bytes:
            with within():
                return self._read_planned(plan, start, length)

        file = BlobFile(blob.size, read, self._fetcher.most_ahead)
        return cast(BinaryIO, io.BufferedReader(file, 256 * 1024))

    def _plan(self, blob: Blob) -> Plan | Arriving:
        ids = list_ids(blob, self.read)
        if blob.size > SMALL_BYTES and (missing := set(ids).difference(here := self._index.find_here(ids))):
            sizes = {id_: place.size for id_, place in here.items()} | self._index.find_sizes(missing)
            # Where somebody lies about sizes all chunks are fetched, and another that has them may not lie.
            if missing <= sizes.keys() and sum(sizes[id_] for id_ in ids) == blob.size:
                return Arriving(blob, ids, sizes, self._index)
        return make_plan(blob, find_parts(ids, self._index))

    def _read_planned(self, plan: Plan | Arriving, start: int, length: int) -> bytes:
        end = min(start + length, plan.ends[-1])
        if start >= end:
            return b""
        base, parts = plan.overlapping(start, end)
        return _joined(self._read_parts(parts))[start - base : end - base]

    def _read_parts(self, parts: Sequence[Part]) -> list[bytes]:
        cached = self._cache.find([id_ for id_, _ in parts])
        missing = [part for part in parts if part[0] not in cached]
        for (id_, _), piece in zip(missing, self._iter_parts(missing), strict=True):
            cached[id_] = bytes(piece)  # a view would keep its whole run
            self._cache.add(id_, cached[id_])
        return [cached[id_] for id_, _ in parts]

    def _iter_parts(self, parts: Sequence[Part]) -> Iterator[Bytes]:
        runs = list(self._fetcher.iter_runs(parts))
        if len(runs) == 1:
            yield from self._fetcher.read_run(runs[0])
            return
        for pieces in iter_ahead(self._fetcher.read_run, runs, self._fetcher.workers):
            yield from pieces


def _joined(pieces: Sequence[Bytes]) -> bytes:
    return bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)


def _check_inline(blob: Blob, data: bytes) -> bytes:
    if len(data) != blob.size:
        raise IntegrityError(f"{blob.digest} is not {blob.size} bytes", kind="bad-size", hint=VERIFY)
    check_whole(blob, blake3(data).hexdigest())
    return data
