"""Many segments at a time."""

from __future__ import annotations

import threading

import pytest

from stook.errors import IntegrityError, NotFoundError
from stook.format import segments
from stook.log import Line, ObjectLog
from stook.log.fetching import fetch_all
from stook.storage import open_storage
from stook.storage.protocol import Storage, Stored
from stook.testing import FaultyStorage

_WAIT_SECONDS = 60


class _Slow:
    """Gives nothing before several ask at once, if so many may."""

    def __init__(self, together: int) -> None:
        self.barrier = threading.Barrier(together)
        self.lock = threading.Lock()
        self.given = 0

    def get(self, key: str) -> Stored:
        self.barrier.wait(_WAIT_SECONDS)
        with self.lock:
            self.given += 1
        return Stored(key.encode(), "")


@pytest.mark.parametrize("count", [8, 64])
def test_several_are_fetched_at_once_and_come_in_order(count: int) -> None:
    """Eight at a time, however many there are."""
    keys = [f"k{number}" for number in range(count)]
    assert list(fetch_all(_Slow(8), [(key, 1) for key in keys])) == [key.encode() for key in keys]  # type: ignore[arg-type]


def test_no_more_is_fetched_ahead_than_memory_is_to_spare() -> None:
    """Of large segments only some wait for whoever reads them."""
    storage = _Slow(1)
    fetched = fetch_all(storage, [(f"k{number}", 20 << 20) for number in range(9)])  # type: ignore[arg-type]
    for taken in range(1, 10):
        next(fetched)
        assert storage.given <= taken + 1


class _Large(_Slow):
    def get(self, key: str) -> Stored:
        if key == "k1":
            raise IntegrityError("it is too large", kind="too-large")
        return super().get(key)


def test_what_is_too_large_is_nothing_and_what_is_gone_is_told() -> None:
    """A segment beyond all bounds is damage, and stops nobody; one that is gone does."""
    assert list(fetch_all(_Large(1), [("k0", 1), ("k1", 1), ("k2", 1)])) == [b"k0", b"", b"k2"]  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        list(fetch_all(open_storage("memory:"), [("k0", 1), ("k1", 1)]))


@pytest.fixture
def storage() -> Storage:
    """An empty bucket."""
    return open_storage("memory:")


@pytest.mark.parametrize(
    ("size", "is_sealed"), [(120, False), (64 * 1024 - 40, False), (64 * 1024 + 40, True)]
)
def test_long_segments_are_sealed(storage: Storage, size: int, is_sealed: bool) -> None:
    """Those of more than 64 KiB; whoever reads them finds no difference."""
    log = ObjectLog(storage, "a" * 32)
    payloads = [b"x" * (size // 4 - 20)] * 4
    log.append(payloads)
    (entry,) = storage.list("log/")
    assert segments.is_sealed(storage.get(entry.key).data) == is_sealed
    assert [item.payload for item in log.read({}) if isinstance(item, Line)] == payloads


def test_who_is_far_behind_looks_where_the_others_are(storage: Storage) -> None:
    """One who knows nothing of a hundred new segments under its own id does not try a hundred numbers."""
    counted = FaultyStorage(storage)
    late, busy = ObjectLog(counted, "a" * 32), ObjectLog(storage, "a" * 32)
    late.append([b"first"])
    for _ in range(100):
        busy.append([b"x"])
    before = len(counted.log)
    late.append([b"last"])
    assert len(counted.log) - before <= 6
    late.append([b"very last"])
    numbers = [int(entry.key[-3:]) for entry in storage.list("log/")]
    assert numbers == list(range(1, 104))
