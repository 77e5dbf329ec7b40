"""A push dies at each of its steps: the next one goes on from there, whatever happens in between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stook.store import Store
from stook.store.gc import collect
from stook.store.repository import open_on
from stook.testing import Crash, FaultyStorage
from tests.crash.sharing import CONTEXT, check_sound, open_store, told
from tests.stateful.trapped_scheme import PLACES, installed
from tests.stateful.traps import Trap, trapped
from tests.unit.store.aging import HOUR, AgingStorage

_SIZE = 300_000


@pytest.fixture(autouse=True)
def _scheme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Bring the scheme of the bucket."""
    with installed(tmp_path_factory.mktemp("installed")):
        yield


class _Bucket:
    """A store with something to push to a bucket, which a crash interrupts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.aging = AgingStorage()
        self.trap = Trap()
        self._log = FaultyStorage(self.aging)
        PLACES[folder.name] = trapped(self._log, self.trap, f"trapped:{folder.name}")
        self.store = self._open()
        self.store.add_remote("origin", f"trapped:{folder.name}")
        first = self.store.add("first", {"value": os.urandom(_SIZE)})
        self.store.push("first")
        for number in range(3):
            self.store.add(f"n{number}", {"value": os.urandom(_SIZE), "before": first.data["value"]})

    def push_until(self, operation: int) -> bool:
        """Push, and die at an operation; return whether it came to that."""
        self.trap.set("crash-after", operation)
        try:
            self.store.push(every=True)
        except Crash:
            self.store.close()
            self.store = self._open()
        finally:
            is_dead = self.trap.is_sprung
            self.trap.set("error-before", 0)
        return is_dead

    def collect(self) -> None:
        """Let days pass, in which others collect garbage."""
        for number in range(3):
            self.aging.now += 48 * HOUR
            there = open_on(self.aging, cache=self.folder / f"cache-{number}", owner="collector")
            collect(there, grace=timedelta(hours=2), wait=0.0)
            there.close()

    def count_packs(self) -> int:
        """Return how many packs were written so far."""
        return sum(one.name == "put_new" and one.key.startswith("packs/") for one in self._log.log)

    def check(self) -> None:
        """See that another reads all of it."""
        reader = Store(open_on(self.aging, cache=self.folder / "reader", owner="reader"), CONTEXT)
        assert told(reader) == told(self.store)
        assert all(len(bundle.data["value"]) == _SIZE for bundle in reader.search())
        check_sound(reader, self.store)
        reader.close()

    def _open(self) -> Store:
        return open_store(self.folder / "store", self.folder / "cache", "pusher")


@pytest.mark.parametrize("is_collected", [False, True], ids=["at once", "after collections"])
def test_a_push_that_died_is_resumed(tmp_path: Path, is_collected: bool) -> None:
    """What was sent before is not sent again, unless it was collected meanwhile as nobody needed it."""
    operation, is_dead, packs = 0, True, set()
    while is_dead:
        operation += 1
        folder = tmp_path / str(operation)
        folder.mkdir()
        bucket = _Bucket(folder)
        is_dead = bucket.push_until(operation)
        if is_collected:
            bucket.collect()
        bucket.store.push(every=True)
        packs.add(bucket.count_packs())
        bucket.check()
        bucket.store.close()
    assert operation > 6
    assert (len(packs) > 1) == is_collected
