"""Bundles are shared over a network on which anything goes wrong."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from stook.errors import StookError
from stook.store import Store
from stook.testing import FaultProxy, random_proxy_faults
from tests.crash.sharing import (
    add_some,
    attempt,
    check_contents,
    check_sound,
    open_store,
    told,
    watched,
)
from tests.servers.moto_s3 import S3Bucket

_SCHEDULES = int(os.environ.get("STOOK_FAULT_SCHEDULES", "40"))
_CORE = 8
_RATES = (0.03, 0.1, 0.25, 0.5)
_REQUESTS = 400


@pytest.fixture
def proxy(bucket: S3Bucket) -> Iterator[FaultProxy]:
    """A network in front of it, good at first."""
    with FaultProxy(bucket.endpoint) as proxy:
        yield proxy


class _Network:
    """Does things while requests fail, and again when none do.

    Args:
        proxy: Lets them fail.
        seed: Says which.
    """

    def __init__(self, proxy: FaultProxy, seed: int) -> None:
        self._proxy = proxy
        self._chance = random.Random(seed)
        self.failures = 0
        self.faults = 0

    def do(self, act: Callable[[], object], check: Callable[[], object]) -> None:
        """Do something until it is done, and check that it is: at first while requests fail, at last while none do."""
        for _ in range(2):
            rate = self._chance.choice(_RATES)
            faults = random_proxy_faults(self._chance.getrandbits(32), requests=_REQUESTS, rate=rate)
            self._proxy.set_faults(faults)
            result = attempt(act)
            self.faults += sum(request.fault is not None for request in self._proxy.requests)
            self._proxy.set_faults()
            if not isinstance(result, StookError):
                check()
                return
            self.failures += 1
        act()
        check()


def _share(seed: int, bucket: S3Bucket, proxy: FaultProxy, folder: Path) -> _Network:
    """Let two stores share bundles both ways, with what goes wrong by this seed."""
    folder.mkdir()
    chance, network = random.Random(seed), _Network(proxy, seed)
    url = f"{bucket.url}/{seed}"
    ours, theirs = (open_store(folder / name, folder / f"cache-{name}", name) for name in ("ours", "theirs"))

    def join(store: Store) -> None:
        if not store.remotes():
            store.add_remote("origin", url, {"endpoint": proxy.endpoint})

    made = add_some(ours, chance, folder)
    network.do(lambda: join(ours), lambda: None)
    reader = open_store(url, folder / "cache-reader", "reader")
    with watched(reader, [bundle.id for bundle in made]):
        network.do(ours.push, lambda: _same(told(reader), told(ours)))
    network.do(lambda: join(theirs), lambda: None)
    network.do(lambda: theirs.pull(data=bool(seed % 2)), lambda: _same(told(theirs), told(ours)))
    network.do(lambda: check_contents(theirs.search()), lambda: None)
    for bundle in theirs.search()[:2]:
        theirs.tag(bundle, seen="yes")
        theirs.alias("prod", bundle)
    more = add_some(theirs, chance, folder)
    with watched(reader, [bundle.id for bundle in more]):
        network.do(theirs.push, lambda: _same(told(reader), told(theirs)))
    network.do(ours.pull, lambda: _same(told(ours), told(theirs)))
    check_contents(ours.search())
    check_sound(ours, theirs, reader)
    for store in (ours, theirs, reader):
        store.close()
    return network


def _same(one: object, other: object) -> None:
    assert one == other


@pytest.mark.parametrize(
    "seeds", [range(_CORE), pytest.param(range(_CORE, _SCHEDULES), marks=pytest.mark.full)]
)
def test_done_or_an_error_that_a_retry_mends(
    seeds: Sequence[int], bucket: S3Bucket, proxy: FaultProxy, tmp_path: Path
) -> None:
    """Whatever fails, a push or pull is done, or says so; nothing is half visible, and the next one does it.

    `STOOK_FAULT_SCHEDULES` says how many schedules of faults there are.
    """
    failures = faults = 0
    for seed in seeds:
        try:
            network = _share(seed, bucket, proxy, tmp_path / str(seed))
        except BaseException as error:
            error.add_note(f"with the faults of seed {seed}")
            raise
        failures += network.failures
        faults += network.faults
    assert failures
    assert faults > failures
