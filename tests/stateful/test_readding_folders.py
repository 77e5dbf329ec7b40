"""However a folder is edited, what is added of it again is what one who never saw it before would add."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stook.chunks import ChunkWriter, MemoryIndex
from stook.errors import InputError, IntegrityError
from stook.format.trees import digest_tree
from stook.model.clock import Clock
from stook.model.tree import Dict
from stook.storage import open_storage
from stook.store import Bundle, Store
from stook.store.gc import collect
from stook.store.intake.sources import encode_path
from stook.store.repository import open_on
from stook.store.words.remove import has_content
from tests.unit.store.aging import HOUR, AgingStorage

pytestmark = pytest.mark.filterwarnings("ignore:a bundle's time is")

FILES = st.sampled_from(["a", "b", "sub/a", "sub/b", "sub/deep/a", "x", "sub/x"])
FOLDERS = st.sampled_from(["sub", "sub/deep", "new", "tree/deeper"])
SIZES = st.sampled_from([0, 10, 5000, 40_000])
SEEDS = st.integers(0, 3)
SEATS = st.integers(0, 2)
PICKS = st.integers(0, 100)
PATTERNS = st.lists(st.sampled_from(["a", "sub/", "*.txt", "deep/*", "!a", "fill*"]), max_size=2)
DAY = 24 * HOUR


class ReaddingMachine(RuleBasedStateMachine):
    """A folder that is edited between adds by three: two share a cache, and gc and loss go on beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="stook-readding-"))
        self.folder = self.home / "folder"
        self.outside = self.home / "outside"
        self.storage = AgingStorage()
        self.ahead = 0.0
        self.steps = 0
        self.stores: list[Store] = []

    def teardown(self) -> None:
        """Leave nothing."""
        shutil.rmtree(self.home)

    @initialize()
    def begin(self) -> None:
        """Make a folder that is worth a snapshot, and old enough for it to be relied on."""
        (self.folder / "filler").mkdir(parents=True)
        (self.folder / "sub" / "deep").mkdir(parents=True)
        for number in range(200):
            (self.folder / "filler" / f"{number:03}").write_bytes(b"%d" % number)
        for name in ("a", "b", "sub/a", "sub/deep/a"):
            (self.folder / name).write_bytes(_bytes(len(name), 5000))
        self.outside.write_bytes(_bytes(9, 5000))
        self.ahead = HOUR
        clock = Clock(lambda: time.time() + self.ahead)
        self.stores = [
            Store(open_on(self.storage, cache=self.home / cache, owner="me", clock=clock), "test")
            for cache in ("cache", "cache", "other")
        ]

    @rule(name=FILES, size=SIZES, seed=SEEDS)
    def write(self, name: str, size: int, seed: int) -> None:
        """Write a file, which may be one through a link, or the same again."""
        path = self._path(name)
        if not path.is_dir():
            path.write_bytes(_bytes(seed, size))

    @rule(name=FILES, seed=SEEDS)
    def rewrite_and_set_back(self, name: str, seed: int) -> None:
        """Write as many other bytes and give the file its old times, as `touch -d` does."""
        path = self._path(name)
        if path.is_file():
            before = path.stat()
            path.write_bytes(_bytes(seed, before.st_size))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    @rule(name=FILES, seed=SEEDS)
    def replace_by_a_copy(self, name: str, seed: int) -> None:
        """Put another file of the same size and times in its place, as `cp -p` and `rsync -t` do."""
        path = self._path(name)
        if path.is_file():
            before, other = path.stat(), self.home / "replacing"
            other.write_bytes(_bytes(seed, before.st_size))
            os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
            other.replace(path)

    @rule(name=FILES, other=FILES)
    def swap(self, name: str, other: str) -> None:
        """Let two files, or a file and nothing, change places."""
        first, second, third = self._path(name), self._path(other), self.home / "third"
        if name == other or first.is_dir() or second.is_dir():
            return
        for source, target in ((first, third), (second, first), (third, second)):
            if os.path.lexists(source):
                source.rename(target)

    @rule(name=FILES, other=FILES)
    def link_hard(self, name: str, other: str) -> None:
        """Give a file a second name."""
        first, second = self._path(name), self._path(other)
        if first.is_file() and not os.path.lexists(second):
            os.link(first.resolve(), second)

    @rule(name=FILES)
    def link_outside(self, name: str) -> None:
        """Put a link to a file that lies elsewhere in the place of one."""
        path = self._path(name)
        if not path.is_dir():
            path.unlink(missing_ok=True)
            path.symlink_to(self.outside)

    @rule(seed=SEEDS)
    def change_outside(self, seed: int) -> None:
        """Change what links point to, or take it away; links that point nowhere cannot be added."""
        if seed:
            self.outside.write_bytes(_bytes(seed, 5000))
        else:
            self.outside.unlink(missing_ok=True)

    @rule(name=FILES, mode=st.sampled_from([0o644, 0o744, 0o600]))
    def chmod(self, name: str, mode: int) -> None:
        """Let it be executable, or not."""
        path = self._path(name)
        if path.is_file():
            path.chmod(mode)

    @rule(name=FILES, at=st.sampled_from([0, 1_000_000_000, 4_000_000_000]))
    def touch(self, name: str, at: int) -> None:
        """Set its time far back or far ahead."""
        path = self._path(name)
        if path.is_file():
            os.utime(path, (at, at))

    @rule(name=FILES)
    def remove(self, name: str) -> None:
        """Take it away."""
        path = self._path(name)
        if not path.is_dir():
            path.unlink(missing_ok=True)

    @rule(name=FOLDERS)
    def make_folder(self, name: str) -> None:
        """Make a folder that is empty, or was there."""
        (self.folder / name).mkdir(parents=True, exist_ok=True)

    @rule(name=FOLDERS)
    def remove_folder(self, name: str) -> None:
        """Take a folder away with all that is in it."""
        shutil.rmtree(self.folder / name, ignore_errors=True)

    @rule(name=FOLDERS, other=FOLDERS)
    def move_folder(self, name: str, other: str) -> None:
        """Give a folder another name, or let it replace one."""
        first, second = self.folder / name, self.folder / other
        if name not in other and first.is_dir():
            shutil.rmtree(second, ignore_errors=True)
            second.parent.mkdir(parents=True, exist_ok=True)
            if first.is_dir():  # and was not in the other
                first.rename(second)

    @rule(seed=SEEDS, whole=st.booleans())
    def replace_folder(self, seed: int, whole: bool) -> None:
        """Put a copy with the same times and other content in one file in the place of a folder."""
        path = self.folder if whole else self.folder / "sub"
        if not path.is_dir():
            return
        copy, old = self.home / "copy", self.home / "old"
        shutil.copytree(path, copy, symlinks=True)
        for file in sorted(copy.rglob("a"))[:1]:
            before = file.lstat()
            if file.is_file() and not file.is_symlink():
                file.write_bytes(_bytes(seed, before.st_size))
                os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        path.rename(old)
        copy.rename(path)
        shutil.rmtree(old)

    @rule(patterns=PATTERNS, below=st.booleans())
    def ignore(self, patterns: list[str], below: bool) -> None:
        """Say what is left out; only the file at the root counts."""
        path = self._path("sub/.stookignore" if below else ".stookignore")
        if patterns:
            path.write_text("\n".join(patterns))
        else:
            path.unlink(missing_ok=True)

    @rule(ahead=st.sampled_from([-HOUR, 0.0, 1.0, 2 * HOUR]))
    def set_clock(self, ahead: float) -> None:
        """Let the clock be another at the next add."""
        self.ahead = ahead

    @rule(pick=PICKS)
    def lose_a_pack(self, pick: int) -> None:
        """Let a pack vanish from the storage."""
        packs = [entry.key for entry in self.storage.inner.list("packs/")]
        if packs:
            self.storage.delete(packs[pick % len(packs)])

    @rule(pick=PICKS, part=st.sampled_from([0, 20, 100, 1000]), junk=st.booleans())
    def damage_a_snapshot(self, pick: int, part: int, junk: bool) -> None:
        """Cut or overwrite what is known of the folder."""
        found = sorted(self.home.glob("*/*/seen/*"))
        if found:
            path = found[pick % len(found)]
            data = path.read_bytes()
            path.write_bytes(data[:part] + (b"\xff" + data[part + 1 :] if junk else b""))

    @rule(which=SEATS, name=st.sampled_from("nm"))
    def remove_and_collect(self, which: int, name: str) -> None:
        """Remove the latest version, and collect what only it needed; a store with losses may refuse."""
        store = self.stores[which]
        latest = store.find(name)
        if latest is not None:
            store.rm(latest)
            try:
                for _ in range(2):
                    self.storage.now += 2 * DAY
                    collect(store.repository)
            except IntegrityError:
                pass

    @rule(which=SEATS, name=st.sampled_from("nm"), below=st.booleans())
    def add(self, which: int, name: str, below: bool) -> None:
        """Add the folder, or one in it, as it is."""
        path = self.folder / "sub" if below and (self.folder / "sub").is_dir() else self.folder
        self._add(self.stores[which], name, path)

    @invariant()
    def same_as_if_never_seen(self) -> None:
        """Whoever adds after a step gets what is there, with all its content in the store, and no old version of it."""
        if self.stores:
            self.steps += 1
            self._add(self.stores[self.steps % 5 % 3], "n", self.folder)
            self.ahead = HOUR
            self._wait_for_tick()

    @rule(which=SEATS, drafted=st.booleans())
    def add_as_part(self, which: int, drafted: bool) -> None:
        """Add it among other data, which has spent what may be kept inline."""
        store, data = self.stores[which], {"first": b"x" * 4000, "folder": self.folder}
        data |= {f"{number}": b"%d" % number * 4000 for number in range(6)} if drafted else {}
        expected = _digest(self.folder)
        try:
            with store.draft("parts") as draft:
                for key in sorted(data):
                    draft[key] = data[key]
        except InputError:
            assert expected is None
        else:
            tree = draft.bundle.tree
            assert isinstance(tree, Dict)
            assert digest_tree(dict(tree.entries)["folder"]) == expected
            _check(store, draft.bundle, draft.bundle.digest)

    def _add(self, store: Store, name: str, path: Path) -> None:
        expected = _digest(path)
        try:
            bundle = store.add(name, path, if_changed=True)
        except InputError:
            assert expected is None
        else:
            _check(store, bundle, expected)

    def _path(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _wait_for_tick(self) -> None:
        """Return when the clock of the disk has moved on: two writes within a tick are the margin's business."""
        probe = self.home / "probe"
        probe.touch()
        before = probe.stat().st_ctime_ns
        while probe.stat().st_ctime_ns == before:
            probe.touch()


def _bytes(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


def _digest(folder: Path) -> str | None:
    """Return the digest of a folder that was never seen before; None where it cannot be added."""
    try:
        return digest_tree(encode_path(folder, ChunkWriter(open_storage("memory:"), MemoryIndex())))
    except InputError:
        return None


def _check(store: Store, bundle: Bundle, digest: str | None) -> None:
    assert bundle.digest == digest
    assert has_content(store, bundle)


TestReadding = ReaddingMachine.TestCase
TestReadding.settings = settings(
    max_examples=max(10, settings().max_examples // 5), stateful_step_count=25, deadline=None
)
