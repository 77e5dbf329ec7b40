"""What was added before is not read again, and what only looks as it did is."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from blake3 import blake3

from stook.chunks import ChunkIndex, ChunkWriter, Location, MemoryIndex, read_pack_index
from stook.chunks.write import ReadFile, Seen
from stook.errors import StorageError
from stook.format.packs import pack_key
from stook.format.trees import digest_tree
from stook.model.clock import Clock
from stook.model.tree import Blob, File, Folder, FolderFile
from stook.storage import open_storage
from stook.store import Bundle, Store
from stook.store.gc import collect
from stook.store.intake.scan import (
    Scan,
    State,
    look_at_folder,
    scan_file,
    scan_folder,
    state_of,
    unpack_state,
)
from stook.store.intake.snapshots import SeenFile, Snapshots
from stook.store.intake.sources import encode_path, find_digest
from stook.store.packs.chunk_index import KnownIndex
from stook.store.repository import open_on, open_repository
from tests.unit.store.aging import AgingStorage

HOUR = 3600.0
SECOND = 1_000_000_000
MANY = 70


class _Noting(ChunkWriter):
    """A writer that notes which files it reads."""

    def __init__(self, index: ChunkIndex | None = None) -> None:
        super().__init__(open_storage("memory:"), index or MemoryIndex())
        self.read: list[str] = []

    def read_file(self, path: str | os.PathLike[str], seen: Seen | None = None) -> ReadFile:
        self.read.append(os.path.basename(path))
        return super().read_file(path, seen)


class _Lossy(MemoryIndex):
    """An index that does not know one chunk of another, until it is added."""

    def __init__(self, whole: ChunkIndex, lost: bytes) -> None:
        super().__init__()
        self._whole = whole
        self._lost = lost

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        return self._whole.find([id_ for id_ in ids if id_ != self._lost]) | super().find(ids)


class _Room:
    """Snapshots, an index, and a clock an hour ahead, so that every file is old enough."""

    def __init__(self, folder: Path) -> None:
        self.index: MemoryIndex = MemoryIndex()
        self.packs: set[str] = set()
        self.ahead = HOUR
        self.snapshots = Snapshots(folder / "seen", lambda: time.time() + self.ahead)

    def has_packs(self, ends: Iterable[tuple[str, int]]) -> bool:
        return {pack for pack, _ in ends} <= self.packs

    def encode(self, path: Path) -> tuple[File | Folder, list[str]]:
        writer = _Noting(self.index)
        node = encode_path(path, writer, self.snapshots)
        self.packs.update(writer.flush())
        self.snapshots.keep(node, digest_tree(node), [(pack, 0) for pack in self.packs])
        return node, writer.read

    def keep(self, root: str, began: int, seen: Sequence[SeenFile]) -> None:
        """Note and keep files as if they had been read."""
        node = Folder("folder", tuple(FolderFile(file.path, file.blob) for file in seen))
        scan = Scan([(file.path, file.state) for file in seen], look=look_at_folder(root))
        self.snapshots.note(root, node, seen, scan, began=began, before=self.snapshots.find(root))
        self.snapshots.keep(node, digest_tree(node), [])


@pytest.fixture
def room(tmp_path: Path) -> _Room:
    """What reads, with nothing read yet."""
    return _Room(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of many files, one of them large."""
    path = tmp_path / "folder"
    (path / "sub").mkdir(parents=True)
    (path / "nothing").mkdir()
    for number in range(MANY):
        (path / "sub" / f"{number:03}").write_bytes(b"%04d" % number * 100)
    (path / "large").write_bytes(os.urandom(300_000))
    return path


def _wait_for_tick(folder: Path) -> None:
    """Return when the clock of the disk has moved on."""
    probe = folder / "probe"
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        probe.touch()


def test_a_folder_that_did_not_change_is_not_read_again(room: _Room, folder: Path) -> None:
    """The same node comes without a file being opened, and its digest is known without a writer."""
    first, read = room.encode(folder)
    assert len(read) == MANY + 1
    assert room.encode(folder) == (first, [])
    assert find_digest(folder, room.snapshots, room.has_packs) == digest_tree(first)


def test_only_what_changed_is_read(room: _Room, folder: Path) -> None:
    """New and changed files are read, removed ones are gone, and all is as if everything had been read."""
    room.encode(folder)
    _wait_for_tick(folder.parent)
    (folder / "sub" / "001").write_bytes(b"changed")
    (folder / "new").write_bytes(b"new")
    (folder / "sub" / "002").unlink()
    assert find_digest(folder, room.snapshots, room.has_packs) is None
    node, read = room.encode(folder)
    assert sorted(read) == ["001", "new"]
    assert digest_tree(node) == digest_tree(encode_path(folder, _Noting()))
    assert room.encode(folder) == (node, [])


def test_a_file_that_goes_is_noticed_and_then_known(room: _Room, folder: Path) -> None:
    """Nothing is read for it, and the folder without it is the one that did not change."""
    room.encode(folder)
    (folder / "large").unlink()
    assert find_digest(folder, room.snapshots, room.has_packs) is None
    node, read = room.encode(folder)
    assert read == []
    assert (
        find_digest(folder, room.snapshots, room.has_packs)
        == digest_tree(node)
        == digest_tree(encode_path(folder, _Noting()))
    )


def test_a_folder_below_one_whose_name_is_no_text(room: _Room, folder: Path) -> None:
    """Only names within what is added need be Unicode."""
    above = Path(os.fsdecode(os.fsencode(folder.parent) + b"/\xff"))
    above.mkdir()
    folder.rename(above / "folder")
    first, _ = room.encode(above / "folder")
    assert room.encode(above / "folder") == (first, [])


def test_an_empty_folder_that_comes_or_goes_is_noticed(room: _Room, folder: Path) -> None:
    """Folders without files count too."""
    room.encode(folder)
    (folder / "nothing").rmdir()
    assert find_digest(folder, room.snapshots, room.has_packs) is None
    node, _ = room.encode(folder)
    assert isinstance(node, Folder)
    assert node.empty == ()


def test_a_folder_in_it_with_another_name_is_noticed(room: _Room, folder: Path) -> None:
    """Nothing of the files themselves changes by that, not even a time."""
    room.encode(folder)
    (folder / "sub").rename(folder / "tub")
    assert find_digest(folder, room.snapshots, room.has_packs) is None
    node, _ = room.encode(folder)
    assert digest_tree(node) == digest_tree(encode_path(folder, _Noting()))


def test_a_file_is_the_one_that_dots_lead_to(room: _Room, tmp_path: Path) -> None:
    """Above a folder that a link points to is that folder's own parent, not the link's."""
    (tmp_path / "far" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "inner")
    (tmp_path / "file").write_bytes(b"near")
    (tmp_path / "far" / "file").write_bytes(b"far")
    node, _ = room.encode(tmp_path / "link" / ".." / "file")
    assert node == File("file", Blob(3, blake3(b"far").hexdigest(), data=b"far"))


def test_a_large_file_is_not_read_again(room: _Room, tmp_path: Path) -> None:
    """One file of many chunks costs a look; its listing is there to rely on again."""
    path = tmp_path / "large"
    path.write_bytes(os.urandom(6_000_000))
    first, read = room.encode(path)
    assert read == ["large"]
    assert first.blob.listing is not None  # type: ignore[union-attr]
    assert room.encode(path) == (first, [])
    assert find_digest(path, room.snapshots, room.has_packs) == digest_tree(first)


def test_what_the_store_has_lost_is_read_again(room: _Room, folder: Path) -> None:
    """Files whose chunks are not in the index any more are read, and only those."""
    first, _ = room.encode(folder)
    room.index = MemoryIndex()
    room.packs.clear()
    assert find_digest(folder, room.snapshots, room.has_packs) is None
    again, read = room.encode(folder)
    assert digest_tree(again) == digest_tree(first)
    assert isinstance(again, Folder)
    in_chunks = [file.path for file in again.files if file.blob.data is None]
    assert "large" in in_chunks
    assert sorted(read) == sorted(os.path.basename(path) for path in in_chunks)


def test_a_listing_that_the_store_has_lost_is_stored_again(room: _Room, tmp_path: Path) -> None:
    """Where the chunks are there but their listing is not, the listing is written."""
    path = tmp_path / "large"
    path.write_bytes(os.urandom(20_000_000))
    node, _ = room.encode(path)
    assert isinstance(node, File)
    listing = node.blob.listing
    assert listing is not None
    lost = bytes.fromhex(listing.digest)
    room.index = _Lossy(room.index, lost)
    assert room.encode(path) == (node, [])
    assert room.index.find([lost])


def _rewrite_and_restore(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"B" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace_by_rename(path: Path) -> None:
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"B" * before.st_size)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(path)


def _write_through_another_name(path: Path) -> None:
    link = path.parent.parent / "link"
    os.link(path, link)
    _rewrite_and_restore(link)
    link.unlink()


def _make_executable(path: Path) -> None:
    path.chmod(0o755)


def _retarget(path: Path) -> None:
    """Point a link to another file of the same size and times."""
    target = path.parent.parent / "target"
    target.write_bytes(b"B" * path.stat().st_size)
    os.utime(target, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    path.unlink()
    path.symlink_to(target)


def _change_behind_link(path: Path) -> None:
    target = path.resolve()
    _rewrite_and_restore(target)


TRAPS = [
    _rewrite_and_restore,
    _replace_by_rename,
    _write_through_another_name,
    _make_executable,
    _retarget,
    _change_behind_link,
]


@pytest.mark.parametrize("is_link", [False, True])
@pytest.mark.parametrize("change", TRAPS)
def test_a_change_is_seen_however_it_hides(
    room: _Room, folder: Path, change: Callable[[Path], None], *, is_link: bool
) -> None:
    """Size and time of the last write may be what they were: the file is read again."""
    path = folder / "sub" / "005"
    if is_link:
        target = folder.parent / "first"
        path.rename(target)
        path.symlink_to(target)
    room.encode(folder)
    _wait_for_tick(folder.parent)
    change(path)
    assert find_digest(folder, room.snapshots, room.has_packs) is None
    node, read = room.encode(folder)
    assert "005" in read
    assert digest_tree(node) == digest_tree(encode_path(folder, _Noting()))


def test_a_file_that_becomes_executable_is_so_in_the_folder(room: _Room, folder: Path) -> None:
    """And one that is not any more is not."""
    path = folder / "sub" / "005"
    for mode, is_executable in ((0o755, True), (0o644, False)):
        path.chmod(mode)
        node, _ = room.encode(folder)
        assert isinstance(node, Folder)
        assert {file.path for file in node.files if file.executable} == (
            {"sub/005"} if is_executable else set()
        )


def test_a_link_to_another_place_is_another_folder(room: _Room, folder: Path) -> None:
    """What is added by a link that points elsewhere since is what it points to."""
    link = folder.parent / "link"
    link.symlink_to(folder)
    first, _ = room.encode(link)
    other = folder.parent / "other"
    other.mkdir()
    (other / "a").write_bytes(b"a")
    link.unlink()
    link.symlink_to(other)
    assert find_digest(link, room.snapshots, room.has_packs) is None
    second, _ = room.encode(link)
    assert isinstance(first, Folder)
    assert isinstance(second, Folder)
    assert (first.name, second.name, len(second.files)) == ("folder", "other", 1)


@pytest.mark.parametrize(("age", "is_read"), [(-1, True), (0, True), (1, True), (3, False)])
def test_a_file_written_just_before_it_was_read_is_read_again(
    room: _Room, folder: Path, age: int, *, is_read: bool
) -> None:
    """A second write within the tick of the disk's clock leaves the state as it was, with another content."""
    seen = []
    for at, state in scan_folder(str(folder)).files:
        old = b"what was there before the second write"
        seen.append(SeenFile(at, state, Blob(len(old), blake3(old).hexdigest(), data=old)))
    newest = max(max(unpack_state(file.state)[1:3]) for file in seen)
    room.keep(str(folder), newest + age * SECOND, seen)
    assert (find_digest(folder, room.snapshots, room.has_packs) is None) == is_read
    node, read = room.encode(folder)
    assert bool(read) == is_read
    assert (digest_tree(node) == digest_tree(encode_path(folder, _Noting()))) == is_read


def _state_at(time: int, device: int) -> State:
    numbers = (0o100644, 1, device, 1, 0, 0, 1, 0, 0, 0, *[0.0] * 3, *[time] * 3)
    return state_of(os.stat_result(numbers))


def test_the_clock_of_a_disk_over_a_network_is_not_trusted(room: _Room, tmp_path: Path) -> None:
    """There a file is old only against the other files, or when time has passed since it was first seen."""
    nowhere = 2**40
    times = [1_000 * SECOND, 1_010 * SECOND]
    seen = [SeenFile(str(at), _state_at(at, nowhere), Blob(1, "0" * 64, data=b"x")) for at in times]

    def keep(began: int) -> list[bool]:
        room.keep(str(tmp_path), began, seen)
        snapshot = room.snapshots.find(str(tmp_path))
        assert snapshot is not None
        settled = [snapshot.is_settled_at(file.state) for file in seen]
        assert snapshot.is_settled == all(settled)
        return settled

    assert keep(5_000 * SECOND) == [
        True,
        False,
    ]  # the server is behind by more than an hour, or the file is old
    assert keep(5_001 * SECOND) == [True, False]
    assert keep(4_000 * SECOND) == [True, False]  # our clock went back
    assert keep(4_003 * SECOND) == [True, True]
    room.snapshots = Snapshots(tmp_path / "others", time.time)
    assert keep(1_001 * SECOND) == [False, False]  # the server is ahead of us


def test_a_damaged_snapshot_is_as_none(room: _Room, folder: Path) -> None:
    """Any flipped byte, a cut file or another's snapshot makes everything be read, and nothing fail."""
    first, _ = room.encode(folder)
    (path,) = (room.snapshots._folder).iterdir()
    good = path.read_bytes()
    flipped = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in (0, 10, 50, 300, len(good) - 1)]
    junk = (4).to_bytes(4, "little") + blake3(b"junk").digest() + b"junk"
    for bad in (*flipped, b"", good[:100], good[:-1], b"x" * 100, junk):
        path.write_bytes(bad)
        assert find_digest(folder, room.snapshots, room.has_packs) in {None, digest_tree(first)}
        again, read = room.encode(folder)
        assert again == first
        assert len(read) == MANY + 1
    other = folder.parent / "copy"
    folder.rename(other)
    room.snapshots._path(str(other)).write_bytes(good)
    assert find_digest(other, room.snapshots, room.has_packs) is None


def test_snapshots_that_cannot_be_written_cost_only_time(room: _Room, folder: Path) -> None:
    """A cache folder that is a file hinders nobody."""
    room.snapshots._folder.write_bytes(b"in the way")
    first, _ = room.encode(folder)
    assert room.encode(folder)[0] == first


def test_old_snapshots_go(room: _Room, tmp_path: Path) -> None:
    """Adding from ever new places does not fill the disk."""
    for number in range(230):
        (tmp_path / str(number)).mkdir()
        room.keep(str(tmp_path / str(number)), 0, [])
    assert len(list(room.snapshots._folder.iterdir())) == 200
    assert room.snapshots.find(str(tmp_path / "229")) is not None
    assert room.snapshots.find(str(tmp_path / "0")) is None


def test_short_sources_leave_no_snapshot(room: _Room, tmp_path: Path) -> None:
    """A few small files are read sooner than a snapshot."""
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "a").write_bytes(b"a")
    room.encode(tmp_path / "few")
    room.encode(tmp_path / "few" / "a")
    assert not room.snapshots._folder.exists()


def _open(folder: Path) -> Store:
    repository = open_repository(
        str(folder / "store"), cache=folder / "cache", owner="me", clock=Clock(lambda: time.time() + HOUR)
    )
    return Store(repository, "test")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose clock is an hour ahead."""
    return _open(tmp_path)


def _packs(store: Store) -> set[str]:
    return {entry.key for entry in store.repository.storage.list("packs/")}


def test_a_store_makes_no_version_of_what_did_not_change(store: Store, folder: Path) -> None:
    """With `if_changed` the latest version comes back; without there is a new one, which reads back whole."""
    first = store.add("n", folder)
    packs = _packs(store)
    assert store.add("n", str(folder), if_changed=True).id == first.id
    assert store.add("n", {"part": folder}).digest == store.add("n", {"part": folder}).digest
    second = store.add("n", folder, if_changed=True)
    assert second.id != first.id
    assert second.digest == first.digest
    with store.draft("n") as draft:
        draft["part"] = folder
    assert {key.split("/")[1] for key in _packs(store) - packs} <= {"meta"}
    assert _content(second, "large") == (folder / "large").read_bytes()


def test_a_store_that_lost_its_packs_gets_them_again(store: Store, folder: Path, tmp_path: Path) -> None:
    """What a snapshot says is in the store is held against the store."""
    store.add("n", folder)
    for key in _packs(store):
        store.repository.storage.delete(key)
    again = store.add("n", folder, if_changed=True)
    assert _content(again, "large") == (folder / "large").read_bytes()


def test_a_pack_that_lost_its_end_is_noticed(store: Store, folder: Path) -> None:
    """However the chunks were found, a snapshot knows where in each pack the last of them ends."""
    store.add("other", {"copy": shutil.copytree(folder, folder.parent / "copy")})
    store.add("n", folder)
    snapshot = Snapshots(store.repository.cache / "seen", time.time).find(str(folder))
    assert snapshot is not None
    ((pack, end),) = [each for each in snapshot.packs if each[0].startswith("data/")]
    entries = read_pack_index(store.repository.storage, pack)
    assert end == max(entry.offset + entry.stored for entry in entries)
    path = Path(store.repository.url) / pack_key(pack)
    path.chmod(0o644)
    os.truncate(path, end)
    with pytest.raises(StorageError, match="is damaged"):
        store.add("n", folder, if_changed=True)


def test_a_description_that_is_lost_is_written_again(store: Store, folder: Path, tmp_path: Path) -> None:
    """One so long that it has a listing, which is lost with it."""
    first = store.add("n", folder, params={"long": os.urandom(6_000_000).hex()})
    blob = first.record.manifest_blob
    assert blob is not None
    assert blob.listing is not None
    assert blob.listing.data is None
    (folder / "large").touch()
    second = store.add("n", folder, if_changed=True)  # of which the snapshot has no description
    assert second.id == first.id
    for key in _packs(store):
        if key.startswith("packs/meta/"):
            store.repository.storage.delete(key)
    again = _open(tmp_path).add("n", folder, if_changed=True)
    assert again.id != first.id
    assert digest_tree(again.tree) == first.digest


def test_packs_that_are_condemned_are_not_relied_on(folder: Path, tmp_path: Path) -> None:
    """Whoever relied on them before keeps what is in them; whoever comes later does not count on it."""
    storage = AgingStorage()
    clock = Clock(lambda: time.time() + HOUR)
    store = Store(open_on(storage, cache=tmp_path / "cache", owner="me", clock=clock), "test")
    store.rm(store.add("removed", folder))
    storage.now += 48 * HOUR
    snapshot = Snapshots(store.repository.cache / "seen", time.time).find(str(folder))
    assert snapshot is not None
    with store.repository.writer() as before, store.repository.writer() as after:
        assert before.has_packs(snapshot.packs)
        collect(store.repository)
        assert not after.has_packs(snapshot.packs)
        assert len(before.index.confirm()) > 0
    again = store.add("again", folder)
    storage.now += 25 * HOUR
    collect(store.repository)
    assert _content(again, "large") == (folder / "large").read_bytes()


def test_packs_that_moved_are_known_again_after_one_look(store: Store, folder: Path) -> None:
    """Where the same chunks are in other packs, the folder is as it was, and the next look finds that at once."""
    first = store.add("n", folder)
    snapshots = Snapshots(store.repository.cache / "seen", time.time)
    before = snapshots.find(str(folder))
    assert before is not None
    gone = {pack for pack, _ in before.packs if pack.startswith("data/")}
    for pack in gone:
        store.repository.storage.delete(pack_key(pack))
    store.add("other", {"more": os.urandom(100_000), "copy": shutil.copytree(folder, folder.parent / "copy")})
    index = KnownIndex(store.repository.storage, store.repository.catalog)
    assert find_digest(folder, snapshots, index.has_packs) is None
    again = store.add("n", folder, if_changed=True)
    assert again.id == first.id
    after = snapshots.find(str(folder))
    assert after is not None
    assert gone.isdisjoint(pack for pack, _ in after.packs)
    assert find_digest(folder, snapshots, index.has_packs) == first.digest


def test_a_file_that_changes_between_look_and_reading_is_looked_at_again(room: _Room, folder: Path) -> None:
    """The folder as it was scanned is not the one that was read: nobody takes the one for the other."""
    path = folder / "sub" / "069"

    class Late(_Noting):
        def read_file(self, path_: str | os.PathLike[str], seen: Seen | None = None) -> ReadFile:
            if os.fspath(path_) == str(path):
                path.write_bytes(b"changed")
            return super().read_file(path_, seen)

    status = path.stat()
    node = encode_path(folder, Late(room.index), room.snapshots)
    room.snapshots.keep(node, digest_tree(node), [])
    snapshot = room.snapshots.find(str(folder))
    assert snapshot is not None
    assert snapshot.look == b""
    assert path.stat() != status
    again, _ = room.encode(folder)
    assert digest_tree(again) == digest_tree(node)
    assert find_digest(folder, room.snapshots, room.has_packs) == digest_tree(node)


def test_a_folder_and_the_only_file_in_it_do_not_look_the_same(tmp_path: Path) -> None:
    """Nor do folders whose names and files are cut elsewhere."""
    for names in (("a", "bc"), ("ab", "c")):
        path = tmp_path / "-".join(names)
        path.mkdir()
        for name in names:
            os.link(_file(tmp_path / "file"), path / name)
    looks = {look_at_folder(str(tmp_path / name)) for name in ("a-bc", "ab-c")}
    alone = tmp_path / "alone"
    alone.mkdir()
    os.link(tmp_path / "file", alone / "x")
    looks |= {look_at_folder(str(alone)), scan_file("x", (alone / "x").stat()).look}
    assert len(looks) == 4


def _file(path: Path) -> Path:
    path.touch()
    return path


def _content(bundle: Bundle, name: str) -> bytes:
    path = bundle.path()
    assert isinstance(path, Path)
    return (path / name).read_bytes()
