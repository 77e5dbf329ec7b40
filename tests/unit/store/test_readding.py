"""What was added before is not read again, and what only looks as it did is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest
from blake3 import blake3

from stook.chunks import ChunkIndex, ChunkWriter, Location, MemoryIndex
from stook.chunks.write import ReadFile, Seen
from stook.format.trees import digest_tree
from stook.model.clock import Clock
from stook.model.tree import Blob, File, Folder
from stook.storage import open_storage
from stook.store import Store
from stook.store.intake.scan import scan_folder
from stook.store.intake.snapshots import SeenFile, Snapshots
from stook.store.intake.sources import encode_path, find_digest
from stook.store.repository import open_repository

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
        self.ahead = HOUR
        self.snapshots = Snapshots(folder / "seen", lambda: time.time() + self.ahead)

    def has_all(self, ids: Collection[bytes]) -> bool:
        return set(self.index.find(list(ids))) == set(ids)

    def encode(self, path: Path) -> tuple[File | Folder, list[str]]:
        writer = _Noting(self.index)
        node = encode_path(path, writer, self.snapshots)
        writer.flush()
        return node, writer.read


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
    assert find_digest(folder, room.snapshots, room.has_all) == digest_tree(first)


def test_only_what_changed_is_read(room: _Room, folder: Path) -> None:
    """New and changed files are read, removed ones are gone, and all is as if everything had been read."""
    room.encode(folder)
    _wait_for_tick(folder.parent)
    (folder / "sub" / "001").write_bytes(b"changed")
    (folder / "new").write_bytes(b"new")
    (folder / "sub" / "002").unlink()
    assert find_digest(folder, room.snapshots, room.has_all) is None
    node, read = room.encode(folder)
    assert sorted(read) == ["001", "new"]
    assert digest_tree(node) == digest_tree(encode_path(folder, _Noting()))
    assert room.encode(folder) == (node, [])


def test_a_file_that_goes_is_noticed_and_then_known(room: _Room, folder: Path) -> None:
    """Nothing is read for it, and the folder without it is the one that did not change."""
    room.encode(folder)
    (folder / "large").unlink()
    assert find_digest(folder, room.snapshots, room.has_all) is None
    node, read = room.encode(folder)
    assert read == []
    assert (
        find_digest(folder, room.snapshots, room.has_all)
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
    assert find_digest(folder, room.snapshots, room.has_all) is None
    node, _ = room.encode(folder)
    assert isinstance(node, Folder)
    assert node.empty == ()


def test_a_large_file_is_not_read_again(room: _Room, tmp_path: Path) -> None:
    """One file of many chunks costs a look; its listing is there to rely on again."""
    path = tmp_path / "large"
    path.write_bytes(os.urandom(6_000_000))
    first, read = room.encode(path)
    assert read == ["large"]
    assert first.blob.listing is not None  # type: ignore[union-attr]
    assert room.encode(path) == (first, [])
    assert find_digest(path, room.snapshots, room.has_all) == digest_tree(first)


def test_what_the_store_has_lost_is_read_again(room: _Room, folder: Path) -> None:
    """Files whose chunks are not in the index any more are read, and only those."""
    first, _ = room.encode(folder)
    room.index = MemoryIndex()
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
    assert find_digest(folder, room.snapshots, room.has_all) is None
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
    assert find_digest(link, room.snapshots, room.has_all) is None
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
    newest = max(max(file.state[1:3]) for file in seen)
    room.snapshots.keep(str(folder), newest + age * SECOND, "0" * 64, seen, ["nothing"], before=None)
    assert (find_digest(folder, room.snapshots, room.has_all) is None) == is_read
    node, read = room.encode(folder)
    assert bool(read) == is_read
    assert (digest_tree(node) == digest_tree(encode_path(folder, _Noting()))) == is_read


def test_the_clock_of_a_disk_over_a_network_is_not_trusted(room: _Room, tmp_path: Path) -> None:
    """There a file is old only against the other files, or when time has passed since it was first seen."""
    nowhere = 2**40
    times = [1_000 * SECOND, 1_010 * SECOND]
    seen = [
        SeenFile(str(at), (1, at, at, 1, nowhere, 0o100644), Blob(1, "0" * 64, data=b"x")) for at in times
    ]

    def keep(began: int) -> list[bool]:
        before = room.snapshots.find("/net")
        room.snapshots.keep("/net", began, "0" * 64, seen, [], before=before)
        snapshot = room.snapshots.find("/net")
        assert snapshot is not None
        return [snapshot.is_settled(file.state) for file in seen]

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
    for at in [0, 40, len(good) // 2, len(good) - 1]:
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert find_digest(folder, room.snapshots, room.has_all) is None
    for bad in (b"", good[:100], b"x" * 100, blake3(b"junk").digest() + b"junk"):
        path.write_bytes(bad)
        assert find_digest(folder, room.snapshots, room.has_all) is None
    again, read = room.encode(folder)
    assert again == first
    assert len(read) == MANY + 1
    other = folder.parent / "copy"
    folder.rename(other)
    room.snapshots._path(str(other)).write_bytes(good)
    assert find_digest(other, room.snapshots, room.has_all) is None


def test_snapshots_that_cannot_be_written_cost_only_time(room: _Room, folder: Path) -> None:
    """A cache folder that is a file hinders nobody."""
    room.snapshots._folder.write_bytes(b"in the way")
    first, _ = room.encode(folder)
    assert room.encode(folder)[0] == first


def test_old_snapshots_go(room: _Room, folder: Path) -> None:
    """Adding from ever new places does not fill the disk."""
    for number in range(230):
        room.snapshots.keep(f"/{number}", 0, "0" * 64, [], [], before=None)
    assert len(list(room.snapshots._folder.iterdir())) == 200
    assert room.snapshots.find("/229") is not None
    assert room.snapshots.find("/0") is None


def test_short_sources_leave_no_snapshot(room: _Room, tmp_path: Path) -> None:
    """A few small files are read sooner than a snapshot."""
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "a").write_bytes(b"a")
    room.encode(tmp_path / "few")
    room.encode(tmp_path / "few" / "a")
    assert not room.snapshots._folder.exists()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose clock is an hour ahead."""
    repository = open_repository(
        str(tmp_path / "store"), cache=tmp_path / "cache", owner="me", clock=Clock(lambda: time.time() + HOUR)
    )
    return Store(repository, "test")


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
    path = second.path()
    assert isinstance(path, Path)
    assert (path / "large").read_bytes() == (folder / "large").read_bytes()


def test_a_store_that_lost_its_packs_gets_them_again(store: Store, folder: Path, tmp_path: Path) -> None:
    """What a snapshot says is in the store is held against the store."""
    store.add("n", folder)
    for key in _packs(store):
        store.repository.storage.delete(key)
    second = store.add("n", folder)
    path = second.path()
    assert isinstance(path, Path)
    assert (path / "large").read_bytes() == (folder / "large").read_bytes()
