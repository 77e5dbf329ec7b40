"""Many blobs at once, and packs that go or are damaged while someone reads them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest

from stook.chunks import ChunkReader, ChunkWriter, MemoryIndex
from stook.errors import IntegrityError
from stook.format.packs import PackEntry, pack_key
from stook.model.tree import Blob
from stook.storage import open_storage
from stook.testing.faults import FaultyStorage

KIB, MIB = 1024, 1024 * 1024


class _Room:
    """A store of chunks in memory."""

    def __init__(self) -> None:
        self.storage = FaultyStorage(open_storage("memory:"), ())
        self.index = MemoryIndex()
        self.reader = ChunkReader(self.storage, self.index)

    def keep(self, *contents: bytes) -> tuple[list[Blob], str]:
        writer = ChunkWriter(self.storage, self.index)
        blobs = [writer.add_bytes(data) for data in contents]
        (pack,) = writer.flush()
        return blobs, pack

    def repack(self, pack: str, wanted: Sequence[Blob], *, known: bool) -> str:
        """Write the chunks of some blobs to another pack, with one more so that its name differs."""
        index = MemoryIndex()
        writer = ChunkWriter(self.storage, index)
        for blob in wanted:
            writer.add_bytes(self.reader.read(blob))
        writer.add_bytes(random.Random(pack).randbytes(5 * KIB))
        (new,) = writer.flush()
        if known:
            self.learn(new, index, wanted)
        return new

    def learn(self, pack: str, index: MemoryIndex, wanted: Sequence[Blob]) -> None:
        for blob in wanted:
            for id_ in map(bytes.fromhex, blob.chunks or (blob.digest,)):
                at = index.find([id_])[id_]
                self.index.add(pack, [PackEntry(id_, at.offset, at.stored, at.size, at.codec)])

    def lose(self, pack: str) -> None:
        self.storage.delete(pack_key(pack))

    def damage(self, pack: str, *, cut: bool = False) -> None:
        data = bytearray(self.storage.get(pack_key(pack)).data)
        data[8 : len(data) - 600] = bytes(byte ^ 1 for byte in data[8 : len(data) - 600])
        self.lose(pack)
        self.storage.put_new(pack_key(pack), bytes(data[:100] if cut else data))

    def range_requests(self) -> int:
        return sum(operation.name == "get_range" for operation in self.storage.log)


@pytest.fixture
def room() -> _Room:
    """An empty store of chunks."""
    return _Room()


def _noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def test_many_blobs_of_every_size_come_back_by_number(room: _Room) -> None:
    """Inline, small, of several chunks, large and repeated ones: each once, whole and with its own number."""
    sizes = [0, 10, 5 * KIB, 300 * KIB, MIB + 1, 5 * KIB, 3 * MIB, 200 * KIB]
    contents = [_noise(size, number % 5) for number, size in enumerate(sizes)] + [_noise(5 * KIB, 2)]
    blobs, _ = room.keep(*contents)
    read = [(number, b"".join(pieces)) for number, pieces in room.reader.iter_many(blobs)]
    assert sorted(number for number, _ in read) == list(range(len(contents)))
    assert all(data == contents[number] for number, data in read)


def test_a_thousand_small_blobs_take_few_requests(room: _Room) -> None:
    """Neighbours in a pack are read together, whatever the order in which they are asked for."""
    contents = [_noise(10_000, number) for number in range(1000)]
    blobs, _ = room.keep(*contents)
    random.Random(1).shuffle(blobs)
    before = room.range_requests()
    assert sum(1 for _ in room.reader.iter_many(blobs)) == 1000
    assert room.range_requests() - before <= 4


@pytest.mark.parametrize("many", [False, True])
def test_a_pack_that_goes_while_it_is_read_is_looked_for_elsewhere(room: _Room, many: bool) -> None:
    """A chunk whose pack was packed anew is read from the new pack, and the old one is not asked for again."""
    contents = [_noise(10_000, 1), _noise(600 * KIB, 2)]
    blobs, pack = room.keep(*contents)
    room.repack(pack, blobs, known=True)
    room.lose(pack)
    if many:
        assert sorted(b"".join(p) for _, p in room.reader.iter_many(blobs)) == sorted(contents)
    else:
        assert [room.reader.read(blob) for blob in blobs] == contents
    assert room.reader.read(blobs[0]) == contents[0]
    assert room.storage.log[-1].key != pack_key(pack)


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("many", [False, True])
def test_a_damaged_chunk_is_read_from_a_pack_that_has_it_whole(room: _Room, cut: bool, many: bool) -> None:
    """With flipped bits or cut short, a pack does no harm where another has the same chunks."""
    contents = [_noise(10_000, 1), _noise(600 * KIB, 2)]
    blobs, pack = room.keep(*contents)
    room.repack(pack, blobs, known=True)
    room.damage(pack, cut=cut)
    if many:
        assert sorted(b"".join(p) for _, p in room.reader.iter_many(blobs)) == sorted(contents)
    else:
        assert [room.reader.read(blob) for blob in blobs] == contents
    with room.reader.open(blobs[1]) as file:
        file.seek(70_000)
        assert file.read(5) == contents[1][70_000:70_005]


def test_damage_before_a_pack_that_went_is_survived_by_a_third(room: _Room) -> None:
    """Of three packs with a chunk, one damaged and one gone, the third is used."""
    (blob,), first = room.keep(_noise(10_000, 1))
    second = room.repack(first, [blob], known=True)
    third = room.repack(second, [blob], known=True)
    assert third != second
    room.damage(first)
    room.lose(second)
    assert room.reader.read(blob) == _noise(10_000, 1)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(("harm", "kind"), [("lose", "missing-pack"), ("damage", "damaged-chunk")])
def test_what_is_nowhere_is_named_with_its_blob(room: _Room, harm: str, kind: str, many: bool) -> None:
    """The error names the chunk, the pack, and as a fact the blob; and it says what to type."""
    blobs, pack = room.keep(_noise(10_000, 1), _noise(600 * KIB, 2))
    getattr(room, harm)(pack)
    read = room.reader.iter_many if many else lambda wanted: map(room.reader.read, wanted)
    with pytest.raises(IntegrityError) as caught:
        list(read(blobs))
    assert caught.value.kind == kind
    assert caught.value.facts["blob"] in {blob.digest for blob in blobs}
    assert str(caught.value.facts["chunk"]) in caught.value.message
    assert caught.value.hint == "stook verify --deep"


def test_one_bad_blob_among_many_is_the_one_that_is_named(room: _Room) -> None:
    """A blob whose chunk is unknown, or whose chunks are not its bytes, is told from its good neighbours."""
    good, _ = room.keep(*(_noise(10_000, number) for number in range(20)))
    (split,), _ = room.keep(_noise(600 * KIB, 30))
    unknown = msgspec.structs.replace(good[0], digest="0" * 64)
    lying = msgspec.structs.replace(split, chunks=tuple(reversed(split.chunks or ())))
    for bad in (unknown, lying, msgspec.structs.replace(good[3], size=9_999)):
        with pytest.raises(IntegrityError) as caught:
            list(room.reader.iter_many([*good, bad]))
        assert caught.value.facts["blob"] == bad.digest
