"""New chunks on their way into packs: what is known is dropped, the rest compressed in threads and written durably."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec
from blake3 import blake3

from stook.chunks.assembly import Assembly
from stook.chunks.blocks import BlockPool
from stook.chunks.compress import Bytes, Packed, compress_chunks
from stook.chunks.index import ChunkIndex
from stook.errors import ConflictError, StorageError
from stook.format.packs import PackEntry, pack_key
from stook.storage.protocol import Storage

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["PACK_BYTES", "Packer"]

PACK_BYTES: Final = 24 * 1024 * 1024
_BATCH_BYTES = 2 * 1024 * 1024
_BATCH_CHUNKS = 512
_IN_FLIGHT = 6
_ALONE_BYTES = 1024 * 1024
_WORKERS = 2
_WRITERS = 2


class _Pack(msgspec.Struct, frozen=True):
    name: str
    entries: tuple[PackEntry, ...]


class Packer:
    """Takes chunks, writes packs. For one thread; it has threads of its own while there is much to do.

    Args:
        storage: Where packs go.
        index: Says which chunks are known, and is told of new packs once they are durable.
        area: `"data"` or `"meta"`.
        pool: Lends memory; the chunks that are taken may be views of its blocks.
    """

    def __init__(self, storage: Storage, index: ChunkIndex, area: str, pool: BlockPool) -> None:
        self._storage = storage
        self._pool = pool
        self._index = index
        self._area = area
        self._batch: list[tuple[bytes, Bytes]] = []
        self._batch_bytes = 0
        self._compressing: deque[Future[list[Packed]]] = deque()
        self._writing: deque[Future[_Pack]] = deque()
        self._unregistered: set[bytes] = set()
        self._names: list[str] = []
        self._executor: ThreadPoolExecutor | None = None
        self._writers: ThreadPoolExecutor | None = None
        self._failed = False
        self._assembly = Assembly(pool)

    def add(self, id_: bytes, data: Bytes) -> None:
        """Take a chunk."""
        if id_ in self._unregistered:
            return
        self._unregistered.add(id_)
        self._batch.append((id_, data))
        self._batch_bytes += len(data)
        if self._batch_bytes >= _BATCH_BYTES or len(self._batch) >= _BATCH_CHUNKS:
            with self._all_or_nothing():
                self._send_batch()

    def push(self) -> None:
        """Begin to write all that was taken, as `flush` does, which is to be called later.

        Raises:
            StorageError: The storage refused.
        """
        with self._all_or_nothing():
            self._send_batch()
            while self._compressing:
                self._collect()
            if not self._assembly.is_empty:
                self._close_pack()

    def flush(self) -> tuple[str, ...]:
        """Write all that was taken, durably; return the names of the packs written since the last flush.

        Raises:
            StorageError: The storage refused.
        """
        self.push()
        with self._all_or_nothing():
            while self._writing:
                self._await_pack()
        for executor in (self._executor, self._writers):
            if executor is not None:
                executor.shutdown(wait=False)
        self._executor = self._writers = None
        self._unregistered.clear()
        names, self._names = tuple(self._names), []
        return names

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Refuse to go on after an error: chunks may be lost that later content relies on."""
        if self._failed:
            raise StorageError(
                f"an earlier write to {self._storage.url} failed, so what was added cannot be kept",
                kind="writer-failed",
                hint="mend what the earlier error names, then add everything again",
            )
        self._failed = True
        yield
        self._failed = False

    def _threads(self) -> ThreadPoolExecutor:
        if self._executor is None:
            self._executor = _threads(_WORKERS, "stook-chunks")
        return self._executor

    def _send_batch(self) -> None:
        batch, size = self._batch, self._batch_bytes
        self._batch, self._batch_bytes = [], 0
        if not batch:
            return
        known = self._index.find([id_ for id_, _ in batch])
        if known:
            self._unregistered.difference_update(known)
            batch = [chunk for chunk in batch if chunk[0] not in known]
            if sum(len(data) for _, data in batch) < size // 2:
                batch = [(id_, bytes(data)) for id_, data in batch]  # lest a few keep large blocks in memory
        if self._executor is None and size < _ALONE_BYTES and self._assembly.is_empty:
            self._append(compress_chunks(batch))
            return
        while len(self._compressing) >= _IN_FLIGHT:
            self._collect()
        self._compressing.append(self._threads().submit(compress_chunks, batch))

    def _collect(self) -> None:
        self._append(self._compressing.popleft().result())

    def _append(self, chunks: list[Packed]) -> None:
        for chunk in chunks:
            self._assembly.add(chunk)
            if self._assembly.size >= PACK_BYTES:
                self._close_pack()

    def _close_pack(self) -> None:
        while len(self._writing) >= _WRITERS:
            self._await_pack()
        entries, pieces = self._assembly.entries, self._assembly.finish()
        self._assembly = Assembly(self._pool)
        if self._executor is None:
            self._register(self._write(pieces, entries))
            return
        # Apart from the other threads: who waits for the disk must not hold up who computes.
        if self._writers is None:
            self._writers = _threads(_WRITERS, "stook-packs")
        self._writing.append(self._writers.submit(self._write, pieces, entries))

    def _write(self, pieces: Sequence[Bytes], entries: tuple[PackEntry, ...]) -> _Pack:
        digest = blake3()
        for piece in pieces:
            digest.update(piece)
        name = f"{self._area}/{digest.hexdigest()}"
        try:
            self._storage.put_new(pack_key(name), pieces)
        except ConflictError:  # the name is the digest of the content: someone has written the same
            self._require_same(name)
        return _Pack(name, entries)

    def _require_same(self, name: str) -> None:
        """See that a pack that is there already is not damaged, before anything relies on it."""
        if blake3(self._storage.get(pack_key(name)).data).hexdigest() != name.partition("/")[2]:
            raise StorageError(
                f"the pack {name} in {self._storage.url} is damaged, and what is written now has the same content",
                kind="damaged-pack",
                hint="stook verify --deep moves it out of the way; then add this again",
            )

    def _await_pack(self) -> None:
        self._register(self._writing.popleft().result())

    def _register(self, pack: _Pack) -> None:
        self._index.add(pack.name, pack.entries)
        self._names.append(pack.name)
        self._unregistered.difference_update([entry.id for entry in pack.entries])


def _threads(count: int, name: str) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # takes long, and most bundles are small

    return ThreadPoolExecutor(count, thread_name_prefix=name)
