"""What every storage promises; `stook.testing.StorageTests` is the promise as a test suite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = ["Entry", "Storage", "Stored"]


@dataclass(frozen=True, slots=True)
class Stored:
    """An object's bytes and the version token that a conditional write needs."""

    data: bytes
    version: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a listing, and its size in bytes."""

    key: str
    size: int


@runtime_checkable
class Storage(Protocol):
    """Keys to bytes. Keys are relative, `/`-separated, of printable characters. Safe to share between threads.

    Every method raises `StorageError` when the storage cannot be reached or refuses.
    """

    @property
    def url(self) -> str:
        """Where this is, without credentials."""
        ...

    def get(self, key: str) -> Stored:
        """Return a whole object. Raises NotFoundError."""
        ...

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from `start`. Raises NotFoundError; IntegrityError when there are fewer."""
        ...

    def put_new(self, key: str, data: bytes) -> str:
        """Write an object that must not exist; durable, whole or not at all. Raises ConflictError."""
        ...

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """Replace an object that must still have this version. Raises ConflictError, NotFoundError."""
        ...

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """Yield the objects below a prefix, sorted by key, those after `after` only."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; no error where there is none."""
        ...
