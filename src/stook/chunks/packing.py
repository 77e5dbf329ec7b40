"""New chunks on their way into packs: what is known is dropped, the rest compressed in threads and written durably."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, ParamSpec, TypeVar

from blake3 import blake3

from stook.chunks.compress import Bytes, Packed, compress_chunks
from stook.chunks.index import ChunkIndex
from stook.errors import ConflictError, StorageError
from stook.format.packs import MAGIC, PackEntry, build_footer, pack_key
from stook.storage.protocol import Storage

__all__ = ["PACK_BYTES", "Packer"]

PACK_BYTES: Final = 24 * 1024 * 1024  # below 32 MiB malloc reuses memory; above, each pack costs fresh pages
_BATCH_BYTES = 2 * 1024 * 1024
_BATCH_CHUNKS = 512
_IN_FLIGHT = 6
_ALONE_BYTES = 1024 * 1024
_WORKERS = 2
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Pack:
    name: str
    entries: tuple[PackEntry, ...]


class Packer:
    """Takes chunks, writes packs. For one thread; it has threads of its own while there is much to do.

    Args:
        storage: Where packs go.
        index: Says which chunks are known, and is told of new packs once they are durable.
        area: `"data"` or `"meta"`.
    """

    def __init__(self, storage: Storage, index: ChunkIndex, area: str) -> None:
        self._storage = storage
        self._index = index
        self._area = area
        self._batch: list[tuple[bytes, Bytes]] = []
        self._batch_bytes = 0
        self._compressing: deque[Future[list[Packed]]] = deque()
        self._writing: Future[_Pack] | None = None
        self._unregistered: set[bytes] = set()
        self._names: list[str] = []
        self._pool: ThreadPoolExecutor | None = None
        self._failed = False
        self._clear_pack()

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

    def flush(self) -> tuple[str, ...]:
        """Write all that was taken, durably; return the names of the packs written since the last flush.

        Raises:
            StorageError: The storage refused.
        """
        with self._all_or_nothing():
            self._send_batch()
            while self._compressing:
                self._collect()
            if self._entries:
                self._close_pack()
            self._await_pack()
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None
        self._unregistered.clear()
        names, self._names = tuple(self._names), []
        return names

    def submit(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run something in the packer's threads."""
        return self._threads().submit(work, *args, **kwargs)

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
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="stook-chunks")
        return self._pool

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
        if self._pool is None and size < _ALONE_BYTES and self._packed == 0:
            self._append(compress_chunks(batch))
            return
        while len(self._compressing) >= _IN_FLIGHT:
            self._collect()
        self._compressing.append(self._threads().submit(compress_chunks, batch))

    def _collect(self) -> None:
        self._append(self._compressing.popleft().result())

    def _append(self, chunks: list[Packed]) -> None:
        for id_, codec, size, stored in chunks:
            length = len(stored)
            self._entries.append(PackEntry(id_, self._packed, length, size, codec))
            self._pieces.append(stored)
            self._packed += length
            if self._packed >= PACK_BYTES:
                self._close_pack()

    def _close_pack(self) -> None:
        self._await_pack()
        entries = tuple(self._entries)
        data = b"".join((*self._pieces, build_footer(entries)))
        self._clear_pack()
        if self._pool is None:
            self._register(self._write(data, entries))
        else:
            self._writing = self._pool.submit(self._write, data, entries)

    def _clear_pack(self) -> None:
        self._entries: list[PackEntry] = []
        self._pieces: list[Bytes] = [MAGIC]
        self._packed = len(MAGIC)

    def _write(self, data: bytes, entries: tuple[PackEntry, ...]) -> _Pack:
        name = f"{self._area}/{blake3(data).hexdigest()}"
        with suppress(ConflictError):  # the name is the digest of the content: someone has written the same
            self._storage.put_new(pack_key(name), data)
        return _Pack(name, entries)

    def _await_pack(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            self._register(writing.result())

    def _register(self, pack: _Pack) -> None:
        self._index.add(pack.name, pack.entries)
        self._names.append(pack.name)
        self._unregistered.difference_update([entry.id for entry in pack.entries])
