"""Processes that push to one bucket, and one that collects its garbage, for whom hours pass in seconds.

Run as a program: `push URL FOLDER NUMBER SECONDS PACE`, which says on its standard output what it has pushed and what
it removes, or `collect URL FOLDER START PACE`, which goes on until its standard input ends.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from stook.errors import ConflictError
from stook.storage import open_storage
from stook.storage.protocol import Entry, Storage
from stook.store import Store
from stook.store.gc import Collected, collect
from stook.store.repository import open_on
from stook.testing import FaultyStorage
from tests.crash.sharing import open_store

__all__ = ["GRACE", "collect_at", "content"]

GRACE = timedelta(hours=2)
_SIZES = (500, 20_000, 90_000)
_CONTENTS = 15  # few enough that what nobody needs any more comes again
_KEPT = 2
_TRIES = 20


def content(seed: int, size: int) -> bytes:
    """Return bytes that both numbers say; few seeds, so that what one removes another has just begun to rely on."""
    return random.Random(seed).randbytes(size)


class _HastyStorage(FaultyStorage):
    """A storage whose clock runs faster, from some moment on."""

    def __init__(self, inner: Storage, start: float, pace: float) -> None:
        super().__init__(inner)
        self._start = start
        self._pace = pace

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """See `Storage.list`."""
        for entry in super().list(prefix, after=after):
            passed = (entry.modified - self._start) * self._pace
            yield Entry(entry.key, entry.size, self._start + passed)


def collect_at(url: str, cache: Path, start: float, pace: float) -> Collected:
    """Collect the garbage of a bucket whose clock runs so much faster since then."""
    storage = _HastyStorage(open_storage(url), start, pace)
    repository = open_on(storage, cache=cache, owner="collector")
    try:
        return collect(repository, grace=GRACE, wait=0.0)
    finally:
        repository.close()


def _hurry(pace: float) -> None:
    """Let this machine's clock, by which a writer knows that it took too long, run faster, too."""
    real = time.clock_gettime
    time.clock_gettime = lambda clock: real(clock) * pace


class _Pusher:
    def __init__(self, store: Store, number: int) -> None:
        self._store = store
        self._prefix = f"p{number}"
        self._chance = random.Random(number)

    def step(self) -> None:
        """Add a bundle or two, push, and now and then remove the older ones, here and there."""
        made = [self._add() for _ in range(self._chance.randint(1, 2))]
        self._push()
        for told in made:
            self._say("pushed", **told)
        old = self._store.search(f"{self._prefix}*")[_KEPT:]
        if old and self._chance.random() < 0.6:
            going = [bundle.id for bundle in old]
            self._say("rm", ids=going)
            self._store.rm(*going, force=True)
            there = self._store.at_remote()
            there.rm(*going, force=True)
            there.close()

    def _add(self) -> dict[str, object]:
        seed, size = self._chance.randrange(_CONTENTS), self._chance.choice(_SIZES)
        own = self._chance.randbytes(10_000)
        data = {"seed": seed, "size": size, "content": content(seed, size), "own": own}
        bundle = self._store.add(f"{self._prefix}.{self._chance.randrange(3)}", data)
        self._store.commit(bundle, "for all")
        return {"id": bundle.id, "seed": seed, "size": size}

    def _push(self) -> None:
        for _ in range(_TRIES):
            try:
                self._store.push()
            except ConflictError as error:
                if error.kind != "collected":
                    raise
                self._say("again")
            else:
                return
        raise AssertionError(f"garbage was collected {_TRIES} times at the same push")

    def _say(self, word: str, **facts: object) -> None:
        os.write(1, (json.dumps([word, facts]) + "\n").encode())


def _push(url: str, folder: str, number: str, seconds: str, pace: str) -> None:
    store = open_store(Path(folder, f"store-{number}"), Path(folder, f"cache-{number}"), f"pusher-{number}")
    store.add_remote("origin", url)
    _hurry(float(pace))
    pusher, end = _Pusher(store, int(number)), time.monotonic() + float(seconds)
    while time.monotonic() < end:
        pusher.step()


def _collect(url: str, folder: str, start: str, pace: str) -> None:
    _hurry(float(pace))
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    while not over.is_set():
        done = collect_at(url, Path(folder, "cache-collector"), float(start), float(pace))
        os.write(1, (json.dumps([done.swept.count, list(done.problems)]) + "\n").encode())


if __name__ == "__main__":
    {"push": _push, "collect": _collect}[sys.argv[1]](*sys.argv[2:])
