"""Stores on disks that are full, cannot be written, or may not be read: nothing is half there, and errors say why."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import stook
from stook.errors import StorageError
from stook.store import Bundle, Store
from stook.store.checkout import checkout
from stook.store.gc import collect
from stook.store.open import reopen
from stook.store.rebuild import rebuild
from stook.store.verify import verify
from tests.small_disks import small_disk_at
from tests.stateful.model import observe

_NOBODY = 65534
_WRITING, _ALL = 0o222, 0o777
_PAGE = 4096
_FEW = (0, 1, 2, 3, 4, 5, 6, 8)
_ROOMS = (*_FEW, 12, 24, 40, 60, 80, 100, 130, 160)
_NO_ROOM = (0,) * 40
"""For steps of a few bytes, which fail only where the log comes to the end of a page."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk in memory with room for 8 MB."""
    with small_disk_at(tmp_path / "disk", 8) as place:
        yield place


@contextmanager
def full(disk: Path, pages: int) -> Iterator[None]:
    """Fill a disk but for so many pages of 4096 bytes."""
    ballast = disk / ".ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(_PAGE))
            except OSError:
                pass
            file.truncate(max(0, file.tell() - pages * _PAGE))
        yield
    finally:
        ballast.unlink()


def noise(number: int, size: int) -> bytes:
    """Return bytes that do not compress."""
    return random.Random(number).randbytes(size)


def prepare(store: Store, folder: Path) -> None:
    """Have what the steps need."""
    for number in range(12):
        (folder / f"many/{number}").mkdir(parents=True)
        (folder / f"many/{number}/part").write_bytes(noise(number, 9_000))
    (folder / "large").write_bytes(noise(99, 300_000))
    store.add("kept", {"x": noise(0, 20_000)})
    kept = store.add("kept", {"x": noise(1, 20_000)})
    store.tag(kept, old="tag")
    store.alias("prod", kept)
    store.add("files", folder / "many")
    for number in range(40):  # descriptions in the log of about a page each
        store.rm(store.add("gone", {"number": number, "x": noise(500 + number, 20_000)}))


def _move(store: Store, why: str) -> None:
    now = store.get("kept@prod")
    store.alias("prod", next(bundle for bundle in store.versions("kept") if bundle.id != now.id), why=why)


def _folder(store: Store, folder: Path, number: int) -> None:
    source = folder / f"many{number}"
    for step in range(10):
        (source / f"{step}").mkdir(parents=True)
        (source / f"{step}/part").write_bytes(noise(number * 10 + step + 5_000, 9_000))
    store.add("many", source)


def _many(store: Store, folder: Path, number: int) -> None:
    for step in range(10):
        store.add("small", {"number": number, "step": step, "data": noise(number * 100 + step, 30_000)})


def _draft(store: Store, folder: Path, number: int) -> None:
    with store.draft("draft") as draft:
        draft["value"] = noise(number + 2000, 100_000)
        draft["file"] = folder / "large"


STEPS: dict[str, Callable[[Store, Path, int], object]] = {
    "add a file": lambda store, folder, number: store.add("large", folder / "large", params={"n": number}),
    "add a folder": _folder,
    "add many": _many,
    "draft": _draft,
}
SHORT_STEPS: dict[str, Callable[[Store, Path, int], object]] = {
    "tag": lambda store, _, number: store.tag("kept", {f"k{number}": "v" * 5_000}),
    "untag": lambda store, _, number: store.untag(store.tag("kept", {f"u{number}": "v"}), f"u{number}"),
    "commit": lambda store, _, number: store.commit("kept", f"{number:04d}" * 700),
    "alias": lambda store, _, number: store.alias(f"new{number}", "kept", why="w" * 3_000),
    "move an alias": lambda store, _, number: _move(store, f"{number}" * 3_000),
    "restore": lambda store, _, number: store.restore(store.removed("gone")[0]),
    "remove": lambda store, _, number: store.rm(store.add("short", number), force=True),
    "make a context": lambda store, _, number: store.create_context(f"context{number}"),
}
STEPS["collect"] = lambda store, _, number: collect(store.repository, wait=0.0)
CACHE_STEPS = {**STEPS, **SHORT_STEPS, "rebuild": lambda store, _, number: rebuild(store)}
_CACHE_KINDS = {"disk-full", "catalog-failed", "catalog-unusable"}
_FIRST = {"add a file", "draft", "tag", "alias", "collect"}
SEVERAL = {"add many", "untag", "remove"}
"""Steps that are several, each of which is done or not."""


def _some_at_once(names: list[str]) -> list[Any]:
    """Return names of steps as parameters, most of them for the full tier only."""
    return [name if name in _FIRST else pytest.param(name, marks=pytest.mark.full) for name in names]


def contents(store: Store) -> dict[str, Any]:
    """Return what is in each bundle."""
    found: dict[str, Any] = {}
    for bundle in store.search():
        found[bundle.id] = _content(bundle)
    return found


def _content(bundle: Bundle) -> Any:
    data = bundle.data
    if isinstance(data, dict):
        return {key: part.read_bytes() if isinstance(part, Path) else part for key, part in data.items()}
    if not isinstance(data, Path):
        return data
    files = [data] if data.is_file() else sorted(path for path in data.rglob("*") if path.is_file())
    return [(path.relative_to(data.parent).as_posix(), path.read_bytes()) for path in files]


def left_behind(root: Path) -> list[Path]:
    """Return temporary files."""
    return [path for path in root.rglob("*") if path.name.startswith(".tmp-")]


@pytest.mark.parametrize("name", _some_at_once([*STEPS, *SHORT_STEPS]))
def test_a_full_disk_changes_nothing(small_disk: Path, tmp_path: Path, name: str) -> None:
    """However little room the store has: a step is done, or says that the disk is full and leaves nothing behind."""
    root, step = small_disk / "store", {**STEPS, **SHORT_STEPS}[name]
    store = reopen(str(root), "test", str(tmp_path / "cache"), "tess")
    prepare(store, tmp_path)
    failed = 0
    for number, pages in enumerate(_ROOMS if name in STEPS else _NO_ROOM):
        before, content = observe(store), contents(store)
        with full(small_disk, pages):
            error = _error_of(lambda number=number: step(store, tmp_path, number))
            if error is None and name in SHORT_STEPS:
                continue
            if error is not None:
                check_full(error, small_disk)
                failed += 1
                assert name in SEVERAL or observe(store) == before
            there = contents(store)
            assert content.items() <= there.items() or name == "remove"
        check_fresh(store, tmp_path / f"cache{number}", there)
    assert failed > 0
    step(store, tmp_path, 1000)
    collect(store.repository, wait=0.0)
    check_fresh(store, tmp_path / "last", contents(store))


def check_full(error: StorageError, disk: Path) -> None:
    """See that an error says what is full."""
    assert (error.kind, error.exit_code) == ("disk-full", 6), error
    assert str(disk) in error.message
    assert error.hint


def check_fresh(store: Store, cache: Path, content: Any) -> None:
    """See that one who opens the store for the first time finds the same, and nothing else lies about."""
    root = Path(store.repository.url)
    fresh = reopen(str(root), "test", str(cache), "tess")
    assert observe(fresh) == observe(store)
    assert contents(fresh) == content
    assert {p.kind for p in verify(fresh, deep=True, quarantine=False).problems} <= {"dangling-alias"}
    assert left_behind(root) == []
    fresh.close()


def _error_of(act: Callable[[], object]) -> StorageError | None:
    """Do something, and return how the storage refused, if it did."""
    try:
        act()
    except StorageError as error:
        return error
    return None


@pytest.mark.parametrize("name", _some_at_once([*CACHE_STEPS]))
def test_a_full_cache_loses_nothing(small_disk: Path, tmp_path: Path, name: str) -> None:
    """Where the catalog cannot grow, a step is done or not done, and afterwards the catalog is right again."""
    root, step = tmp_path / "store", CACHE_STEPS[name]
    store = reopen(str(root), "test", str(small_disk / "cache"), "tess")
    prepare(store, tmp_path)
    for number, pages in enumerate(_FEW):
        content = contents(store)
        with full(small_disk, pages):
            error = _error_of(lambda number=number: step(store, tmp_path, number))
        assert error is None or (error.kind in _CACHE_KINDS and error.hint), error
        there = contents(store)
        assert content.items() <= there.items() or name == "remove"
        check_fresh(store, tmp_path / f"cache{number}", there)
    step(store, tmp_path, 1000)
    check_fresh(store, tmp_path / "last", contents(store))


def test_a_full_disk_under_a_command(small_disk: Path, tmp_path: Path) -> None:
    """`stook add` ends with 6 and says what is full; once there is room the same command does it."""
    (tmp_path / "large").write_bytes(noise(3, 300_000))
    stook.open(small_disk / "store", context="test").add("a", 1)

    def add() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from stook.cli.main import main; main()"]
        words = ["add", "large", str(tmp_path / "large"), "--context", "test"]
        environment = {**os.environ, "STOOK_HOME": str(small_disk / "store")}
        return subprocess.run(
            command + words, check=False, env=environment, cwd=tmp_path, capture_output=True, text=True
        )

    with full(small_disk, 10):
        refused = add()
    assert refused.returncode == 6, refused.stderr
    assert "is on a disk that is full" in refused.stderr
    assert "Traceback" not in refused.stderr
    done = add()
    assert done.returncode == 0, done.stderr
    assert stook.open(small_disk / "store", context="test").get("large").size == 300_000


def test_a_full_disk_takes_no_checkout(small_disk: Path, tmp_path: Path) -> None:
    """A checkout that does not fit leaves no folder, and comes whole when there is room."""
    (tmp_path / "large").write_bytes(noise(3, 300_000))
    store = stook.open(tmp_path / "store", context="test")
    bundle = store.add("large", tmp_path / "large")
    with full(small_disk, 20):
        with pytest.raises(StorageError, match="is on a disk that is full"):
            checkout(store, bundle, small_disk / "out")
        assert os.listdir(small_disk) == [".ballast"]
    assert checkout(store, bundle, small_disk / "out").files == 1


WRITES = {**STEPS, **SHORT_STEPS}


def check_read_only(root: Path, tmp_path: Path, kind: str, seen: Any, content: Any) -> None:
    """See that all can be read with a new cache, and that nothing is written, which errors say."""
    store = reopen(str(root), "test", str(tmp_path / "other-cache"), "tess")
    assert observe(store) == seen
    assert contents(store) == content
    assert store.get("kept@prod").data == {"x": noise(1, 20_000)}
    assert checkout(store, store.get("files"), tmp_path / "out").files == 12
    assert verify(store, deep=True, quarantine=False).is_clean
    assert store.find("nothing") is None
    for name, step in WRITES.items():
        with pytest.raises(StorageError) as caught:
            step(store, tmp_path, 5)
        assert caught.value.kind == kind, name
        assert str(root) in caught.value.message, name
        assert caught.value.hint, name
    assert observe(store) == seen
    store.close()


def _prepared(root: Path, tmp_path: Path) -> tuple[Any, Any]:
    store = reopen(str(root), "test", str(tmp_path / "cache"), "tess")
    prepare(store, tmp_path)
    try:
        return observe(store), contents(store)
    finally:
        store.close()


def test_a_read_only_disk_can_be_read(small_disk: Path, tmp_path: Path) -> None:
    """With a cache elsewhere everything can be read, and each writing step says that the disk is read-only."""
    seen, content = _prepared(small_disk / "store", tmp_path)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    check_read_only(small_disk / "store", tmp_path, "read-only", seen, content)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user may reach."""
    folder = Path(tempfile.mkdtemp(prefix="stook-public-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def without(rights: int, folder: Path) -> Iterator[None]:
    """Be somebody else, as root is refused nothing; who is not root loses some rights to all that is in a folder."""
    if os.geteuid() == 0:
        os.seteuid(_NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
        return
    modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
    for path in reversed(modes):
        path.chmod(modes[path] & ~rights)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def _do_everything(folder: Path) -> None:
    """Import all that is used: where the project is in a private folder, somebody else cannot."""
    folder.mkdir()
    store = stook.open(folder / "store", context="test")
    prepare(store, folder)
    for step in (
        *SHORT_STEPS.values(),
        *STEPS.values(),
    ):  # collecting comes last: what it takes is not restored
        step(store, folder, 5)
    checkout(store, store.get("files"), folder / "out")
    check_fresh(store, folder / "cache", contents(store))


def test_a_store_of_others_can_be_read(public: Path) -> None:
    """Who may only read has everything, and is told whose permission is missing on writing."""
    seen, content = _prepared(public / "store", public)
    _do_everything(public / "before")
    with without(_WRITING, public / "store"):
        check_read_only(public / "store", public, "permission", seen, content)


def test_a_store_that_may_not_be_read_says_so(public: Path) -> None:
    """Neither a traceback nor an empty store: the error names the folder."""
    _prepared(public / "store", public)
    (public / "store").chmod(0o700)
    with without(_ALL, public / "store"), pytest.raises(StorageError) as caught:
        reopen(str(public / "store"), "test", str(public / "nobody"), "tess")
    assert caught.value.kind == "permission"
    assert str(public / "store") in caught.value.message


def test_a_cache_that_may_not_be_written_says_so(public: Path) -> None:
    """The error names the cache, and how to choose another."""
    _prepared(public / "store", public)
    (public / "locked").mkdir()
    with without(_WRITING, public / "locked"), pytest.raises(StorageError) as caught:
        reopen(str(public / "store"), "test", str(public / "locked"), "tess")
    assert str(public / "locked") in caught.value.message
    assert "STOOK_CACHE" in caught.value.hint or "another folder" in caught.value.hint


def test_a_cache_that_goes_away_loses_nothing(tmp_path: Path) -> None:
    """Under an open store: it goes on or says that the cache failed, and one that is opened again has everything."""
    root, cache = tmp_path / "store", tmp_path / "cache"
    store = reopen(str(root), "test", str(cache), "tess")
    prepare(store, tmp_path)
    content = contents(store)
    shutil.rmtree(cache)
    error = _error_of(lambda: store.add("after", {"x": noise(7, 50_000)}))
    assert error is None or "cache" in error.message + error.hint
    added = [] if error else [{"x": noise(7, 50_000)}]
    again = reopen(str(root), "test", str(cache), "tess")
    there = contents(again)
    assert content.items() <= there.items()
    assert [data for identifier, data in there.items() if identifier not in content] == added
    again.add("more", tmp_path / "large")
    assert verify(again, deep=True).is_clean
