"""Parts of large data that is on a remote: what is read comes, once for all who read it at the same time."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stook.model.tree import File
from stook.store import Store
from stook.store.remotes.cloning import clone
from stook.store.verify import verify
from stook.testing import FaultProxy
from tests.unit.store.remotes.conftest import OpenStore, Place
from tests.unit.store.remotes.filling import fill

MIB = 1024 * 1024
_SIZE = 30 * MIB


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    """What is in the bundle `large`."""
    return random.Random(5).randbytes(_SIZE)


@pytest.fixture
def pushed(place: Place, machine: OpenStore, tmp_path: Path, data: bytes) -> Place:
    """A remote that has `large`."""
    (tmp_path / "large.bin").write_bytes(data)
    ann = machine("ann")
    ann.add_remote("origin", place.url, place.options)
    ann.add("large", tmp_path / "large.bin")
    ann.push(every=True)
    return place


def _clone(store: Store, place: Place) -> Store:
    clone(store, place.url, options=place.options)
    return store


def _data_bytes(store: Store) -> int:
    return sum(entry.size for entry in store.repository.storage.list("packs/data"))


def test_a_range_comes_alone(pushed: Place, machine: OpenStore, data: bytes) -> None:
    """A part of a large file brings little more than that part; reading it again brings nothing."""
    bob = _clone(machine("bob"), pushed)
    for _ in range(2):
        with bob.get("large").open() as file:
            file.seek(15 * MIB)
            assert file.read(MIB) == data[15 * MIB : 16 * MIB]
        assert MIB < _data_bytes(bob) < 2 * MIB
    assert verify(bob, deep=True, quarantine=False).problems == ()


def test_parts_here_and_there_come_to_no_more_than_twice_all(
    pushed: Place, machine: OpenStore, data: bytes
) -> None:
    """Who reads in no order at all has every chunk come once, the rest of a pack at once after some of it."""
    bob = _clone(machine("bob"), pushed)
    positions = list(range(0, _SIZE, 100_000))
    random.Random(1).shuffle(positions)
    with bob.get("large").open() as file:
        for at in positions:
            file.seek(at)
            assert file.read(1000) == data[at : at + 1000]
    assert _data_bytes(bob) < 1.01 * _SIZE
    assert len(list(bob.repository.storage.list("packs/data"))) < 40


def test_reading_on_brings_all_once(pushed: Place, machine: OpenStore, data: bytes) -> None:
    """All of a file that is read from its beginning is here afterwards, nothing of it twice."""
    bob = _clone(machine("bob"), pushed)
    with bob.get("large").open() as file:
        assert b"".join(iter(lambda: file.read(MIB), b"")) == data
    assert _data_bytes(bob) < 1.01 * _SIZE
    assert not bob.verify().elsewhere


def test_what_is_here_is_read_without_the_remote(s3_place: Place, machine: OpenStore, tmp_path: Path) -> None:
    """A part that came once can be read when the remote is gone, as long as what was known of that is kept."""
    content = os.urandom(5 * MIB)
    (tmp_path / "large.bin").write_bytes(content)
    ann = machine("ann")
    ann.add_remote("origin", s3_place.url, s3_place.options)
    ann.add("large", tmp_path / "large.bin")
    ann.push(every=True)
    with FaultProxy(s3_place.endpoint) as proxy:
        bob = _clone(machine("bob"), Place(s3_place.url, {**s3_place.options, "endpoint": proxy.endpoint}))
        with bob.get("large").open() as file:
            file.seek(MIB)
            assert file.read(1000) == content[MIB : MIB + 1000]
        before = len(proxy.requests)
        again = machine("bob")
        with again.get("large").open() as file:
            file.seek(MIB)
            assert file.read(1000) == content[MIB : MIB + 1000]
        assert len(proxy.requests) == before


def test_threads_that_want_the_same_have_it_come_once(pushed: Place, machine: OpenStore, data: bytes) -> None:
    """Eight threads that read one part in the same moment bring it once; of other parts each brings its own."""
    bob = _clone(machine("bob"), pushed)
    start = threading.Barrier(8)

    def read(_: int) -> bytes:
        with bob.get("large").open() as file:
            file.seek(7 * MIB)
            start.wait(30)
            return file.read(MIB)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(8))) == {data[7 * MIB : 8 * MIB]}
    assert _data_bytes(bob) < 2 * MIB


_READING = """
import sys
from stook.store.open import reopen
store = reopen(sys.argv[1], "main", sys.argv[2], "bob")
ids = [bytes.fromhex(id_) for id_ in sys.argv[3:]]
print("ready", flush=True)
sys.stdin.readline()
assert store.repository.backing.bring(ids)
"""


def test_processes_that_want_the_same_have_it_come_once(
    s3_place: Place, machine: OpenStore, tmp_path: Path
) -> None:
    """Four processes that miss the same chunks in the same moment make one pack of them."""
    ann = machine("ann")
    ann.add_remote("origin", s3_place.url, s3_place.options)
    refs = fill(ann, 4, size=300_000)
    ann.push(every=True)
    with FaultProxy(s3_place.endpoint, latency=(0.1, 0.1)) as proxy:
        bob = _clone(machine("bob"), Place(s3_place.url, {**s3_place.options, "endpoint": proxy.endpoint}))
        trees = [bob.get(ref).tree for ref in refs]
        ids = [id_ for tree in trees if isinstance(tree, File) for id_ in (tree.blob.chunks or ())]
        _run_together(4, [str(tmp_path / "bob"), str(tmp_path / "cache-bob"), *ids])
    assert len(list(bob.repository.storage.list("packs/data"))) == 1


def _run_together(count: int, arguments: list[str]) -> None:
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", _READING, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(count)
    ]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"ready\n"
    for reader in readers:
        assert reader.stdin is not None
        reader.stdin.write(b"\n")
        reader.stdin.flush()
    for reader in readers:
        reader.communicate(timeout=60)
    assert [reader.returncode for reader in readers] == [0] * count
