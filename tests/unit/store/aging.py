"""A storage in memory whose clock a test sets, and in which others may act between any two operations."""
# ruff: noqa: D102  the methods are those of every storage

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from stook.storage import open_storage
from stook.storage.protocol import OBJECT_LIMIT, Content, Entry, Storage, Stored
from stook.store import Store
from stook.store.repository import open_on

HOUR = 3600.0


class AgingStorage:
    """Objects have the times of `now`. Before operation number `at` from now on, `meddle` is called.

    Args:
        inner: Where the bytes are; in memory where not given.
    """

    def __init__(self, inner: Storage | None = None) -> None:
        self.inner = inner or open_storage("memory:")
        self.now = 1_000_000_000.0
        self.times: dict[str, float] = {}
        self.count = 0
        self.at = 0
        self.meddle: Callable[[], object] | None = None
        self.put_prefix = "nothing"

    @property
    def url(self) -> str:
        return self.inner.url

    @property
    def has_conditional_writes(self) -> bool:
        return self.inner.has_conditional_writes

    def get(self, key: str, *, limit: int = OBJECT_LIMIT) -> Stored:
        self._step()
        return self.inner.get(key, limit=limit)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        self._step()
        return self.inner.get_range(key, start, length)

    def get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        self._step()
        return self.inner.get_tail(key, length)

    def put_new(self, key: str, data: Content) -> None:
        self._step()
        if key.startswith(self.put_prefix) and self.meddle is not None:
            act, self.meddle = self.meddle, None
            act()
        self.inner.put_new(key, data)
        self.times[key] = self.now

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        self._step()
        version = self.inner.put_if_match(key, data, version)
        self.times[key] = self.now
        return version

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        self._step()
        found = list(self.inner.list(prefix, after=after))
        return (Entry(entry.key, entry.size, self.times.get(entry.key, entry.modified)) for entry in found)

    def delete(self, key: str) -> None:
        self._step()
        self.inner.delete(key)

    def meddle_at(self, at: int, act: Callable[[], object]) -> None:
        """Let something else happen before the operation of this number, counted from here."""
        self.count, self.at, self.meddle = 0, at, act

    def meddle_at_put(self, prefix: str, act: Callable[[], object]) -> None:
        """Let something else happen before the first object below a prefix is put."""
        self.at, self.put_prefix, self.meddle = 0, prefix, act

    def _step(self) -> None:
        self.count += 1
        if self.meddle is not None and self.count == self.at:
            act, self.meddle = self.meddle, None
            act()


def open_at(storage: Storage, cache: Path) -> Store:
    """Open a store on a storage, as a machine with this cache."""
    return Store(open_on(storage, cache=cache, owner="tester"), "test")
