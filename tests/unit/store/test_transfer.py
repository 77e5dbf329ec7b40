"""Chunks from one repository to another: what goes over, in what packs, and what happens when something is wrong."""

from __future__ import annotations

import random
import threading
import tracemalloc
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import zstandard
from blake3 import blake3

from stook.chunks import ChunkWriter, Location, MemoryIndex, PackEntry, read_pack_index
from stook.errors import IntegrityError, StorageError
from stook.format.packs import CODEC_RAW, CODEC_ZSTD, MAGIC, build_footer, pack_key
from stook.model.tree import Blob
from stook.storage import open_storage
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store.packs.chunk_index import learn_packs, list_packs
from stook.store.packs.condemned import put_list
from stook.store.packs.copying import Copier, is_salt
from stook.store.remotes.lanes import Lanes
from stook.store.remotes.report import Progress, Transferred
from stook.store.remotes.transfer import transfer
from stook.store.remotes.wanted import Wanted, iter_wanted
from stook.store.repository import Repository, open_on
from stook.testing import Crash, Fault, FaultProxy, FaultyStorage, Operation, ProxyFault
from stook.testing.faults import FaultKind
from tests.servers.moto_s3 import S3Bucket

KIB = 1024


@dataclass
class Sides:
    """Two repositories; a storage that is no folder remembers what was asked of it."""

    folder: Path
    storages: tuple[Storage, Storage]

    def __post_init__(self) -> None:
        self.opened = 0
        self.source, self.target = self.open(0), self.open(1)

    def open(self, side: int, faults: Sequence[Fault] = (), cache: str = "") -> Repository:
        """Open one of them; without the name of a cache, as a machine that knows nothing of it."""
        self.opened += 1
        storage = self.storages[side]
        if not isinstance(storage, FolderStorage):
            storage = FaultyStorage(storage, faults)
        cache_folder = self.folder / (cache or f"cache{self.opened}")
        return open_on(storage, cache=cache_folder, owner="tester")

    def send(
        self, ids: Iterable[bytes], *, share: float = 1.0, target: Repository | None = None
    ) -> Transferred:
        """Transfer chunks, and confirm them."""
        target = target or self.target
        with target.writer() as writer:
            done = transfer(self.source, writer, ids, least_share=share)
            writer.index.confirm()
        return done

    def log(self, side: int) -> list[Operation]:
        """Return what was asked about packs of a side that is no folder."""
        storage = (self.source, self.target)[side].storage
        assert isinstance(storage, FaultyStorage)
        return [op for op in storage.log if op.key.startswith("packs")]

    def kept(self, side: int) -> dict[str, tuple[PackEntry, ...]]:
        """Return what is in each pack of a side, each chunk read and held against its id."""
        storage = self.storages[side]
        packs = {name: read_pack_index(storage, name) for name in list_packs(storage)}
        for name in packs:
            data = storage.get(pack_key(name)).data
            assert blake3(data).hexdigest() == name.partition("/")[2]
        reader = self.open(side).reader()
        for entry in {entry.id: entry for entries in packs.values() for entry in entries}.values():
            assert len(reader.index.find([entry.id])) == 1
        return packs

    def ids(self, side: int) -> set[bytes]:
        """Return the chunks of a side, but for the random ones of packs' names."""
        return {e.id for entries in self.kept(side).values() for e in entries if not is_salt(e)}


def _folders(folder: Path) -> tuple[Storage, Storage]:
    return FolderStorage(folder / "a"), FolderStorage(folder / "b")


@pytest.fixture(params=["folders", "to memory", "from memory"])
def sides(request: pytest.FixtureRequest, tmp_path: Path) -> Sides:
    """Two folders, or a folder and what only puts whole objects, both ways."""
    first, second = _folders(tmp_path)
    if request.param == "to memory":
        second = open_storage("memory:")
    if request.param == "from memory":
        first = open_storage("memory:")
    return Sides(tmp_path, (first, second))


@pytest.fixture
def upwards(tmp_path: Path) -> Sides:
    """A folder, and what only puts whole objects."""
    return Sides(tmp_path, (FolderStorage(tmp_path / "a"), open_storage("memory:")))


@pytest.fixture
def downwards(tmp_path: Path) -> Sides:
    """What only puts whole objects, and a folder."""
    return Sides(tmp_path, (open_storage("memory:"), FolderStorage(tmp_path / "b")))


def put(repository: Repository, *contents: bytes, area: str = "data") -> tuple[str, list[bytes]]:
    """Write contents, one chunk each, as one pack; return its name and the ids of the chunks."""
    with repository.writer() as bundle:
        writer = ChunkWriter(repository.storage, bundle.index, area)
        blobs = [writer.add_bytes(data) for data in contents]
        (name,) = writer.flush()
    return name, [bytes.fromhex(blob.digest) for blob in blobs]


def some(seed: int, count: int = 1, size: int = 20 * KIB) -> list[bytes]:
    """Return incompressible contents, longer than what a record holds."""
    source = random.Random(seed)
    return [source.randbytes(size + number) for number in range(count)]


def test_a_pack_goes_over_whole(sides: Sides) -> None:
    """A pack all of which is wanted keeps its name and its bytes."""
    pack, ids = put(sides.source, *some(1, 5))
    done = sides.send(ids)
    assert list(sides.kept(1)) == [pack]
    assert done == Transferred(5, 1, len(sides.storages[0].get(pack_key(pack)).data))


def test_nothing_else_of_a_pack_goes_over(sides: Sides) -> None:
    """Of a pack in which there is more, a push sends only what was asked for, in another pack."""
    pack, ids = put(sides.source, *some(1, 5))
    sides.send([ids[1], ids[3]])
    assert sides.ids(1) == {ids[1], ids[3]}
    assert pack not in sides.kept(1)


def test_half_of_a_pack_is_worth_all_of_it(sides: Sides) -> None:
    """A pull takes a pack whole where at least half of it is wanted, else only what is."""
    pack, ids = put(sides.source, *some(1, 6))
    sides.send([ids[4]], share=0.5)
    assert sides.ids(1) == {ids[4]}
    sides.send([ids[0], ids[2], ids[3], ids[5]], share=0.5)
    assert pack in sides.kept(1)


def test_what_is_there_is_not_sent(sides: Sides) -> None:
    """Chunks that the target has are left where they are, and what has all of them gets nothing."""
    _, ids = put(sides.source, *some(1, 3))
    put(sides.target, *some(1, 2))
    assert sides.send(ids).chunks == 1
    assert sides.send(ids) == Transferred()


def test_random_bytes_of_a_name_keep_no_pack_from_going_whole(sides: Sides) -> None:
    """A pack that was packed anew goes on as it is, though nobody asks for the random bytes in it."""
    _, ids = put(sides.source, *some(1, 3))
    sides.send(ids[1:])
    (made,) = sides.kept(1)
    third = open_on(open_storage("memory:"), cache=sides.folder / "third", owner="tester")
    with third.writer() as writer:
        transfer(sides.open(1), writer, ids[1:], least_share=1.0)
    assert list(list_packs(third.storage)) == [made]


def test_data_is_there_before_what_describes_it(upwards: Sides) -> None:
    """Packs with data are written before those with descriptions, packed anew or not."""
    _, first = put(upwards.source, *some(1, 2), area="meta")
    _, second = put(upwards.source, *some(2, 3))
    _, third = put(upwards.source, *some(3, 1))
    upwards.send([*first, *second[1:], *third])
    written = [op.key.split("/")[1] for op in upwards.log(1) if op.name == "put_new"]
    assert written == ["data", "data", "meta"]


def test_what_lies_near_is_read_together(downwards: Sides) -> None:
    """Chunks of a pack that is not taken whole come by one request, and nothing more is read than that."""
    _, ids = put(downwards.source, *some(1, 8))
    before = len(downwards.log(0))
    downwards.send([ids[5], ids[7]])
    assert [op.name for op in downwards.log(0)[before:]] == ["get_range"]
    assert downwards.ids(1) == {ids[5], ids[7]}


def test_what_lies_far_apart_is_read_apart(downwards: Sides) -> None:
    """No megabytes are read for nothing between two chunks."""
    _, ids = put(downwards.source, *some(1, 1), *some(2, 8, 120 * KIB), *some(3, 1))
    before = len(downwards.log(0))
    downwards.send([ids[0], ids[9]])
    assert [op.name for op in downwards.log(0)[before:]] == ["get_range"] * 2


def test_a_little_less_than_half_is_not_enough(sides: Sides) -> None:
    """Whether enough of a pack is wanted is told by its chunks; what else is in its file does not count."""
    pack, ids = put(sides.source, *some(1, 1, 5_000), *some(2, 1, 5_050))
    sides.send(ids[:1], share=0.5)
    assert sides.ids(1) == set(ids[:1])
    assert pack not in sides.kept(1)


def test_a_pack_under_a_false_name_is_not_passed_on(sides: Sides) -> None:
    """What is sound goes over, but not as the pack that it claims to be."""
    pack, ids = put(sides.source, *some(1, 2))
    false = "data/" + "0" * 64
    sides.storages[0].put_new(pack_key(false), sides.storages[0].get(pack_key(pack)).data)
    sides.storages[0].delete(pack_key(pack))
    sides.source = sides.open(0)
    learn_packs(sides.source.storage, sides.source.catalog, [false])
    with sides.target.writer() as writer:
        transfer(sides.source, writer, ids, least_share=1.0)
    assert false not in list_packs(sides.storages[1])
    assert sides.ids(1) == set(ids)


def test_a_condemned_name_is_not_used_again(sides: Sides) -> None:
    """Where a pack of that name will be deleted at the target, the chunks go over in another pack."""
    pack, ids = put(sides.source, *some(1, 3))
    put_list(sides.target.storage, sides.target.clock, "tester", [pack])
    sides.send(ids)
    (name,) = sides.kept(1)
    assert name != pack
    assert sides.ids(1) == set(ids)


def test_a_pack_that_is_there_unknown_is_taken_for_its_own(sides: Sides) -> None:
    """A target that has the pack, of which its catalog does not know, is not sent it again in another form."""
    pack, ids = put(sides.source, *some(1, 3))
    sides.storages[1].put_new(pack_key(pack), sides.storages[0].get(pack_key(pack)).data)
    sides.send(ids)
    assert list(sides.kept(1)) == [pack]


def test_a_torn_pack_of_the_same_name_is_passed_by(sides: Sides) -> None:
    """Where the target has a damaged pack of that name, the chunks go over in another."""
    pack, ids = put(sides.source, *some(1, 3))
    sides.storages[1].put_new(pack_key(pack), sides.storages[0].get(pack_key(pack)).data[:-100])
    sides.send(ids)
    found = sides.open(1)
    learn_packs(found.storage, found.catalog, list_packs(found.storage))
    assert set(found.catalog.chunks.find(ids)) == set(ids)
    assert pack not in found.catalog.chunks.packs()


def test_a_chunk_that_is_nowhere_is_named(sides: Sides) -> None:
    """What the source does not have either is an error that names it."""
    put(sides.source, *some(1))
    with pytest.raises(IntegrityError, match=bytes(range(32)).hex()) as caught:
        sides.send([bytes(range(32))])
    assert caught.value.kind == "missing-chunk"
    assert sides.kept(1) == {}


def _replace(storage: Storage, pack: str, data: bytes) -> None:
    storage.delete(pack_key(pack))
    storage.put_new(pack_key(pack), data)


def test_many_small_packs_go_over_together(sides: Sides) -> None:
    """What is in more than a few tiny files costs no request each; each kind of pack stays what it is."""
    packs = [
        put(sides.source, *some(seed, 1), area=area) for seed, area in enumerate(["data"] * 80 + ["meta"] * 6)
    ]
    ids = {id_ for _, some_ids in packs for id_ in some_ids}
    done = sides.send(ids)
    assert sides.ids(1) == ids
    assert done.chunks == 86
    if isinstance(sides.storages[0], FolderStorage):
        assert [name.partition("/")[0] for name in sorted(sides.kept(1))] == ["data", "meta"]
    else:  # each takes a request to read, whatever is made of it
        assert set(sides.kept(1)) == {name for name, _ in packs}
    assert sides.send(ids) == Transferred()


def test_a_few_small_packs_keep_their_names(upwards: Sides) -> None:
    """Packs are only packed anew where that saves more than a few requests; large ones go as they are in any case."""
    large, ids = put(upwards.source, *some(100, 9, 120 * KIB))
    few = [put(upwards.source, *some(seed, 1)) for seed in range(4)]
    upwards.send([*ids, *(id_ for _, some_ids in few for id_ in some_ids)])
    assert set(upwards.kept(1)) == {large, *(name for name, _ in few)}
    more = [put(upwards.source, *some(seed, 1)) for seed in range(10, 15)]
    other, ids = put(upwards.source, *some(101, 9, 120 * KIB))
    before = upwards.kept(1)
    upwards.send([*ids, *(id_ for _, some_ids in more for id_ in some_ids)])
    new = upwards.kept(1).keys() - before.keys()
    assert other in new
    assert len(new) == 2


def test_small_packs_of_which_some_are_damaged(upwards: Sides) -> None:
    """One damaged pack among many tiny ones is named, and all others are over."""
    packs = [put(upwards.source, *some(seed, 1)) for seed in range(9)]
    data = bytearray(upwards.storages[0].get(pack_key(packs[3][0])).data)
    data[1000] ^= 1
    _replace(upwards.storages[0], packs[3][0], bytes(data))
    with pytest.raises(IntegrityError, match=packs[3][0]):
        upwards.send([id_ for _, ids in packs for id_ in ids])
    assert upwards.ids(1) == {id_ for name, ids in packs for id_ in ids if name != packs[3][0]}


def test_a_lost_answer_leaves_one_pack(tmp_path: Path, s3_bucket: S3Bucket) -> None:
    """Where the answer to writing a pack that was packed anew is lost, the same is written again, not another."""
    fault = ProxyFault("reset-after", number=1, method="PUT", key="*/packs/*")
    with FaultProxy(s3_bucket.endpoint, [fault]) as proxy:
        far = open_storage(s3_bucket.url, options={**s3_bucket.options, "endpoint": proxy.endpoint})
        sides = Sides(tmp_path, (FolderStorage(tmp_path / "a"), far))
        _, ids = put(sides.source, *some(1, 5))
        assert sides.send(ids[:2]).packs == 1
        assert len(sides.kept(1)) == 1
        assert sum(request.fault is not None for request in proxy.requests) == 1


def test_a_pack_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """What the target refuses to take is not known there."""
    sides = Sides(tmp_path, (FolderStorage(tmp_path / "a"), open_storage("memory:")))
    _, ids = put(sides.source, *some(1, 5))
    target = sides.open(1, [Fault("error-before", 1, "put_new")])
    with pytest.raises(StorageError):
        sides.send(ids[3:], target=target)
    assert sides.ids(1) == set()


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("harm", ["flip", "cut", "gone"])
def test_a_damaged_source_is_told_and_harms_nobody(sides: Sides, harm: str, share: float) -> None:
    """A pack that is not what it was is named in an error; what was sound is over, and nothing has a wrong name."""
    pack, ids = put(sides.source, *some(1, 3))
    _, others = put(sides.source, *some(2, 2))
    data = bytearray(sides.storages[0].get(pack_key(pack)).data)
    data[30_000] ^= 1
    if harm == "gone":
        sides.storages[0].delete(pack_key(pack))
    else:
        _replace(sides.storages[0], pack, bytes(data if harm == "flip" else data[:10_000]))
    with pytest.raises(IntegrityError) as caught:
        sides.send([*ids, *others], share=share)
    assert bytes.fromhex(str(caught.value.facts["chunk"])) in ids
    assert pack not in sides.kept(1)
    if harm != "flip" and isinstance(
        sides.storages[0], FolderStorage
    ):  # where that is seen before anything is read
        assert caught.value.kind == "missing-chunk"
        assert sides.ids(1) == set()
        return
    assert caught.value.kind == ("missing-pack" if harm == "gone" else "damaged-chunk")
    assert caught.value.facts["pack"] == pack
    assert set(others) <= sides.ids(1) <= {*others, ids[0], ids[2]}


@pytest.mark.parametrize("sound", [0, 1, 2])
@pytest.mark.parametrize("harm", ["flip", "gone"])
def test_another_pack_that_has_the_chunk_helps(sides: Sides, harm: str, sound: int) -> None:
    """What is damaged or gone in some packs is taken from another one that has it too, whichever that is."""
    first, ids = put(sides.source, *some(1, 3))
    packs = [first]
    for _ in range(2):
        copier = Copier(sides.source.storage, sides.source.catalog.chunks.add)
        assert not copier.copy(first, read_pack_index(sides.source.storage, first)[:3])
        packs += copier.flush()
    for pack in packs[:sound] + packs[sound + 1 :]:
        data = bytearray(sides.storages[0].get(pack_key(pack)).data)
        data[30_000] ^= 1
        sides.storages[0].delete(pack_key(pack))
        if harm == "flip":
            sides.storages[0].put_new(pack_key(pack), bytes(data))
    assert sides.send(ids).chunks == 3
    assert sides.ids(1) == set(ids)


def _pack_of(chunks: Sequence[tuple[bytes, int, int, bytes]]) -> tuple[str, bytes]:
    """Return the name and the bytes of a pack of chunks: id, codec, size, stored bytes, whether or not that is so."""
    entries, stored, end = [], [MAGIC], len(MAGIC)
    for id_, codec, size, data in chunks:
        entries.append(PackEntry(id_, end, len(data), size, codec))
        stored.append(data)
        end += len(data)
    data = b"".join(stored) + build_footer(entries)
    return f"data/{blake3(data).hexdigest()}", data


def test_a_pack_that_lies_about_its_chunks_is_not_taken(sides: Sides) -> None:
    """A pack of the right name, but with other bytes than its index says, does not come in: it would stand for them."""
    good, false = some(1, 2)
    claimed = blake3(b"what someone will add").digest()
    pack, data = _pack_of(
        [(blake3(good).digest(), CODEC_RAW, len(good), good), (claimed, CODEC_RAW, len(false), false)]
    )
    sides.storages[0].put_new(pack_key(pack), data)
    sides.send([blake3(good).digest()], share=0.4)
    assert sides.ids(1) == {blake3(good).digest()}
    with pytest.raises(IntegrityError, match=pack):
        sides.send([claimed], share=0.4)
    assert claimed not in sides.ids(1)


def test_only_a_folder_of_ones_own_is_taken_at_its_name(sides: Sides) -> None:
    """A push does not unpack what a folder has under the right digest; from anywhere else each chunk is looked at."""
    good, false = some(1, 2)
    ids = [blake3(data).digest() for data in (good, b"what someone will add")]
    pack, data = _pack_of(
        [(id_, CODEC_RAW, len(stored), stored) for id_, stored in zip(ids, (good, false), strict=True)]
    )
    sides.storages[0].put_new(pack_key(pack), data)
    if isinstance(sides.storages[0], FolderStorage):
        sides.send(ids)
        with pytest.raises(IntegrityError, match=pack):  # who reads it finds out
            sides.open(1).reader().read(Blob(len(false), ids[1].hex()))
        return
    with pytest.raises(IntegrityError, match=pack):
        sides.send(ids)
    assert sides.ids(1) <= {ids[0]}


def test_a_bomb_is_not_unpacked(sides: Sides) -> None:
    """A chunk that would be far more bytes than its entry says is damage."""
    bomb = zstandard.ZstdCompressor().compress(bytes(64 * 1024 * 1024))
    lie = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(64 * 1024 * 1024))
    for number, stored in enumerate((bomb, lie)):
        id_ = blake3(bytes([number])).digest()
        pack, data = _pack_of([(id_, CODEC_ZSTD, 16 * 1024 * 1024, stored)])
        sides.storages[0].put_new(pack_key(pack), data)
        tracemalloc.start()
        with pytest.raises(IntegrityError, match=pack):
            sides.send([id_], share=0.5)
        assert tracemalloc.get_traced_memory()[1] < 24 * 1024 * 1024
        tracemalloc.stop()
    assert sides.kept(1) == {}


def test_a_pack_that_grew_is_not_read(sides: Sides) -> None:
    """Where there are more bytes under a pack's name than it can have, not all of them are read."""
    pack, ids = put(sides.source, *some(1, 3))
    data = sides.storages[0].get(pack_key(pack)).data
    _replace(sides.storages[0], pack, data + bytes(30_000_000))
    tracemalloc.start()
    sides.send(ids)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert {id_ for id_ in ids if sides.target.catalog.chunks.find([id_])} == set(ids)
    assert pack not in list_packs(sides.storages[1])


def test_progress_is_told(sides: Sides) -> None:
    """Who watches hears how much is to go, of each pack that is over, and of all bytes at the end."""
    _, ids = put(sides.source, *some(1, 3))
    _, more = put(sides.source, *some(2, 3))
    heard: list[Progress] = []
    with sides.target.writer() as writer:
        transfer(
            sides.source,
            writer,
            [*ids, *more[:2]],
            least_share=1.0,
            observer=heard.append,
        )
    total = sum(len(data) for data in [*some(1, 3), *some(2, 2)])
    assert heard[0].step == "compare"
    assert {progress.step for progress in heard[1:]} == {"send"}
    assert [progress.done for progress in heard] == sorted(progress.done for progress in heard)
    assert (heard[-1].done, heard[-1].total) == (total, total)
    assert heard[1] == Progress("send", 0, total, total)
    assert len(heard) == 4
    assert all(progress.done + progress.moving == progress.total for progress in heard)


def test_an_observer_that_fails_ends_all_threads(sides: Sides) -> None:
    """An interruption, as of Ctrl-C, is passed on when all threads have ended; what was over by then is known."""
    for seed in range(70):  # more than are on their way at once
        put(sides.source, *some(seed, 9, 120 * KIB))
    ids = [e.id for entries in sides.kept(0).values() for e in entries]
    heard: list[Progress] = []

    def interrupt(progress: Progress) -> None:
        heard.append(progress)
        if len(heard) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), sides.target.writer() as writer:
        transfer(sides.source, writer, ids, least_share=1.0, observer=interrupt)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("stook-transfer")]
    arrived = set(list_packs(sides.storages[1]))
    assert arrived == sides.target.catalog.chunks.packs()
    assert len(arrived) < 70
    assert sides.send(ids).packs == 70 - len(arrived)


def test_the_same_is_looked_for_once_only(sides: Sides) -> None:
    """Chunks that are asked for again and again are looked for and go over once."""
    _, ids = put(sides.source, *some(1, 3))
    looked: list[bytes] = []

    class Counting(MemoryIndex):
        def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
            looked.extend(ids)
            return super().find(ids)

    (wanted,) = iter_wanted(ids[:2] * 20_000, Counting(), sides.source.reader().index)
    assert looked == ids[:2]
    assert wanted.stored == sum(map(len, some(1, 2)))
    assert sides.send(ids[:2] * 20_000).chunks == 2
    assert sides.ids(1) == set(ids[:2])


def test_wanted_chunks_are_kept_in_little_memory() -> None:
    """A chunk counts once, chunks come back in their order in the pack, and a million of them are enough at once."""
    wanted = Wanted()
    ids = [blake3(bytes([number])).digest() for number in range(3)]
    for at in (2, 0, 1, 0):
        wanted.add(ids[at], Location("meta/x", 8 + 10 * at, 10, 20, CODEC_ZSTD))
    wanted.add(ids[0], Location("data/x", 8, 10, 20, CODEC_ZSTD))
    assert wanted.packs == ["data/x", "meta/x"]
    assert wanted.entries("meta/x") == [
        PackEntry(id_, 8 + 10 * at, 10, 20, CODEC_ZSTD) for at, id_ in enumerate(ids)
    ]
    full = Wanted()
    place = Location("data/x", 8, 10, 20, CODEC_ZSTD)
    while not full.is_full:
        full.add(ids[0], place)
    assert 500_000 < full.stored // 10 < 2_000_000


def test_lanes_hold_no_more_than_they_may() -> None:
    """A job begins when the others leave it room, and what it gives is handed on by the thread that asks."""
    lock = threading.Lock()
    held = most = 0
    given: list[int] = []

    def work(number: int) -> int:
        nonlocal held, most
        with lock:
            held += 10
            most = max(most, held)
        with lock:
            held -= 10
        return number

    with Lanes(30) as lanes:
        for number in range(50):
            lanes.make_room(10)
            lanes.start(10, partial(work, number), given.append)
        lanes.make_room(1000)
        lanes.drain()
    assert sorted(given) == list(range(50))
    assert most <= 30


def test_lanes_that_are_left_have_ended() -> None:
    """After an error no thread is left, jobs that had begun are handed on, and those that had not never run."""
    begun, go_on = threading.Semaphore(0), threading.Event()
    given: list[int] = []

    def work(number: int) -> int:
        begun.release()
        assert go_on.wait(60)
        return number

    def fail() -> None:
        with Lanes(1000) as lanes:
            for number in range(40):
                lanes.start(1, partial(work, number), given.append)
            for _ in range(16):
                assert begun.acquire(timeout=60)
            threading.Timer(0.2, go_on.set).start()
            raise StorageError("an error", kind="injected")

    with pytest.raises(StorageError, match="an error"):
        fail()
    assert sorted(given) == list(range(16))
    assert not begun.acquire(blocking=False)


def _count_operations(sides: Sides, ids: Sequence[bytes]) -> int:
    target = sides.open(1)
    sides.send(ids, target=target)
    assert isinstance(target.storage, FaultyStorage)
    return len(target.storage.log)


@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "error-after"])
def test_an_interrupted_transfer_goes_on_where_it_was(tmp_path: Path, kind: FaultKind) -> None:
    """Whatever request it fails at, the same again completes, and sends nothing twice that is known to be over."""
    source = Sides(tmp_path, _folders(tmp_path))
    wanted = [id_ for seed in range(3) for id_ in put(source.source, *some(seed, 2))[1]]
    wanted += put(source.source, *some(9, 4))[1][:2]
    steps = _count_operations(Sides(tmp_path, (source.storages[0], open_storage("memory:"))), wanted)
    for number in range(1, steps + 1):
        sides = Sides(tmp_path, (source.storages[0], open_storage("memory:")))
        cache = f"target-{kind}-{number}"
        with suppress(Crash, StorageError):
            sides.send(wanted, target=sides.open(1, [Fault(kind, number)], cache))
        arrived = set(list_packs(sides.storages[1]))
        known = sides.open(1, (), cache).catalog.chunks.packs()
        again = sides.open(1, (), cache)
        sides.send(wanted, target=again)
        assert set(wanted) <= sides.ids(1)
        assert isinstance(again.storage, FaultyStorage)
        sent = {op.key for op in again.storage.log if op.name == "put_new"}
        assert sent.isdisjoint(map(pack_key, known))
        assert known <= arrived


def test_over_s3(tmp_path: Path, s3_bucket: S3Bucket) -> None:
    """A folder's packs go to a bucket and from there to another folder, with one PUT and one GET for each."""
    first, second = _folders(tmp_path)
    bucket = open_storage(f"{s3_bucket.url}/team", options=s3_bucket.options)
    there, back = Sides(tmp_path, (first, bucket)), Sides(tmp_path, (bucket, second))
    ids = [id_ for seed in range(6) for id_ in put(there.source, *some(seed, 9, 120 * KIB))[1]]
    part = put(there.source, *some(7, 8))[1][2:5]
    there.send([*ids, *part])
    assert there.ids(1) == {*ids, *part}
    assert [op.name for op in there.log(1)] == ["put_new"] * 7
    learn_packs(back.source.storage, back.source.catalog, list_packs(bucket))
    before = len(back.log(0))
    back.send([*ids, *part], share=0.5)
    assert back.kept(1) == there.kept(1)
    assert [op.name for op in back.log(0)[before:]] == ["get"] * 7
