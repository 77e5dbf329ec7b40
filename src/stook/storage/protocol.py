"""What every storage promises; `stook.testing.StorageTests` is the promise as a test suite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import msgspec

__all__ = ["OBJECT_LIMIT", "Content", "Entry", "Storage", "Stored"]

OBJECT_LIMIT = 256 * 1024 * 1024
"""The largest object in bytes that is read whole unless the caller says otherwise: four times the largest pack."""

Content = bytes | Sequence[bytes | memoryview]
"""The bytes of an object, whole or in pieces, one after another; the caller keeps the pieces as they are."""


class Stored(msgspec.Struct, frozen=True):
    """An object's bytes and the version token that a conditional write needs.

    Equal bytes may have equal versions: who must tell A from a later A puts something unique into the bytes.
    """

    data: bytes
    version: str


class Entry(msgspec.Struct, frozen=True, eq=False):
    """One name in a listing, its size in bytes, and when it was written.

    That is in seconds since the epoch by the storage's own clock, which may not be this machine's.
    """

    key: str
    size: int
    modified: float = 0.0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entry) and (self.key, self.size) == (other.key, other.size)

    def __hash__(self) -> int:
        return hash((self.key, self.size))


@runtime_checkable
class Storage(Protocol):
    """Keys to bytes. Safe to share between threads, and between processes where the bytes are.

    A key is relative, of parts divided by `/`, of printable characters without a backslash; no part is empty or starts
    with a dot; a part has at most 255 bytes in UTF-8 and a key at most 900. No key may be a folder of another key.

    Every method raises `InputError` for what is no key, and `StorageError` when the storage cannot be reached or
    refuses. After a `StorageError` from a write, the write may or may not have happened.
    """

    @property
    def url(self) -> str:
        """Where this is, without credentials."""
        ...

    @property
    def has_conditional_writes(self) -> bool:
        """Whether `put_new` and `put_if_match` are exact between writers; else one may undo another's write."""
        ...

    def get(self, key: str, *, limit: int = OBJECT_LIMIT) -> Stored:
        """Return a whole object.

        Args:
            key: Its key.
            limit: Bytes at the most; a larger object is refused before it is read.

        Raises:
            NotFoundError: There is no such object.
            IntegrityError: It is larger than the limit, of kind `too-large`.
        """
        ...

    def get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        """Return the last `length` bytes, or all where there are fewer, and the object's size, by one request.

        Raises:
            NotFoundError: There is no such object.
        """
        ...

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from the byte `start` on, counted from 0.

        Raises:
            NotFoundError: There is no such object.
            IntegrityError: It has fewer bytes than that.
        """
        ...

    def put_new(self, key: str, data: Content) -> None:
        """Write an object that must not exist: durable when this returns, whole or not at all.

        Raises:
            ConflictError: There is an object of that key, which is durable by now. Over a network it may be this very
                call's own, its first answer having been lost: compare before giving up.
        """
        ...

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """Replace an object that must still have this version: durable when this returns, whole or not at all.

        Returns:
            The version of what was written.

        Raises:
            ConflictError: It has another version. As with `put_new`, that may be this call's own write.
            NotFoundError: There is no such object.
        """
        ...

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """Yield the objects below a folder, lazily, sorted by key in the order of code points.

        Args:
            prefix: Whole leading parts of keys, such as `log/w1` or `log/w1/`; empty for all.
            after: Leave out this key and those before it; empty for none.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove an object durably; no error where there is none."""
        ...
