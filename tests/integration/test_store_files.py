"""Files and folders as disks have them: that change while they are read, that are many, large, empty, oddly named."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stook
from stook.errors import InputError
from stook.format.condemned import PREFIX
from stook.model.clock import Clock
from stook.model.paths import find_path_problem
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Entry
from stook.store import Store
from stook.store.checkout import checkout
from stook.store.open import reopen
from stook.store.repository import open_repository
from stook.store.verify import verify

_FILES = int(os.environ.get("STOOK_MANY_FILES", "20000"))
_LARGE = int(os.environ.get("STOOK_LARGE_FILE", str(600 * 1024 * 1024)))
_BLOCK = 1024 * 1024


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return reopen(str(tmp_path / "store"), "test", str(tmp_path / "cache"), "tess")


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 100)
        file.write(b"x" * 50)


def _replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(os.urandom(path.stat().st_size))
    other.replace(path)


@pytest.mark.parametrize("as_folder", [False, True])
@pytest.mark.parametrize("meddle", [_grow, _shrink, _rewrite])
def test_a_file_that_changes_while_it_is_read_is_refused(
    store: Store,
    tmp_path: Path,
    meddle: Callable[[Path], None],
    as_folder: bool,
) -> None:
    """Grown, cut off, or written over with its size kept: the error names the file, and nothing is added."""
    path = tmp_path / "data" / "changing"
    path.parent.mkdir()
    path.write_bytes(os.urandom(24 * _BLOCK))
    store.repository.storage = _Meddling(tmp_path / "store", lambda: meddle(path))
    with pytest.raises(InputError) as caught:
        store.add("n", path.parent if as_folder else path)
    assert caught.value.kind == "file-changed"
    assert str(path) in caught.value.message
    assert store.find("n") is None
    assert store.add("n", path).path().read_bytes() == path.read_bytes()


def test_a_file_that_is_replaced_while_it_is_read_is_the_old_one(store: Store, tmp_path: Path) -> None:
    """Who writes beside and renames disturbs nobody: what was there is what is kept, whole."""
    path = tmp_path / "replaced"
    before = os.urandom(24 * _BLOCK)
    path.write_bytes(before)
    store.repository.storage = _Meddling(tmp_path / "store", lambda: _replace(path))
    assert store.add("n", path).path().read_bytes() == before


class _Meddling(FolderStorage):
    """Lets something happen when lists of condemned packs are looked for, which is in the middle of a large file."""

    def __init__(self, root: Path, act: Callable[[], None]) -> None:
        super().__init__(root)
        (root / PREFIX).mkdir(parents=True)
        self._act: Callable[[], None] | None = act

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """See `Storage.list`."""
        if self._act is not None:
            act, self._act = self._act, None
            act()
        return super().list(prefix, after=after)


@pytest.mark.filterwarnings("ignore:a bundle's time is")
def test_a_clock_that_goes_back_keeps_the_order(tmp_path: Path) -> None:
    """Ids of all that is added and said grow, and the latest is what was added last, whatever the clock does."""
    now = [1_800_000_000.0]
    repository = open_repository(
        str(tmp_path / "store"), cache=tmp_path / "cache", owner="tess", clock=Clock(lambda: now[0])
    )
    store = Store(repository, "test")
    ids = []
    for step, hours in enumerate([0, -1, -48, 3, -100, 0]):
        now[0] += hours * 3600
        ids.append(store.add("n", step).id)
        store.tag("n", word=str(step))
        assert store.get("n").data == step
    assert ids == sorted(ids)
    other = reopen(str(tmp_path / "store"), "test", str(tmp_path / "other"), "tess")
    assert [bundle.data for bundle in other.versions("n")] == [5, 4, 3, 2, 1, 0]
    assert other.get("n").tags == {"word": "5"}


@pytest.mark.filterwarnings("ignore:a bundle's time is")
def test_what_one_process_read_is_known_to_others_of_its_machine(tmp_path: Path) -> None:
    """Who finds in the catalog what another has read there of a machine whose clock is ahead comes after it."""
    ahead = open_repository(
        str(tmp_path / "store"), cache=tmp_path / "far", owner="a", clock=Clock(lambda: time.time() + 18_000)
    )
    here = [reopen(str(tmp_path / "store"), "test", str(tmp_path / "near"), "tess") for _ in range(2)]
    bundle = Store(ahead, "test").add("n", 1)
    Store(ahead, "test").rm(bundle)
    here[0].refresh()
    assert here[1].restore(bundle.id)[0].data == 1
    assert here[0].get("n").id == bundle.id


_ADD = """
import json, resource, sys, time, stook
from pathlib import Path
from stook.store.checkout import checkout
store = stook.open(sys.argv[1], context="test")
source, out = Path(sys.argv[2]), Path(sys.argv[3])
times = {}
def timed(what, act):
    began = time.perf_counter()
    result = act()
    times[what] = round(time.perf_counter() - began, 2)
    return result
bundle = timed("add", lambda: store.add("n", source))
again = timed("again", lambda: store.add("n", source, if_changed=True))
assert again.id == bundle.id
timed("checkout", lambda: checkout(store, bundle, out))
times["MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps(times))
"""


def _add_and_check_out(folder: Path, source: Path) -> str:
    words = [str(folder / "store"), str(source), str(folder / "out")]
    done = subprocess.run([sys.executable, "-c", _ADD, *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.full
def test_a_folder_of_many_files(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """It is added, known again, and checked out whole. `STOOK_MANY_FILES` says how many files: a million, for once."""
    source = tmp_path / "source"
    for number in range(_FILES):
        if number % 1000 == 0:
            folder = source / f"{number // 1000}"
            folder.mkdir(parents=True)
        (folder / f"file {number}").write_bytes(b"%d" % number)
    record_property("took", _add_and_check_out(tmp_path, source))
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("file *")}
    assert len(written) == _FILES
    assert all(data == name.removeprefix("file ").encode() for name, data in written.items())
    store = stook.open(tmp_path / "store", context="test")
    assert verify(store).is_clean


@pytest.mark.full
def test_a_large_sparse_file(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """It takes little room and comes back byte for byte. `STOOK_LARGE_FILE` says its bytes: 5 GB, for once."""
    source = tmp_path / "sparse"
    marks = {0: b"begin", _LARGE // 3: os.urandom(300_000), _LARGE - 3: b"end"}
    with source.open("wb") as file:
        for at, data in marks.items():
            file.seek(at)
            file.write(data)
    record_property("took", _add_and_check_out(tmp_path, source))
    packs = sum(path.stat().st_size for path in (tmp_path / "store").rglob("*.pack"))
    assert packs < 20 * _BLOCK
    written = tmp_path / "out/sparse"
    assert written.stat().st_size == _LARGE
    compared = subprocess.run(["cmp", source, written], check=False)
    assert compared.returncode == 0


def test_a_file_that_is_all_hole(store: Store, tmp_path: Path) -> None:
    """Zeros that no disk block holds are zeros."""
    path = tmp_path / "hole"
    with path.open("wb") as file:
        file.truncate(9 * _BLOCK + 1)
    assert store.add("n", path).path().read_bytes() == bytes(9 * _BLOCK + 1)


_NAMES = st.text(
    st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc"), exclude_characters="/\\"),
    min_size=1,
    max_size=40,
).filter(lambda name: name not in {".", ".."} and len(name.encode()) <= 255)


@settings(max_examples=25)
@given(names=st.lists(_NAMES, min_size=1, max_size=5, unique=True))
def test_names_of_all_of_unicode(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """Files whose names have letters of any plane come back under the same names, or the add names what cannot be."""
    folder = tmp_path_factory.mktemp("names")
    source = folder / "source"
    source.mkdir()
    for name in names:
        (source / name).write_text(name)
    store = reopen(str(folder / "store"), "test", str(folder / "cache"), "tess")
    if any(find_path_problem(name) for name in names):
        with pytest.raises(InputError) as caught:
            store.add("n", source)
        assert caught.value.kind == "bad-path"
        return
    bundle = store.add("n", source)
    out = checkout(store, bundle, folder / "out").folder
    for place in (bundle.path(), out):
        found = {path.name: path.read_text() for path in place.iterdir() if path.name in names}
        assert found == {name: name for name in os.listdir(source)}


def test_one_name_of_each_plane(store: Store, tmp_path: Path) -> None:
    """From every plane of Unicode that has letters or may be used privately."""
    source = tmp_path / "source"
    source.mkdir()
    planes = [0x61, 0x10400, 0x20000, 0x30000, 0xE0100, 0xF0000, 0x10FFFD]
    for point in planes:
        (source / f"x{chr(point)}").write_text(hex(point))
    bundle = store.add("n", source)
    found = {path.name: path.read_text() for path in bundle.path().iterdir()}
    assert found == {f"x{chr(point)}": hex(point) for point in planes}


def test_a_path_of_4000_characters(store: Store, tmp_path: Path) -> None:
    """A path that is longer than the system takes in one call is read, kept, and written again."""
    parts = [f"{number:02d}" + "d" * 196 for number in range(20)]
    descriptor = os.open(_made(tmp_path / "source"), os.O_RDONLY)
    for part in parts:
        os.mkdir(part, dir_fd=descriptor)
        inner = os.open(part, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    with open(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=descriptor), "wb") as file:
        file.write(b"deep")
    os.close(descriptor)
    bundle = store.add("n", tmp_path / "source")
    [(path, leaf)] = [(file.path, file.blob.size) for file in bundle.tree.files]  # type: ignore[union-attr]
    assert (path, leaf) == ("/".join([*parts, "file"]), 4)
    with bundle.open(path) as content:
        assert content.read() == b"deep"
    checkout(store, bundle, tmp_path / "out")
    assert _read_deep(tmp_path / "out", [*parts, "file"]) == b"deep"
    assert _read_deep(bundle.path(), [*parts, "file"]) == b"deep"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _read_deep(folder: Path, parts: Sequence[str]) -> bytes:
    descriptor = os.open(folder, os.O_RDONLY)
    for part in parts:
        inner = os.open(part, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    with open(descriptor, "rb") as file:
        return file.read()
