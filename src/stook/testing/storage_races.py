"""What every storage promises to writers who write at once, as a test suite."""
# ruff: noqa: S101  a test suite speaks in asserts

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from stook.errors import ConflictError
from stook.storage.protocol import Storage

__all__ = ["RacingTests"]

_THREADS = 8
_ROUNDS = 10


class RacingTests:
    """Exactly one of those who write at once wins; part of `StorageTests`."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage, of the kind under test."""
        raise NotImplementedError("a subclass gives the fixture `storage`")

    def test_racing_creators(self, storage: Storage) -> None:
        """Of many threads that create the same object exactly one wins, and its bytes are there."""
        for number in range(_ROUNDS):
            key = f"race/{number}"
            winner = _race(partial(storage.put_new, key))
            assert storage.get(key).data == winner

    def test_racing_replacers(self, storage: Storage) -> None:
        """Of many threads that replace the same version exactly one wins, and its bytes are there."""
        storage.put_new("race", b"start")
        version = storage.get("race").version
        for _ in range(_ROUNDS):
            winner = _race(partial(storage.put_if_match, "race", version=version))
            stored = storage.get("race")
            assert stored.data == winner
            version = stored.version


def _race(put: Callable[..., object]) -> bytes:
    """Let threads put at once, each its own bytes, and return those of the only one that met no conflict."""
    start = threading.Barrier(_THREADS)

    def run(number: int) -> bytes | None:
        data = f"{number} of {uuid.uuid4()}".encode()
        start.wait(timeout=60)
        try:
            put(data=data)
        except ConflictError:
            return None
        return data

    with ThreadPoolExecutor(_THREADS) as pool:
        winners = [data for data in pool.map(run, range(_THREADS)) if data is not None]
    assert len(winners) == 1
    return winners[0]
