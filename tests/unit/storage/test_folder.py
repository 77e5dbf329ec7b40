"""What only a folder can do wrong: durability, links, foreign files, full disks and permissions."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.errors import ConflictError, IntegrityError, NotFoundError, StorageError
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage

NOBODY = 65534


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    """An empty storage in a folder that does not exist yet."""
    return FolderStorage(tmp_path / "new" / "store")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of what was synced to disk, in order."""
    paths: list[str] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        paths.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return paths


def test_writes_are_durable(storage: FolderStorage, synced: list[str]) -> None:
    """Before put_new returns, the file, its folder and every folder made on the way are synced, the file first."""
    storage.put_new("packs/ab/x", b"x")
    root = storage.root
    assert set(synced) >= {str(folder) for folder in (root.parent.parent, root.parent, root, root / "packs")}
    assert Path(synced[-2]).parent == root / "packs" / "ab"
    assert synced[-1] == str(root / "packs" / "ab")
    synced.clear()
    storage.put_new("packs/ab/y", b"y")
    assert len(synced) == 2


def test_replacing_and_deleting_are_durable(storage: FolderStorage, synced: list[str]) -> None:
    """Before put_if_match and delete return, the folder of the name is synced last."""
    storage.put_new("a/b", b"x")
    version = storage.get("a/b").version
    synced.clear()
    storage.put_if_match("a/b", b"y", version)
    assert len(synced) == 2
    assert synced[-1] == str(storage.root / "a")
    synced.clear()
    storage.delete("a/b")
    assert synced == [str(storage.root / "a")]


def test_what_is_in_the_way_is_durable(storage: FolderStorage, synced: list[str]) -> None:
    """A conflict is reported only when the other's name is on disk, for the caller may build on it."""
    storage.put_new("a/b", b"x")
    synced.clear()
    with pytest.raises(ConflictError):
        storage.put_new("a/b", b"x")
    assert synced == [str(storage.root / "a")]


def test_a_folder_made_by_another_is_made_durable(storage: FolderStorage, synced: list[str]) -> None:
    """A folder that is there already may have a maker who has not synced its name yet."""
    (storage.root / "packs").mkdir(parents=True)
    storage.put_new("packs/x", b"x")
    assert str(storage.root) in synced


def test_only_objects_are_left(storage: FolderStorage) -> None:
    """No write leaves a temporary file, a lost race included, and nothing but objects and the lock is there."""
    storage.put_new("a/b", b"x")
    version = storage.get("a/b").version
    with pytest.raises(ConflictError):
        storage.put_new("a/b", b"y")
    with pytest.raises(ConflictError):
        storage.put_if_match("a/b", b"y", "another")
    storage.put_if_match("a/b", b"z", version)
    files = {str(path.relative_to(storage.root)) for path in storage.root.rglob("*")}
    assert files == {"a", "a/b", ".lock"}


def test_foreign_files_are_left_alone(storage: FolderStorage) -> None:
    """Temporary files of a crashed writer, locks, hidden files and names that are no keys are not listed."""
    storage.put_new("a/b", b"x")
    for name in (b".tmp-0123", b".lock", b".DS_Store", b"\xff\xfe", b"new\nline", b"back\\slash"):
        (storage.root / os.fsdecode(name)).write_bytes(b"")
        (storage.root / "a" / os.fsdecode(name)).write_bytes(b"")
    (storage.root / ".snapshot").mkdir()
    (storage.root / ".snapshot" / "b").write_bytes(b"")
    os.mkfifo(storage.root / "pipe")
    assert [entry.key for entry in storage.list()] == ["a/b"]


def test_a_pipe_is_no_object(storage: FolderStorage) -> None:
    """Reading a pipe that someone put in the folder does not wait for ever."""
    storage.put_new("a", b"x")
    os.mkfifo(storage.root / "pipe")
    with pytest.raises(NotFoundError):
        storage.get("pipe")


def test_links_are_not_followed(storage: FolderStorage, tmp_path: Path) -> None:
    """A link in the folder, to a file or to a folder, leads nobody out of it, by any method."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    storage.put_new("a", b"x")
    (storage.root / "file").symlink_to(outside / "secret")
    (storage.root / "folder").symlink_to(outside)
    for call in (
        lambda: storage.get("file"),
        lambda: storage.get_range("file", 0, 1),
        lambda: storage.get("folder/secret"),
        lambda: storage.put_new("folder/new", b"x"),
        lambda: storage.put_if_match("file", b"x", "v"),
        lambda: storage.put_if_match("folder/secret", b"x", "v"),
        lambda: storage.delete("folder/secret"),
        lambda: list(storage.list("folder")),
        lambda: list(storage.list()),
    ):
        with pytest.raises(StorageError) as caught:
            call()
        assert caught.value.kind == "link"
    with pytest.raises(ConflictError):
        storage.put_new("file", b"x")
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_bytes() == b"secret"


def test_a_listed_link_is_no_object(storage: FolderStorage) -> None:
    """A link beside objects is an error of the listing, so that nobody takes what it hides for deleted."""
    storage.put_new("a", b"x")
    (storage.root / "b").symlink_to(storage.root / "a")
    with pytest.raises(StorageError) as caught:
        list(storage.list())
    assert caught.value.kind == "link"


def test_the_root_may_be_a_link(tmp_path: Path) -> None:
    """A store that was moved to another disk is reached by a link to it."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "disk")
    FolderStorage(tmp_path / "store").put_new("a/b", b"x")
    assert (tmp_path / "disk" / "a" / "b").read_bytes() == b"x"


def test_version_is_of_the_content(storage: FolderStorage) -> None:
    """A version survives copying the folder, and sees a change that keeps size and time."""
    storage.put_new("a", b"x")
    version = storage.get("a").version
    path = storage.root / "a"
    before = path.stat()
    path.write_bytes(b"y")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ConflictError):
        storage.put_if_match("a", b"z", version)
    path.write_bytes(b"x")
    storage.put_if_match("a", b"z", version)


def test_a_file_cut_short_under_the_reader(storage: FolderStorage) -> None:
    """A range of a file that lost its end is an IntegrityError."""
    storage.put_new("a", b"0123456789")
    os.truncate(storage.root / "a", 5)
    with pytest.raises(IntegrityError, match="has 5 bytes"):
        storage.get_range("a", 0, 10)


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a"), ("a/b", "a/b/c/d")])
def test_a_key_is_no_folder_of_another(storage: FolderStorage, first: str, second: str) -> None:
    """A file cannot be a folder: that is neither a conflict with an equal object, nor a missing one."""
    storage.put_new(first, b"x")
    with pytest.raises(StorageError) as caught:
        storage.put_new(second, b"y")
    assert caught.value.kind == "key-clash"
    assert [entry.key for entry in storage.list()] == [first]


def test_a_root_that_is_a_file(tmp_path: Path) -> None:
    """A file in the place of the folder is named when writing."""
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(StorageError, match="store"):
        FolderStorage(tmp_path / "store").put_new("a", b"x")


def test_file_systems_without_hard_links(storage: FolderStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a name cannot be linked, creating is exclusive by the lock, and nothing is left over."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    storage.put_new("a", b"x")
    with pytest.raises(ConflictError):
        storage.put_new("a", b"y")
    assert storage.get("a").data == b"x"
    assert {path.name for path in storage.root.iterdir()} == {"a", ".lock"}


def test_disk_full_when_syncing(storage: FolderStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full leaves the old object, no half of a new one, and an error that says so."""
    storage.put_new("a", b"old")
    version = storage.get("a").version

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    for call in (lambda: storage.put_new("b", b"new"), lambda: storage.put_if_match("a", b"new", version)):
        with pytest.raises(StorageError, match="disk that is full") as caught:
            call()
        assert caught.value.kind == "disk-full"
        assert caught.value.hint
    assert {path.name for path in storage.root.iterdir()} == {"a", ".lock"}
    assert storage.get("a").data == b"old"


def test_a_write_that_breaks_off(tmp_path: Path) -> None:
    """When the system really takes only a part of the bytes, nothing of them is left and the error is clear."""
    done = _run(
        """
        import resource
        storage.put_new("small", b"x")
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        try:
            storage.put_new("large", bytes(1 << 20))
        except StorageError as error:
            print(error.kind, error.hint)
        print([entry.key for entry in storage.list()], len(list(storage.root.iterdir())))
        """,
        tmp_path / "store",
    )
    assert done == "file-too-large raise it: ulimit -f unlimited\n['small'] 1\n"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may read and enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_folder_that_may_only_be_read(open_folder: Path) -> None:
    """A user without the right to write reads and lists, and is told clearly when writing."""
    FolderStorage(open_folder / "store").put_new("a/b", b"x")
    for path in (open_folder / "store" / "a", open_folder / "store"):
        path.chmod(0o555)
    done = _run(
        f"""
        if os.getuid() == 0:
            os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
        print(storage.get("a/b").data, [entry.key for entry in storage.list()])
        version = storage.get("a/b").version
        storage.delete("a/nothing")
        calls = (
            lambda: storage.put_new("a/c", b"x"),
            lambda: storage.put_new("new/c", b"x"),
            lambda: storage.put_if_match("a/b", b"y", version),
            lambda: storage.delete("a/b"),
        )
        for call in calls:
            try:
                call()
            except StorageError as error:
                print(error.kind, bool(error.hint), "PermissionError" not in str(error))
        """,
        open_folder / "store",
    )
    assert done == "b'x' ['a/b']\n" + "permission True True\n" * 4
    for path in (open_folder / "store", open_folder / "store" / "a"):
        path.chmod(0o755)


def _run(code: str, root: Path) -> str:
    start = (
        "import os, pathlib, sys\n"
        "from stook.errors import StorageError\n"
        "from stook.storage.folder import FolderStorage\n"
        "storage = FolderStorage(pathlib.Path(sys.argv[1]))\n"
    )
    lines = "\n".join(line.removeprefix("        ") for line in code.splitlines())
    done = subprocess.run(
        [sys.executable, "-c", start + lines, str(root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EDQUOT, "disk-full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission"),
        (errno.EMFILE, "too-many-files"),
        (errno.ENOLCK, "no-locks"),
        (errno.EIO, "disk-failed"),
        (errno.EXDEV, "disk-failed"),
    ],
)
def test_every_os_error_is_translated(number: int, kind: str) -> None:
    """What the system says becomes a StorageError with its cause and the place, also what nobody thought of."""
    with pytest.raises(StorageError, match="/the/place") as caught, translate_os_errors("/the/place"):
        raise OSError(number, os.strerror(number))
    assert caught.value.kind == kind
    assert caught.value.facts["errno"] == number
    assert isinstance(caught.value.__cause__, OSError)
