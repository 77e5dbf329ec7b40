"""Stores whose storage and log fail at a chosen operation, as a crash or an error that comes once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from stook.errors import StorageError
from stook.log import Damage, Line, Log
from stook.model.clock import Clock
from stook.model.position import Position
from stook.storage.folder import FolderStorage
from stook.storage.protocol import OBJECT_LIMIT, Content, Entry, Storage, Stored
from stook.store import Store
from stook.store.repository import Repository, open_on, open_repository
from stook.testing import Crash

__all__ = ["CONTEXT", "Kind", "Trap", "open_bucket", "open_folder", "trapped"]

CONTEXT = "main"
Kind = Literal["crash-before", "crash-after", "error-before", "error-after"]
_Result = TypeVar("_Result")


class Trap:
    """Counts the operations of one store's storage and log, and lets the one that is chosen fail.

    Attributes:
        is_sprung: Whether it has.
        count: How many operations there were since it was set.
    """

    def __init__(self) -> None:
        self._kind: Kind = "error-before"
        self._at = 0
        self.is_sprung = False
        self.count = 0

    def set(self, kind: Kind, at: int) -> None:
        """Let operation number `at` from now on fail; 0 for none."""
        self._kind, self._at, self.is_sprung, self.count = kind, at, False, 0

    def run(self, act: Callable[[], _Result], *, counts: bool = True) -> _Result:
        """Do an operation, unless it is not to be done."""
        if self.is_sprung and self._kind.startswith("crash"):
            raise Crash("after the crash")
        if not counts:
            return act()
        self.count += 1
        is_chosen = self.count == self._at
        self.is_sprung = self.is_sprung or is_chosen
        if is_chosen and self._kind.endswith("before"):
            raise self._failure()
        result = act()
        if is_chosen:
            raise self._failure()
        return result

    def _failure(self) -> BaseException:
        what = f"operation {self.count} failed on purpose"
        return Crash(what) if self._kind.startswith("crash") else StorageError(what, kind="injected")


class _TrappedStorage:
    """A bucket. Reading segments does not count, since there are ever more of them."""

    def __init__(self, inner: Storage, trap: Trap, url: str = "") -> None:
        self._inner = inner
        self._trap = trap
        self._url = url or inner.url

    @property
    def url(self) -> str:
        return self._url

    @property
    def has_conditional_writes(self) -> bool:
        return self._inner.has_conditional_writes

    def get(self, key: str, *, limit: int = OBJECT_LIMIT) -> Stored:
        return self._trap.run(lambda: self._inner.get(key, limit=limit), counts=not key.startswith("log/"))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self._trap.run(lambda: self._inner.get_range(key, start, length))

    def get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        return self._trap.run(lambda: self._inner.get_tail(key, length))

    def put_new(self, key: str, data: Content) -> None:
        self._trap.run(lambda: self._inner.put_new(key, data))

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        return self._trap.run(lambda: self._inner.put_if_match(key, data, version))

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        return iter(self._trap.run(lambda: [*self._inner.list(prefix, after=after)]))

    def delete(self, key: str) -> None:
        self._trap.run(lambda: self._inner.delete(key))


class _TrappedFolder(FolderStorage):
    """A folder still, so that its locks are used as they are of any other."""

    def __init__(self, root: Path, trap: Trap) -> None:
        super().__init__(root)
        self._trap = trap
        self._inner = FolderStorage(root)

    def get(self, key: str, *, limit: int = OBJECT_LIMIT) -> Stored:
        return self._trap.run(lambda: self._inner.get(key, limit=limit))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self._trap.run(lambda: self._inner.get_range(key, start, length))

    def get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        return self._trap.run(lambda: self._inner.get_tail(key, length))

    def put_new(self, key: str, data: Content) -> None:
        self._trap.run(lambda: self._inner.put_new(key, data))

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        return self._trap.run(lambda: self._inner.put_if_match(key, data, version))

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        return iter(self._trap.run(lambda: [*self._inner.list(prefix, after=after)]))

    def delete(self, key: str) -> None:
        self._trap.run(lambda: self._inner.delete(key))


class _TrappedLog:
    def __init__(self, inner: Log, trap: Trap) -> None:
        self._inner = inner
        self._trap = trap

    def append(self, payloads: Sequence[bytes]) -> None:
        self._trap.run(lambda: self._inner.append(payloads))

    def read(self, known: Mapping[str, Position]) -> Iterator[Line | Damage]:
        return self._inner.read(known)

    def has_news(self) -> bool:
        return self._inner.has_news()


def open_folder(root: Path, cache: Path, now: Callable[[], float]) -> tuple[Store, Trap]:
    """Open a store in a folder, on a machine with this cache and this clock."""
    trap = Trap()
    plain = open_repository(str(root), cache=cache, owner="tester")
    plain.close()
    repository = Repository(
        _TrappedFolder(root, trap),
        lambda: _TrappedLog(plain.open_log(), trap),
        clock=Clock(now),
        owner="tester",
        identity=plain.id,
        cache=plain.cache,
    )
    return Store(repository, CONTEXT), trap


def open_bucket(storage: Storage, cache: Path, now: Callable[[], float]) -> tuple[Store, Trap]:
    """Open a store on a storage that only puts whole objects, on a machine with this cache and this clock."""
    trap = Trap()
    trapped = _TrappedStorage(storage, trap)
    return Store(open_on(trapped, cache=cache, owner="tester", clock=Clock(now)), CONTEXT), trap


def trapped(storage: Storage, trap: Trap, url: str) -> Storage:
    """Return the same storage at a URL, with operations that the trap lets fail."""
    return _TrappedStorage(storage, trap, url)
