"""Whether a storage can do what a store needs of it, found by trying."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal

from stook.errors import ConflictError, IntegrityError, NotFoundError, StookError, StorageError
from stook.model.clock import Clock
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage

__all__ = ["Finding", "FindingName", "is_needed", "probe"]

FindingName = Literal["reach", "list", "write", "read", "conditional write", "delete"]

_BYTES = b"stook asks whether this storage can hold a store; this object means nothing\n"
_CHANGED = b"changed\n"
_NO_ENTRANCE: Final = frozenset(
    {
        "bad-option",
        "bad-profiles",
        "bucket-not-found",
        "clock-skew",
        "missing-extra",
        "no-credentials",
        "profile-not-found",
        "storage-failed",
        "unreachable",
        "wrong-region",
    }
)
_NEEDED: Final = frozenset({"reach", "list", "read", "conditional write"})
_LISTED = 1000
_FOLDER = "condemned"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried.

    Attributes:
        name: What.
        ok: Whether it works.
        message: What was seen, a sentence without a stop at its end.
        hint: What to do about it; empty where it works.
        kind: The kind of the error; empty where it works.
    """

    name: FindingName
    ok: bool
    message: str
    hint: str = ""
    kind: str = ""


def probe(storage: Storage) -> tuple[Finding, ...]:
    """Try what a store does, and tell what works: reach, list, write, read, conditional write, delete.

    It writes two small objects below `condemned/`, of names that mean nothing there, and deletes them. Where one thing
    fails, what cannot be tried without it is left out. Where nothing may be written, reading is tried on what is there.
    Nothing of it is an error: all is told by the findings.
    """
    if not isinstance(storage, FolderStorage):
        return tuple(_findings(_Probe(storage)))
    folder = storage.root / _FOLDER
    existed = folder.exists()
    try:
        return tuple(_findings(_Probe(FolderStorage(storage.root))))
    finally:
        if not existed:
            with suppress(OSError):
                folder.rmdir()  # so that what was empty still is


def is_needed(finding: Finding) -> bool:
    """Tell whether nothing can be shared where this does not work; writing is not needed to pull."""
    return finding.name in _NEEDED


def _findings(probing: _Probe) -> Iterator[Finding]:
    listed = _try("list", probing.list)
    if listed.kind in _NO_ENTRANCE:
        yield replace(listed, name="reach")
        return
    yield Finding("reach", True, f"{probing.storage.url} answers")
    try:
        written = _try("write", probing.write)
        yield _try("list", probing.list_written) if listed.ok and written.ok else listed
        yield written
        yield _try("read", probing.read if written.ok else probing.read_any)
        if written.ok:
            yield _try("conditional write", probing.write_conditionally)
            yield _try("delete", probing.delete)
    finally:
        probing.clear()


def _try(name: FindingName, act: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, act())
    except StookError as error:
        return Finding(name, False, error.message, error.hint, error.kind)


class _Probe:
    """The steps. Each returns what it saw, and raises where it does not work."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._key = f"{_FOLDER}/probe-{Clock().new_id()}"
        self._other = f"{self._key}-2"

    def list(self) -> str:
        """Look at the first page."""
        found = list(islice(self.storage.list(), _LISTED))
        return f"{len(found)} objects are listed"

    def write(self) -> str:
        """Write two objects, the one that is listed last first."""
        for key in (self._other, self._key):
            self.storage.put_new(key, _BYTES)
        return "objects can be written"

    def list_written(self) -> str:
        """List what was just written, which must come at once and in order."""
        found = [entry.key for entry in self.storage.list(_FOLDER) if entry.key.startswith(self._key)]
        if found != [self._key, self._other]:
            raise StorageError(
                "what was just written is not listed at once",
                kind="stale-listing",
                hint="choose a storage whose listings are consistent",
            )
        return "objects are listed at once and in order"

    def read(self) -> str:
        """Read what was written: whole, the middle, the end."""
        if self.storage.get(self._key).data != _BYTES:
            raise IntegrityError("what was written comes back changed", kind="changed-content")
        self._read_parts(self._key, _BYTES)
        return "objects come back as they were written, whole and in parts"

    def read_any(self) -> str:
        """Read what is there already."""
        entry = next((one for one in islice(self.storage.list(), _LISTED) if 0 < one.size < 1 << 20), None)
        if entry is None:
            return "there is nothing to read yet"
        self._read_parts(entry.key, self.storage.get(entry.key).data)
        return "objects can be read, whole and in parts"

    def _read_parts(self, key: str, data: bytes) -> None:
        middle = len(data) // 2
        part = self.storage.get_range(key, middle, len(data) - middle)
        tail = self.storage.get_tail(key, 1)
        if part != data[middle:] or tail != (data[-1:], len(data)):
            raise StorageError(
                "other bytes come than those that were asked for",
                kind="ranges-ignored",
                hint="choose a server that answers range requests",
            )

    def write_conditionally(self) -> str:
        """Try to undo another's write in each way; the server must refuse."""
        if not self.storage.has_conditional_writes:
            return "not asked of the server, as the options say: who writes last wins, so let one write at a time"
        before = self.storage.get(self._key).version
        with suppress(ConflictError):
            self.storage.put_new(self._key, _CHANGED)
            raise _ignored("If-None-Match")
        try:
            self.storage.put_if_match(self._key, _CHANGED, before)
        except ConflictError:
            raise _ignored("If-Match", "refuses a condition that holds") from None
        with suppress(ConflictError):
            self.storage.put_if_match(self._key, _BYTES, before)
            raise _ignored("If-Match")
        return "the server refuses a write that would undo another's"

    def delete(self) -> str:
        """Delete what was written."""
        for key in (self._key, self._other):
            self.storage.delete(key)
        with suppress(NotFoundError):
            self.storage.get(self._key)
            raise StorageError("what was deleted is still there", kind="not-deleted", hint="try again later")
        return "objects can be deleted"

    def clear(self) -> None:
        """Leave nothing behind, whatever went wrong."""
        for key in (self._key, self._other):
            with suppress(StookError):
                self.storage.delete(key)


def _ignored(header: str, what: str = "ignores conditions") -> StorageError:
    return StorageError(
        f"the server {what} ({header}): two people who write at once could undo each other's work, unnoticed",
        kind="no-conditional-writes",
        hint="choose another server, or where one writes at a time: --no-conditional-writes",
    )
