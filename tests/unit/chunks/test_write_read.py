"""Content into chunks and back, over a storage that counts what is asked of it."""

from __future__ import annotations

import io
import os
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from blake3 import blake3

from stook.chunks import ChunkReader, ChunkWriter, Location, MemoryIndex, PackEntry, read_pack_index
from stook.chunks.split import COARSE, FINE_UNTIL, WHOLE_BYTES
from stook.errors import ConflictError, FormatError, InputError, IntegrityError, NotFoundError, StorageError
from stook.format.packs import pack_key, parse_pack
from stook.model.tree import Blob
from stook.storage import open_storage
from stook.storage.protocol import OBJECT_LIMIT, Content, Entry, Storage, Stored

KIB, MIB = 1024, 1024 * 1024


class _Counting:
    """A storage that notes each request and passes it on."""

    def __init__(self) -> None:
        self.inner: Storage = open_storage("memory:")
        self.requests: list[tuple[str, str, int]] = []

    @property
    def url(self) -> str:
        return self.inner.url

    @property
    def has_conditional_writes(self) -> bool:
        return self.inner.has_conditional_writes

    def get(self, key: str, *, limit: int = OBJECT_LIMIT) -> Stored:
        self.requests.append(("get", key, 0))
        return self.inner.get(key, limit=limit)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        self.requests.append(("get_range", key, length))
        return self.inner.get_range(key, start, length)

    def get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        self.requests.append(("get_tail", key, length))
        return self.inner.get_tail(key, length)

    def put_new(self, key: str, data: Content) -> None:
        size = len(data) if isinstance(data, bytes) else sum(map(len, data))
        self.requests.append(("put_new", key, size))
        self.inner.put_new(key, data)

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        return self.inner.put_if_match(key, data, version)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        self.requests.append(("list", prefix, 0))
        return self.inner.list(prefix, after=after)

    def delete(self, key: str) -> None:
        self.inner.delete(key)

    def count(self, verb: str) -> int:
        return sum(request[0] == verb for request in self.requests)


class _Room:
    """A storage, an index, and what works on them."""

    def __init__(self) -> None:
        self.storage = _Counting()
        self.index = MemoryIndex()
        self.reader = ChunkReader(self.storage, self.index)

    def writer(self, area: str = "data") -> ChunkWriter:
        return ChunkWriter(self.storage, self.index, area)

    def keep(self, data: bytes) -> Blob:
        writer = self.writer()
        blob = writer.add_bytes(data)
        writer.flush()
        return blob

    def stored_bytes(self) -> int:
        return sum(entry.size for entry in self.storage.inner.list())


@pytest.fixture
def room() -> _Room:
    """Return an empty store of chunks in memory."""
    return _Room()


def _noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def _text(size: int, seed: int = 0) -> bytes:
    pick = random.Random(seed)
    line = b"%d,customer-%d,%d.%02d,2026-01-%02d\n"
    lines = []
    length = 0
    while length < size:
        numbers = (pick.randrange(10**6), pick.randrange(5000), pick.randrange(300), pick.randrange(100))
        lines.append(line % (*numbers, pick.randrange(1, 29)))
        length += len(lines[-1])
    return b"".join(lines)[:size]


SIZES = [0, 1, 128, 129, 4096, 4097, WHOLE_BYTES, WHOLE_BYTES + 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [_noise, _text])
def test_every_way_in_gives_the_same_blob_and_content(
    room: _Room, tmp_path: Path, size: int, make: object
) -> None:
    """Bytes, a stream, a sink written in odd pieces and a file give one blob, which reads back in every way."""
    assert callable(make)
    data = make(size)
    path = tmp_path / "file"
    path.write_bytes(data)
    writers = [room.writer() for _ in range(4)]
    sink = writers[2].sink()
    for start in range(0, size, 100_003):
        sink.write(memoryview(data)[start : start + 100_003])
    assert sink.tell() == size
    sink.close()
    blobs = [
        writers[0].add_bytes(data),
        writers[1].add_stream(io.BytesIO(data)),
        sink.blob,
        writers[3].add_file(path),
    ]
    for writer in writers:
        writer.flush()
    assert all(blob == blobs[0] for blob in blobs)
    assert blobs[0].size == size
    assert blobs[0].digest == blake3(data).hexdigest()
    assert room.reader.read(blobs[0]) == data
    assert b"".join(room.reader.iter(blobs[0])) == data
    with room.reader.open(blobs[0]) as file:
        assert file.read() == data
    middle = size // 2
    assert room.reader.read_range(blobs[0], middle, 1000) == data[middle : middle + 1000]
    assert room.reader.read_range(blobs[0], size, 1000) == b""


def test_short_content_is_inline_until_the_budget_is_spent(room: _Room) -> None:
    """Small bundles need no pack; descriptions of large ones stay small."""
    writer = room.writer()
    blobs = [writer.add_bytes(_noise(4000, seed)) for seed in range(20)]
    tiny = writer.add_bytes(b"x" * 128)
    assert 0 < sum(blob.data is not None for blob in blobs) < 10
    assert sum(len(blob.data) for blob in blobs if blob.data) <= 24 * KIB
    assert tiny.data is not None
    assert len(writer.flush()) == 1
    assert all(room.reader.read(blob) == _noise(4000, seed) for seed, blob in enumerate(blobs))


def test_what_is_known_is_not_stored_again(room: _Room) -> None:
    """A second writer of the same content writes no pack; within one writer a repetition costs nothing."""
    data = _noise(3 * MIB)
    writer = room.writer()
    assert writer.add_bytes(data) == writer.add_bytes(data)
    (name,) = writer.flush()
    assert room.stored_bytes() < 3 * MIB + 10 * KIB
    again = room.writer()
    again.add_bytes(data)
    assert again.flush() == ()
    assert room.storage.count("put_new") == 1
    assert room.index.find([entry.id for entry in read_pack_index(room.storage, name)])


@pytest.mark.parametrize("make", [_noise, _text])
def test_a_small_change_costs_little(room: _Room, make: object) -> None:
    """Bytes inserted in the middle, or appended, cost a few chunks and not the file."""
    assert callable(make)
    data = make(8 * MIB)
    first = room.keep(data)
    before = room.stored_bytes()
    middle = len(data) // 2
    changed = data[:middle] + b"inserted" + data[middle:] + b"appended"
    second = room.keep(changed)
    assert room.stored_bytes() - before < 0.1 * before
    assert room.reader.read(first) == data
    assert room.reader.read(second) == changed


def test_large_incompressible_content_is_cut_coarsely(room: _Room, tmp_path: Path) -> None:
    """Beyond the fine part chunks are large, whichever way the content came in, and appending changes no cut."""
    data = _noise(FINE_UNTIL + 24 * MIB)
    path = tmp_path / "large"
    path.write_bytes(data)
    writer = room.writer()
    blob = writer.add_file(path)
    assert blob.listing is not None
    assert blob == writer.add_stream(io.BytesIO(data)) == writer.add_bytes(data)
    path.write_bytes(data + _noise(5 * MIB, 1))
    longer = writer.add_file(path)
    writer.flush()
    sizes, ids = _chunks(room, blob)
    coarse_from = next(at for at in range(len(sizes)) if sum(sizes[:at]) >= FINE_UNTIL)
    assert max(sizes[:coarse_from]) <= 256 * KIB
    assert min(sizes[coarse_from:-1]) >= COARSE.least
    assert _chunks(room, longer)[1][: len(ids) - 1] == ids[:-1]
    assert room.reader.read(blob) == data
    assert room.reader.read_range(blob, FINE_UNTIL - 5, 10) == data[FINE_UNTIL - 5 : FINE_UNTIL + 5]


def _chunks(room: _Room, blob: Blob) -> tuple[list[int], list[bytes]]:
    assert blob.listing is not None
    listing = room.reader.read(blob.listing)
    ids = [listing[at : at + 32] for at in range(0, len(listing), 32)]
    found = room.index.find(ids)
    return [found[id_].size for id_ in ids], ids


def test_packs_are_named_by_their_content_and_parse(room: _Room) -> None:
    """A pack's name is its digest, and its index lists its chunks; both areas are apart."""
    names = []
    for area in ("data", "meta"):
        writer = room.writer(area)
        writer.add_bytes(_text(300 * KIB))
        room.index = MemoryIndex()
        names += writer.flush()
    assert [name.split("/")[0] for name in names] == ["data", "meta"]
    data = room.storage.inner.get(pack_key(names[0])).data
    assert names[0] == "data/" + blake3(data).hexdigest()
    assert parse_pack(data) == read_pack_index(room.storage, names[0])
    with pytest.raises(InputError):
        room.writer("other")


def test_long_content_goes_into_several_packs(room: _Room) -> None:
    """Packs are bounded, and the index knows all of them after the flush."""
    data = _noise(60 * MIB)
    writer = room.writer()
    blob = writer.add_bytes(data)
    names = writer.flush()
    assert len(names) == 3
    assert room.reader.read(blob) == data
    assert writer.flush() == ()


def test_a_pack_that_someone_else_wrote_first_is_fine(room: _Room) -> None:
    """Two writers that do not know of each other write the same pack once, and both succeed."""
    first, second = room.writer(), ChunkWriter(room.storage, MemoryIndex())
    assert first.add_bytes(_noise(MIB)) == second.add_bytes(_noise(MIB))
    assert first.flush() == second.flush()


def test_neighbouring_chunks_are_read_with_one_request(room: _Room) -> None:
    """Reading a file asks the storage once for each run of chunks, not once for each chunk."""
    blob = room.keep(_noise(6 * MIB))
    assert blob.listing is not None
    room.storage.requests.clear()
    room.reader.read(blob)
    assert room.storage.count("get_range") <= 3


def test_content_that_compresses_well_is_not_decompressed_all_at_once(room: _Room) -> None:
    """Many megabytes in few stored bytes are read in several steps, so memory stays bounded."""
    blob = room.keep(bytes(40 * MIB))
    assert room.stored_bytes() < MIB
    room.storage.requests.clear()
    assert sum(len(piece) for piece in room.reader.iter(blob)) == 40 * MIB
    assert room.storage.count("get_range") >= 4


def test_a_file_over_a_blob_seeks_and_reads_only_what_is_needed(room: _Room) -> None:
    """A small read from a large blob fetches the chunks it touches, and once only."""
    data = _noise(6 * MIB)
    with room.reader.open(room.keep(data)) as file:
        room.storage.requests.clear()
        assert file.seek(-10, os.SEEK_END) == len(data) - 10
        assert file.read() == data[-10:]
        assert file.seek(3 * MIB) == 3 * MIB
        assert file.read(5) == data[3 * MIB : 3 * MIB + 5]
        asked = sum(length for verb, _, length in room.storage.requests if verb == "get_range")
        assert asked < 1.5 * MIB
        file.seek(MIB)
        assert file.read(5) == data[MIB : MIB + 5]
        requests = len(room.storage.requests)
        file.seek(3 * MIB)
        assert file.read(5) == data[3 * MIB : 3 * MIB + 5]
        assert len(room.storage.requests) == requests


def test_every_damaged_byte_of_a_chunk_is_found(room: _Room) -> None:
    """A flipped bit in a stored chunk, raw or compressed, is an IntegrityError that names pack and chunk."""
    for data in (_noise(5000), _text(20_000)):
        blob = _Room.keep(room, data)
        blob = msgspec.structs.replace(blob, data=None)
        writer = room.writer()
        writer._inline_left = 0
        writer.add_bytes(data)
        writer.flush()
        location = room.index.find([bytes.fromhex(blob.digest)])[bytes.fromhex(blob.digest)]
        key = pack_key(location.pack)
        good = room.storage.inner.get(key).data
        for at in range(location.offset, location.offset + location.stored, 97):
            damaged = bytearray(good)
            damaged[at] ^= 16
            _replace(room, key, bytes(damaged))
            with pytest.raises(IntegrityError) as caught:
                room.reader.read(blob)
            assert location.pack in caught.value.message
            assert blob.digest in caught.value.message
            assert "verify" in caught.value.hint
        _replace(room, key, good)
        assert room.reader.read(blob) == data


def _replace(room: _Room, key: str, data: bytes) -> None:
    room.storage.inner.delete(key)
    room.storage.inner.put_new(key, data)


def test_sizes_that_lie_are_found(room: _Room) -> None:
    """An index that promises fewer, more, or other bytes than there are is an IntegrityError."""
    data = _text(100_000)
    blob = room.keep(data)
    id_ = bytes.fromhex(blob.digest)
    right = room.index.find([id_])[id_]
    for change in (
        {"size": 99_999},
        {"size": 2**30},
        {"codec": 0},
        {"codec": 7},
        {"stored": right.stored - 1},
    ):
        index = MemoryIndex()
        wrong: Location = msgspec.structs.replace(right, **change)
        index.add(wrong.pack, [PackEntry(id_, wrong.offset, wrong.stored, wrong.size, wrong.codec)])
        lying = msgspec.structs.replace(blob, size=wrong.size)
        with pytest.raises(IntegrityError):
            ChunkReader(room.storage, index).read(lying)
    parts = room.keep(_noise(600 * KIB))
    for size in (parts.size - 1, parts.size + 1):
        with pytest.raises(IntegrityError):
            room.reader.open(msgspec.structs.replace(parts, size=size))


def test_missing_chunks_and_packs_are_named(room: _Room) -> None:
    """What is in no known pack, and a pack that is gone, are an IntegrityError with a next step."""
    blob = room.keep(_noise(MIB))
    with pytest.raises(IntegrityError) as caught:
        ChunkReader(room.storage, MemoryIndex()).read(blob)
    assert caught.value.kind == "missing-chunk"
    for entry in list(room.storage.inner.list()):
        room.storage.inner.delete(entry.key)
    with pytest.raises(IntegrityError) as caught:
        room.reader.read(blob)
    assert caught.value.kind == "missing-pack"


def test_a_blob_that_lies_about_its_whole_is_found(room: _Room) -> None:
    """Chunks that are right but in another order, or inline bytes with another digest, are an IntegrityError."""
    blob = room.keep(_noise(600 * KIB))
    assert blob.chunks is not None
    swapped = msgspec.structs.replace(blob, chunks=tuple(reversed(blob.chunks)))
    inline = Blob(3, blake3(b"abc").hexdigest(), data=b"abd")
    for lying in (swapped, inline, Blob(2, blake3(b"abc").hexdigest(), data=b"abc")):
        with pytest.raises(IntegrityError):
            room.reader.read(lying)
    with pytest.raises(IntegrityError):
        room.reader.open(inline)
    listed = Blob(5, "0" * 64, listing=Blob(3, blake3(b"abc").hexdigest(), data=b"abc"))
    with pytest.raises(FormatError):
        room.reader.read(listed)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """Growth during the reading is noticed, and the error names the file and says what to do."""
    path = tmp_path / "growing"
    path.write_bytes(_text(20 * MIB))

    class Meddling(MemoryIndex):
        def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
            with path.open("ab") as file:
                file.write(b"more")
            return {}

    writer = ChunkWriter(open_storage("memory:"), Meddling())
    with pytest.raises(InputError) as caught:
        writer.add_file(path)
    assert caught.value.kind == "file-changed"
    assert str(path) in caught.value.message
    assert "again" in caught.value.hint


def test_a_file_that_holds_more_than_its_size_is_refused(room: _Room) -> None:
    """One that grows between the look and the reading is noticed, however short it is."""
    path = Path("/proc/self/status")
    if not path.exists():
        pytest.skip("there is no /proc here")
    with pytest.raises(InputError) as caught:
        room.writer().add_file(path)
    assert caught.value.kind == "file-changed"


@pytest.mark.parametrize("size", [0, 5000, WHOLE_BYTES + 1, 3 * MIB, 9 * MIB])
def test_a_file_says_what_it_takes_to_know_it_again(room: _Room, tmp_path: Path, size: int) -> None:
    """Its status before the reading, and the ids of its chunks where only a listing has them; all become known."""
    path = tmp_path / "file"
    path.write_bytes(_text(size))
    writer = room.writer()
    read = writer.read_file(path)
    assert read.blob == room.writer().add_bytes(path.read_bytes())
    assert read.status is not None
    assert os.path.samestat(read.status, path.stat())
    assert (read.status.st_size, read.status.st_mtime_ns) == (size, path.stat().st_mtime_ns)
    ids = [read.listing[at : at + 32] for at in range(0, len(read.listing), 32)]
    assert (read.blob.listing is not None) == bool(ids)
    assert writer.known(ids) == set()
    writer.flush()
    assert writer.known([*ids, bytes(32)]) == set(ids)
    if read.blob.listing is not None:
        assert room.reader.read(read.blob.listing) == read.listing


def test_packs_that_are_written_at_once_are_all_there(room: _Room) -> None:
    """Several packs may be on their way to a slow storage; the flush waits for all of them, or tells of the failure."""
    gate = threading.Event()
    waiting: list[str] = []

    class Slow(_Counting):
        def put_new(self, key: str, data: Content) -> None:
            waiting.append(key)
            if len(waiting) == 2:
                gate.set()
            if not gate.wait(timeout=60):
                raise StorageError("no second pack came while the first was written", kind="test")
            super().put_new(key, data)

    room.storage = Slow()
    room.reader = ChunkReader(room.storage, room.index)
    data = _noise(100 * MIB)
    writer = room.writer()
    blob = writer.add_bytes(data)
    names = writer.flush()
    assert len(names) == len(set(names)) == 5
    assert room.reader.read(blob) == data


def test_what_is_no_readable_file_is_refused(room: _Room, tmp_path: Path) -> None:
    """A missing file, a folder and a pipe are an InputError; the pipe does not block."""
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", ".", "pipe"):
        with pytest.raises(InputError) as caught:
            room.writer().add_file(tmp_path / name)
        assert caught.value.hint


def test_a_sink_that_is_not_closed_keeps_nothing(room: _Room) -> None:
    """There is no blob before the end, and nothing is taken after it."""
    sink = room.writer().sink()
    sink.write(b"abc")
    with pytest.raises(ValueError, match="not closed"):
        _ = sink.blob
    sink.close()
    sink.close()
    assert sink.blob.size == 3
    with pytest.raises(ValueError, match="closed"):
        sink.write(b"d")


def test_a_storage_that_refuses_is_heard(room: _Room) -> None:
    """An error of the storage reaches the caller of flush, now and when it tries again, and nothing is registered."""

    class Refusing(_Counting):
        def put_new(self, key: str, data: Content) -> None:
            raise NotFoundError("no bucket", kind="no-bucket")

    index = MemoryIndex()
    writer = ChunkWriter(Refusing(), index)
    blob = writer.add_bytes(_noise(200 * KIB))
    with pytest.raises(NotFoundError):
        writer.flush()
    assert blob.chunks is not None
    assert index.find([bytes.fromhex(chunk) for chunk in blob.chunks]) == {}
    writer.add_bytes(_noise(200 * KIB))
    with pytest.raises(StorageError) as again:
        writer.flush()
    assert again.value.kind == "writer-failed"


def test_no_threads_are_left_after_a_flush(room: _Room) -> None:
    """A writer's threads end with its flush, a reader's with its reading."""
    before = set(threading.enumerate())
    writer = room.writer()
    blob = writer.add_bytes(_noise(9 * MIB))
    writer.flush()
    room.reader.read(blob)
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_the_index_of_a_missing_or_foreign_pack_is_refused(room: _Room) -> None:
    """A pack that is not there is a NotFoundError; other bytes under its name are a FormatError."""
    name = "data/" + "0" * 64
    with pytest.raises(NotFoundError):
        read_pack_index(room.storage, name)
    for data in (b"x", b"x" * 100):
        room.storage.inner.delete(pack_key(name))
        room.storage.inner.put_new(pack_key(name), data)
        with pytest.raises(FormatError):
            read_pack_index(room.storage, name)
    with pytest.raises(ConflictError):
        room.storage.put_new(pack_key(name), b"y")


def test_a_long_index_is_read_whole(room: _Room) -> None:
    """An index longer than the first guess takes a second request."""
    writer = room.writer()
    writer._inline_left = 0
    for number in range(2000):
        writer.add_bytes(_noise(200, number))
    (name,) = writer.flush()
    assert len(read_pack_index(room.storage, name)) == 2000
