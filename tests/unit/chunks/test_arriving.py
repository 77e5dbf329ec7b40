"""Blobs whose chunks are elsewhere: only what is read is fetched, more for who reads on, and lies are found."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from pathlib import Path

import pytest
from blake3 import blake3

from stook.chunks import ChunkReader, ChunkWriter, MemoryIndex
from stook.errors import IntegrityError, StorageError
from stook.format.packs import Location
from stook.model.tree import Blob
from stook.storage.folder import FolderStorage

KIB = 1024
MIB = 1024 * KIB


class _Elsewhere(MemoryIndex):
    """Has all chunks, of which those count as being here that were asked for once."""

    def __init__(self) -> None:
        super().__init__()
        self.here: set[bytes] = set()
        self.asked: list[int] = []
        self.refused: set[bytes] = set()
        self.away: set[bytes] = set()
        self.lies: Callable[[bytes, int], int] = lambda _, size: size

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `ChunkIndex.find`."""
        if not self.refused.isdisjoint(ids):
            raise IntegrityError("one is damaged there", kind="damaged-chunk")
        found = super().find(ids)
        came = found.keys() - self.away
        self.asked.append(sum(found[id_].size for id_ in came - self.here))
        self.here.update(came)
        if not self.away.isdisjoint(ids):
            raise StorageError("some are away", kind="remote-unreachable")
        return found

    def find_here(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `PlacesIndex.find_here`."""
        return {id_: place for id_, place in super().find(ids).items() if id_ in self.here}

    def find_sizes(self, ids: Collection[bytes]) -> dict[bytes, int]:
        """See `PlacesIndex.find_sizes`."""
        return {id_: self.lies(id_, place.size) for id_, place in super().find(list(ids)).items()}


class _Room:
    def __init__(self, folder: Path, size: int, times: int = 1) -> None:
        self.data = random.Random(size).randbytes(size) * times
        self.storage, self.index = FolderStorage(folder), _Elsewhere()
        writer = ChunkWriter(self.storage, self.index)
        self.blob: Blob = writer.add_bytes(self.data)
        writer.flush()
        self.reader = ChunkReader(self.storage, self.index)
        self.reader.read(self.blob.listing)  # type: ignore[arg-type]
        self.forget()

    def forget(self) -> None:
        """Let all chunks of the content be elsewhere again."""
        self.index.here = {bytes.fromhex(str(self.blob.listing and self.blob.listing.digest))}
        self.index.asked.clear()

    def ids(self) -> list[bytes]:
        """Return the ids of all chunks."""
        listing = self.reader.read(self.blob.listing)  # type: ignore[arg-type]
        return [listing[at : at + 32] for at in range(0, len(listing), 32)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> _Room:
    """A blob of 40 MiB in chunks of less than 256 KiB."""
    return _Room(tmp_path_factory.mktemp("written"), 40 * MIB)


@pytest.fixture
def room(written: _Room) -> _Room:
    """The same, with nothing of it here."""
    written.forget()
    written.index.refused, written.index.away = set(), set()
    written.index.lies = lambda _, size: size
    return written


def test_a_range_takes_its_own_chunks_alone(room: _Room) -> None:
    """One mebibyte in the middle takes little more than that, and what came is not fetched again."""
    with room.reader.open(room.blob) as file:
        for _ in range(2):
            file.seek(20 * MIB)
            assert file.read(MIB) == room.data[20 * MIB : 21 * MIB]
    assert sum(room.index.asked) < 2 * MIB
    assert room.reader.read_range(room.blob, 5 * MIB, 1000) == room.data[5 * MIB : 5 * MIB + 1000]
    assert sum(room.index.asked) < 3 * MIB


def test_who_reads_on_is_fetched_for_ahead(room: _Room) -> None:
    """From the beginning to the end all comes once, in few parts, each no larger than what came before it."""
    read = bytearray()
    with room.reader.open(room.blob) as file:
        while piece := file.read(300 * KIB):
            read += piece
            assert sum(room.index.asked) <= 2 * len(read) + 2 * MIB
    assert read == room.data
    assert sum(room.index.asked) == len(room.data)
    assert len([size for size in room.index.asked if size]) < 10


def test_what_comes_again_is_fetched_once(tmp_path: Path) -> None:
    """Content that repeats is read to its end, in pieces or all at once, and is no reason to fetch less ahead."""
    room = _Room(tmp_path, 5 * MIB, times=6)
    with room.reader.open(room.blob) as file:
        assert b"".join(iter(lambda: file.read(300 * KIB), b"")) == room.data
    assert len([size for size in room.index.asked if size]) < 7
    room.forget()
    assert b"".join(islice(room.reader.iter(room.blob), 1000)) == room.data
    assert sum(room.index.asked) < 6 * MIB


def test_pieces_come_as_they_are_taken(room: _Room) -> None:
    """Who takes the first pieces of all has a few mebibytes fetched; who takes all has all, each chunk once."""
    pieces = iter(room.reader.iter(room.blob))
    assert room.data.startswith(bytes(next(pieces)))
    assert sum(room.index.asked) < 6 * MIB
    room.forget()
    assert b"".join(room.reader.iter(room.blob)) == room.data
    assert sum(room.index.asked) == len(room.data)


def test_what_was_not_asked_for_may_be_damaged(room: _Room) -> None:
    """A chunk that would be fetched ahead and cannot be had is in the way of nobody who does not read it."""
    ids = room.ids()
    before = sum(room.index.find_sizes(ids[:100]).values())
    room.index.refused = {ids[100]}
    file = ChunkReader(room.storage, room.index).open(room.blob)
    pieces = iter(lambda: file.read(200 * KIB), b"")
    assert b"".join(islice(pieces, before // (200 * KIB) - 1)) == room.data[: file.tell()]
    with pytest.raises(IntegrityError, match="damaged there"):
        list(islice(pieces, 4))


def test_what_was_not_asked_for_may_be_away(room: _Room) -> None:
    """Where what would be fetched ahead cannot be reached, what was asked for is read all the same if it came."""
    ids = room.ids()
    room.index.away = set(ids[100:])
    file = room.reader.open(room.blob)
    pieces = iter(lambda: file.read(200 * KIB), b"")
    before = sum(room.index.find_sizes(ids[:100]).values())
    assert b"".join(islice(pieces, before // (200 * KIB) - 1)) == room.data[: file.tell()]
    with pytest.raises(StorageError, match="away"):
        list(islice(pieces, 4))


def test_sizes_that_were_not_true_are_found(room: _Room) -> None:
    """Where two chunks are said to end elsewhere than they do, neither is given out, though in all it is as much."""
    ids = room.ids()
    wrong = {ids[50]: -1000, ids[60]: 1000}
    room.index.lies = lambda id_, size: size + wrong.get(id_, 0)
    with room.reader.open(room.blob) as file, pytest.raises(IntegrityError) as caught:
        file.read()
    assert caught.value.kind == "bad-size"


def test_sizes_that_cannot_be_are_no_reason_not_to_read(room: _Room) -> None:
    """Where those that are said are not as many bytes as the blob, all of it is fetched, and then they are known."""
    wrong = room.ids()[50]
    room.index.lies = lambda id_, size: size + (id_ == wrong)
    assert room.reader.read_range(room.blob, 20 * MIB, 1000) == room.data[20 * MIB : 20 * MIB + 1000]
    assert sum(room.index.asked) == len(room.data)


def test_the_only_chunk_is_the_blob(room: _Room) -> None:
    """A blob that is said to be one chunk, and another than it, is refused before anything is fetched."""
    size = 2 * MIB
    chunk, forged = (Blob(size, blake3(os.urandom(8)).hexdigest()) for _ in range(2))
    listing = Blob(32, blake3(bytes.fromhex(chunk.digest)).hexdigest(), data=bytes.fromhex(chunk.digest))
    room.index.find_sizes = lambda ids: dict.fromkeys(ids, size)  # type: ignore[method-assign]
    with pytest.raises(IntegrityError, match="only chunk"):
        list(room.reader.iter(Blob(size, forged.digest, listing=listing)))
    del room.index.find_sizes  # type: ignore[method-assign]
    assert room.index.asked == []


def test_where_sizes_are_not_known_all_is_fetched(room: _Room) -> None:
    """Who has the chunks and does not say how large they are is asked for all of them."""
    room.index.find_sizes = lambda ids: {}  # type: ignore[method-assign]
    with room.reader.open(room.blob) as file:
        file.seek(MIB)
        assert file.read(10) == room.data[MIB : MIB + 10]
    del room.index.find_sizes  # type: ignore[method-assign]
    assert sum(room.index.asked) == len(room.data)
