"""Where looking at a pack takes a request: what is in packs is learned when it is needed, and by few requests."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest

from stook.chunks import ChunkWriter, read_pack_index
from stook.format.packs import pack_key
from stook.model.tree import Blob
from stook.storage import open_storage
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Entry, Storage
from stook.store import Store
from stook.store.packs.chunk_index import ReadingIndex
from stook.store.packs.copying import Copier
from stook.store.packs.reach import needed_ids, read_manifest
from stook.store.packs.writing import WritingIndex
from stook.store.remotes.packs_at import prepare
from stook.store.repository import Repository, open_on
from stook.testing import FaultyStorage

KIB = 1024


class Team:
    """A storage over a network, and machines that use it, each with a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = open_storage("memory:")
        self.machines = 0
        self.open()

    def open(self) -> Repository:
        """Open the repository on another machine."""
        self.machines += 1
        storage = FaultyStorage(self.storage)
        return open_on(storage, cache=self.folder / f"cache{self.machines}", owner="tester")

    def store(self) -> Store:
        """Open the store on another machine."""
        return Store(self.open(), "team")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A storage in which nothing is."""
    return Team(tmp_path)


def asked(repository: Repository) -> list[str]:
    """Return what was asked about packs: names of operations."""
    storage = repository.storage
    assert isinstance(storage, FaultyStorage)
    return [op.name for op in storage.log if op.key.startswith("packs")]


def put(repository: Repository, *seeds: int) -> list[tuple[str, bytes]]:
    """Write packs of one chunk each; return their names and the ids of the chunks."""
    made = []
    for seed in seeds:
        with repository.writer() as bundle:
            writer = ChunkWriter(repository.storage, bundle.index)
            blob = writer.add_bytes(random.Random(seed).randbytes(20 * KIB))
            made.append((*writer.flush(), bytes.fromhex(blob.digest)))
    return made


def writing(repository: Repository) -> WritingIndex:
    """Return the index of a new writer."""
    return repository.writer().index


def test_news_of_a_bucket_are_read_without_its_packs(team: Team) -> None:
    """To see what others added, no pack is looked at."""
    writer = team.store()
    for seed in range(5):
        writer.add(f"b{seed}", random.Random(seed).randbytes(20 * KIB))
    reader = team.store()
    assert len(reader.ls()) == 5
    assert asked(reader.repository) == []


def test_the_packs_that_a_bundle_names_are_looked_at_first(team: Team) -> None:
    """One of many bundles is read by two requests to its pack: one for what is in it, one for the data."""
    writer = team.store()
    data = [random.Random(seed).randbytes(20 * KIB) for seed in range(5)]
    for seed in range(5):
        writer.add(f"b{seed}", data[seed])
    reader = team.store()
    assert reader.get("b3").data == data[3]
    assert asked(reader.repository) == ["get_tail", "get_range"]


def test_a_long_description_is_found_by_its_hint(team: Team) -> None:
    """The same holds for the description of a bundle that does not fit into its record."""
    writer = team.store()
    folder = team.folder / "wide"
    folder.mkdir()
    for number in range(3):
        for file in range(600):
            (folder / f"a rather long name {number} {file}").write_bytes(b"%d %d" % (number, file))
        writer.add(f"wide{number}", folder)
    reader = team.store()
    bundle = reader.get("wide1")
    assert bundle.record.manifest_blob is not None
    assert bundle.manifest.tree == bundle.tree
    assert asked(reader.repository).count("list") == 0
    other = team.open()
    assert read_manifest(bundle.record, other.reader()) == bundle.manifest
    assert asked(other).count("list") == 0
    another = team.open()
    assert next(iter(needed_ids(another.reader(), bundle.record)))
    assert asked(another).count("list") == 0


def test_a_hint_may_be_wrong(team: Team) -> None:
    """Where the packs that a bundle names are gone, all are learned, each by one request."""
    made = put(team.open(), 1, 2, 3)
    repository = team.open()
    index = repository.reader().index
    index.expect(("data/" + "0" * 64, "no pack at all"))
    assert set(index.find([id_ for _, id_ in made])) == {id_ for _, id_ in made}
    assert sorted(asked(repository)) == ["get_tail"] * 4 + ["list"]


def test_a_reader_does_not_look_whether_packs_are_there(team: Team) -> None:
    """Chunks that are known are found without a request; where a pack is gone, that is told when it is read."""
    repository = team.open()
    made = put(repository, 1, 2)
    before = asked(repository)
    assert len(repository.reader().index.find([id_ for _, id_ in made])) == 2
    assert asked(repository) == before


def test_a_writer_looks_for_many_packs_at_once(team: Team) -> None:
    """Who relies on packs sees that they are there: a few one by one, many by a listing, and those gone are unknown."""
    repository = team.open()
    made = put(repository, *range(12))
    team.storage.delete(pack_key(made[5][0]))
    before = len(asked(repository))
    assert len(writing(repository).find([id_ for _, id_ in made[:2]])) == 2
    assert asked(repository)[before:] == ["get_range"] * 2
    before = len(asked(repository))
    index = writing(repository)
    assert set(index.find([id_ for _, id_ in made])) == {id_ for _, id_ in made} - {made[5][1]}
    assert index.has_all([id_ for _, id_ in made[6:]])
    assert asked(repository)[before:] == ["list"]


class _Backing:
    """Has some chunks elsewhere, and brings them when it is asked."""

    def __init__(self, repository: Repository, seeds: Sequence[int]) -> None:
        self.repository = repository
        self.seeds = seeds
        self.wanted: list[set[bytes]] = []

    def bring(self, ids: Collection[bytes]) -> bool:
        """Write them as packs."""
        self.wanted.append(set(ids))
        return bool(put(self.repository, *self.seeds))


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_is_missing_is_brought(tmp_path: Path, is_folder: bool) -> None:
    """A reader's miss asks the backing for just what is missing, and finds it then; what is here asks nobody."""
    storage: Storage = FolderStorage(tmp_path / "store") if is_folder else open_storage("memory:")
    elsewhere = open_on(open_storage("memory:"), cache=tmp_path / "there", owner="tester")
    far = [id_ for _, id_ in put(elsewhere, 8, 9)]
    repository = open_on(storage, cache=tmp_path / "cache", owner="tester")
    near = [id_ for _, id_ in put(repository, 1, 2)]
    backing = repository.backing = _Backing(repository, (8, 9))
    index = repository.reader().index
    assert set(index.find(near)) == set(near)
    assert backing.wanted == []
    assert set(index.find([*near, *far])) == {*near, *far}
    assert backing.wanted == [set(far)]


def test_without_a_backing_a_miss_is_a_miss(team: Team) -> None:
    """A chunk that is nowhere is not found."""
    repository = team.open()
    put(repository, 1)
    assert ReadingIndex(repository.storage, repository.catalog).find([bytes(32)]) == {}


def test_prepare_lists_once(team: Team, tmp_path: Path) -> None:
    """What a remote has of ours is known by name alone, the rest by one request each; no writer looks again."""
    local = open_on(FolderStorage(tmp_path / "local"), cache=tmp_path / "lc", owner="tester")
    ours = put(local, 1, 2)
    for name, _ in ours:
        team.storage.put_new(pack_key(name), local.storage.get(pack_key(name)).data)
    theirs = put(team.open(), 3, 4)
    remote = team.open()
    with remote.writer() as writer:
        prepare(writer, remote, local, [])
        assert sorted(asked(remote)) == ["get_tail", "get_tail", "list"]
        ids = [id_ for _, id_ in [*ours, *theirs]]
        assert set(writer.index.find(ids)) == set(ids)
    assert len(asked(remote)) == 3


def test_prepare_asks_for_what_is_hinted_at_where_there_is_much(team: Team, tmp_path: Path) -> None:
    """Of a remote with many packs only those are looked at that are likely to matter."""
    local = open_on(FolderStorage(tmp_path / "local"), cache=tmp_path / "lc", owner="tester")
    made = put(team.open(), *range(70))
    remote = team.open()
    with remote.writer() as writer:
        prepare(writer, remote, local, [made[7][0], "data/" + "0" * 64])
        assert sorted(asked(remote)) == ["get_tail", "list"]
        assert set(writer.index.find([id_ for _, id_ in made])) == {made[7][1]}


def test_a_name_alone_proves_nothing_of_a_pack_that_was_cut(team: Team, tmp_path: Path) -> None:
    """A remote's pack of our name that has other bytes than ours is not taken for it."""
    local = open_on(FolderStorage(tmp_path / "local"), cache=tmp_path / "lc", owner="tester")
    ((name, id_),) = put(local, 1)
    team.storage.put_new(pack_key(name), local.storage.get(pack_key(name)).data[:-1])
    remote = team.open()
    with remote.writer() as writer:
        prepare(writer, remote, local, [name])
        assert writer.index.find([id_]) == {}


class _Unlisted(FolderStorage):
    """A folder whose packs nobody may list."""

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """Refuse."""
        assert not prefix.startswith("packs")
        return super().list(prefix, after=after)


def test_a_folder_needs_no_preparing(tmp_path: Path) -> None:
    """Of a folder the catalog knows all already."""
    local = open_on(FolderStorage(tmp_path / "a"), cache=tmp_path / "ca", owner="tester")
    remote = open_on(_Unlisted(tmp_path / "b"), cache=tmp_path / "cb", owner="tester")
    made = put(remote, 1)
    with remote.writer() as writer:
        prepare(writer, remote, local, [made[0][0]])
        assert len(writer.index.find([id_ for _, id_ in made])) == 1


def test_a_pack_that_is_gone_is_looked_for_elsewhere(team: Team) -> None:
    """A reader that knows of a pack which is gone finds the chunk in one that it did not know."""
    repository, other = team.open(), team.open()
    ((name, id_),) = put(repository, 1)
    copier = Copier(other.storage, other.catalog.chunks.add)
    copier.copy(name, read_pack_index(other.storage, name))
    copier.flush()
    team.storage.delete(pack_key(name))
    data = random.Random(1).randbytes(20 * KIB)
    assert repository.reader().read(Blob(len(data), id_.hex())) == data
    assert name not in repository.catalog.chunks.packs()
