"""Reading over a network: several requests are under way at once, and neighbours share one."""

from __future__ import annotations

import random
import threading
from pathlib import Path

from stook.chunks import ChunkReader, ChunkWriter, MemoryIndex
from stook.chunks.fetch import ChunkFetcher
from stook.model.tree import Blob
from stook.storage import open_storage
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.testing import FaultyStorage

MIB = 1024 * 1024


class _Meeting(FaultyStorage):
    """Answers no request for a large range before several are under way at once."""

    def __init__(self, inner: Storage, count: int) -> None:
        super().__init__(inner)
        self.missing = threading.Semaphore(count - 1)
        self.met = threading.Event()

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See `Storage.get_range`."""
        if length > MIB // 2:
            if not self.missing.acquire(blocking=False):
                self.met.set()
            assert self.met.wait(20)
        return super().get_range(key, start, length)


def _written(data: bytes) -> tuple[Storage, MemoryIndex, Blob]:
    storage, index = open_storage("memory:"), MemoryIndex()
    writer = ChunkWriter(storage, index)
    blob = writer.add_bytes(data)
    writer.flush()
    return storage, index, blob


def test_a_large_blob_comes_in_parallel_ranges() -> None:
    """At least four ranges of a large blob are asked for at once, and all of it comes in order."""
    data = random.Random(1).randbytes(60 * MIB)
    storage, index, blob = _written(data)
    reader = ChunkReader(_Meeting(storage, 4), index)
    assert b"".join(reader.iter(blob)) == data


def test_small_blobs_come_in_parallel_ranges() -> None:
    """The same holds for many small blobs, in groups."""
    storage, index = open_storage("memory:"), MemoryIndex()
    writer = ChunkWriter(storage, index)
    contents = [random.Random(seed).randbytes(MIB - seed) for seed in range(32)]
    blobs = [writer.add_bytes(content) for content in contents]
    writer.flush()
    reader = ChunkReader(_Meeting(storage, 4), index)
    found = {number: b"".join(pieces) for number, pieces in reader.iter_many(blobs)}
    assert [found[number] for number in range(32)] == contents


def test_larger_gaps_are_bridged_over_a_network(tmp_path: Path) -> None:
    """Two chunks with 200 KB between them come by one request over a network, and by two from a disk."""
    contents = [random.Random(seed).randbytes(100_000) for seed in range(4)]
    counts = []
    for storage in (open_storage("memory:"), FolderStorage(tmp_path)):
        index = MemoryIndex()
        writer = ChunkWriter(storage, index)
        ids = [bytes.fromhex(writer.add_bytes(content).digest) for content in contents]
        writer.flush()
        fetcher = ChunkFetcher(storage, index)
        parts = [(id_, index.find([id_])[id_]) for id_ in (ids[0], ids[3])]
        found = fetcher.read_sorted(parts)
        assert [bytes(found[id_]) for id_, _ in parts] == [contents[0], contents[3]]
        counts.append(len(list(fetcher.iter_runs(parts))))
    assert counts == [1, 2]


def test_a_cold_read_of_one_chunk_takes_one_request() -> None:
    """What is known to be in a pack is read without another look at the pack."""
    storage, index, blob = _written(random.Random(1).randbytes(20_000))
    watched = FaultyStorage(storage)
    ChunkReader(watched, index).read(blob)
    assert [op.name for op in watched.log] == ["get_range"]
