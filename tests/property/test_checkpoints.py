"""A log with checkpoints, whose covered segments go at any moment, reads as one from which nothing ever went."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stook.errors import StorageError
from stook.format.checkpoints import PREFIX
from stook.log.checkpoints import read_checkpoint
from stook.log.listing import list_checkpoints, list_segments
from stook.model.clock import Clock
from stook.model.record import BundleRecord, CommitRecord, ContextRecord, DeleteRecord, Manifest, TagRecord
from stook.model.tree import Blob, Value
from stook.storage import open_storage
from stook.storage.protocol import Storage
from stook.store.refresh import refresh
from stook.store.repository import Repository, open_on
from stook.store.stamp import append, stamp
from stook.testing import Crash, Fault, FaultyStorage

_DIGEST = "ab" * 32
_TABLES = ("contexts", "bundles", "names", "states", "tags", "commits", "events", "newest")
_STEPS = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 1), st.integers(0, 5)),
    st.tuples(st.just("go on"), st.integers(0, 1), st.integers(0, 5)),
    st.tuples(st.just("go on"), st.integers(0, 1), st.integers(0, 5)),
    st.tuples(st.just("read"), st.integers(0, 1), st.just(0)),
    st.tuples(st.just("delete"), st.integers(0, 1), st.integers(1, 9)),
    st.tuples(st.just("damage"), st.integers(0, 1), st.integers(0, 10_000)),
    st.tuples(st.just("crash"), st.integers(0, 1), st.integers(1, 9)),
)


def _known(repository: Repository) -> dict[str, list[object]]:
    """Return all that a catalog says of the log."""
    with closing(sqlite3.connect(repository.cache / "catalog.db")) as database:
        return {table: sorted(database.execute(f"SELECT * FROM {table}")) for table in _TABLES}  # noqa: S608


class _World:
    """Two machines on one storage, and a copy of it from which no segment ever goes and that has no checkpoints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = open_storage("memory:")
        self.whole = open_storage("memory:")
        self.count = 0
        self.machines = [self.open(self.storage), self.open(self.storage)]
        self.bundles = ["01KCAZ0000000000000000000A"]

    def open(self, storage: Storage) -> Repository:
        """Open it on another machine."""
        self.count += 1
        return open_on(storage, cache=self.folder / str(self.count), owner="o", clock=Clock())

    def say(self, repository: Repository, number: int) -> None:
        """Append a record of one of many kinds."""
        mark = stamp(repository)
        bundle = self.bundles[number % len(self.bundles)]
        if number == 0:
            append(repository, ContextRecord(mark.id, "c", f"name {mark.id}", mark.time))
        elif number == 1:
            append(repository, TagRecord(mark.id, "c", bundle, {"k": mark.id, "l": None}, mark.time))
        elif number == 2:
            append(repository, CommitRecord(mark.id, "c", bundle, mark.id, mark.time))
        elif number == 3:
            append(repository, DeleteRecord(mark.id, "c", bundle, mark.time))
        else:
            manifest = Manifest(Value(_DIGEST, Blob(0, _DIGEST, data=b"")))
            append(repository, BundleRecord(mark.id, "c", "n", _DIGEST, 0, mark.time, "o", manifest=manifest))
            self.bundles.append(mark.id)

    def mirror(self) -> None:
        """Copy new segments, and who the store is."""
        there = {entry.key for entry in self.whole.list()}
        for entry in self.storage.list():
            if entry.key not in there and not entry.key.startswith(PREFIX):
                self.whole.put_new(entry.key, self.storage.get(entry.key).data)

    def delete(self, every: int) -> None:
        """Delete some of the segments that two checkpoints cover, so that one of these may come to harm."""
        contents = [read_checkpoint(self.storage, one).supersedes for one in list_checkpoints(self.storage)]
        whole = [content for content in contents if content][:2]
        if len(whole) < 2:
            return
        for writer, sizes in list_segments(self.storage).items():
            covered = min(content.get(writer, 0) for content in whole)
            for seq in list(sizes)[:-1]:
                if seq <= covered and seq % every == 0:
                    self.storage.delete(f"log/{writer}/{seq:016d}")

    def damage(self, at: int) -> None:
        """Flip a bit of the newest checkpoint, or cut it short, if another one is whole."""
        known = list_checkpoints(self.storage)
        if not known or not read_checkpoint(self.storage, next(iter(known))).supersedes:
            return
        key = f"{PREFIX}{next(iter(known))}"
        data = bytearray(self.storage.get(key).data)
        data[at % len(data)] ^= 1 << (at % 8)
        self.storage.delete(key)
        self.storage.put_new(key, bytes(data[: at + 1] if at % 3 == 0 else data))

    def crash_reading(self, machine: int, number: int) -> None:
        """Let a machine's reading die at an operation; the next one goes on with its cache."""
        cache = self.machines[machine].cache.parent
        faulty = FaultyStorage(self.storage, [Fault("crash-before", number)])
        try:
            refresh(open_on(faulty, cache=cache, owner="o"))
        except (Crash, StorageError):
            return

    def check(self) -> None:
        """See that every reader knows the same, those that begin now too."""
        self.mirror()
        truth = self.open(self.whole)
        for repository in (truth, self.open(self.storage), *self.machines):
            refresh(repository)
            assert repository.catalog.damage() == []
            assert _known(repository) == _known(truth)


@contextmanager
def _world() -> Iterator[_World]:
    with tempfile.TemporaryDirectory() as folder:
        yield _World(Path(folder))


@pytest.mark.filterwarnings("error")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_STEPS, min_size=12, max_size=60))
def test_every_reader_knows_what_one_knows_who_read_every_segment(steps: list[tuple[str, int, int]]) -> None:
    """Cold or warm, through crashes and with damaged checkpoints: the catalog is that of the whole log."""
    with _world() as world:
        for kind, machine, number in steps:
            if kind == "append":
                world.say(world.machines[machine], number)
                world.mirror()
            elif kind == "go on":
                for more in range(5):
                    world.say(world.machines[machine], (number + more) % 6)
                refresh(world.machines[machine])
                world.mirror()
            elif kind == "read":
                refresh(world.machines[machine])
            elif kind == "delete":
                world.delete(number)
            elif kind == "damage":
                world.damage(number)
            else:
                world.crash_reading(machine, number)
        world.check()
