"""A storage over what obstore opens: memory, S3 and whatever speaks its protocol, GCS, Azure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Literal

import obstore

from stook.errors import ConflictError, IntegrityError, NotFoundError, StorageError
from stook.storage.ahead import Ahead
from stook.storage.checks import check_key, check_prefix, check_range, check_size
from stook.storage.object_errors import translate_object_errors
from stook.storage.protocol import OBJECT_LIMIT, Content, Entry, Stored

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult, ObjectMeta, PutMode, PutResult, UpdateVersion
    from obstore.store import ObjectStore

    from stook.storage.connections import Purpose

__all__ = ["ObjectStorage"]

_PIECE_BYTES = 4 * 1024 * 1024
_PAUSES = (0.2, 1.0)
_LISTING_SECONDS = 120.0

# What is said where the last bytes of an object cannot be asked for as such: Azure, and an object that is empty.
_NO_TAIL = frozenset({"unsupported", "range-refused", "ranges-ignored"})


class ObjectStorage:
    """Objects in an object store.

    Args:
        connect: Opens it with obstore, for reading or writing, at the first request of each; keys are relative to its
            prefix.
        url: Where that is, without credentials.
        version_by: What an object's version is: its ETag, or the number that the cloud gives to each write.
        has_conditional_writes: Let the server see to it that no write undoes another. Else this looks before it
            writes, and who writes between the two is overwritten unnoticed.
        listing_seconds: How long a server may take to list a thousand objects, or to come to the end.
    """

    def __init__(
        self,
        connect: Callable[[Purpose], ObjectStore],
        url: str,
        *,
        version_by: Literal["e_tag", "version"] = "e_tag",
        has_conditional_writes: bool = True,
        listing_seconds: float = _LISTING_SECONDS,
    ) -> None:
        self._connect = connect
        self._connecting = threading.Lock()
        self._connections: dict[Purpose, ObjectStore] = {}
        self._url = url
        self._version_by = version_by
        self._has_conditional_writes = has_conditional_writes
        self._listing_seconds = listing_seconds

    def __repr__(self) -> str:
        return f"ObjectStorage({self._url!r})"

    @property
    def url(self) -> str:
        """Where this is, without credentials."""
        return self._url

    @property
    def has_conditional_writes(self) -> bool:
        """Whether the server refuses a write that would undo another."""
        return self._has_conditional_writes

    def get(self, key: str, *, limit: int = OBJECT_LIMIT) -> Stored:
        """See `Storage.get`."""
        with self._translated(check_key(key)):
            result = obstore.get(self._store, key)
            check_size(self._place(key), result.meta["size"], limit)
            data = bytes(result.bytes())
        return Stored(data, self._version(key, result.meta))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See `Storage.get_range`."""
        check_range(start, length)
        data = b""
        try:
            if length:
                with self._translated(check_key(key)):
                    options: GetOptions = {"range": (start, start + length)}
                    data = _read(obstore.get(self._store, key, options=options), length)
        except StorageError as error:
            if error.kind != "range-refused":
                raise
        if length and len(data) == length:
            return data
        size = self._head(check_key(key))["size"]
        if start + length > size or len(data) != length:
            raise IntegrityError(
                f"{self._place(key)} has {size} bytes and ends before byte {start + length}",
                kind="truncated",
                key=key,
            )
        return data

    def get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        """See `Storage.get_tail`. Where the server does not know what a tail is, this takes two requests."""
        check_range(0, length)
        try:
            if length:
                return self._get_tail(check_key(key), length)
        except StorageError as error:
            if error.kind not in _NO_TAIL:
                raise
        size = self._head(check_key(key))["size"]
        taken = min(length, size)
        return self.get_range(key, size - taken, taken), size

    def put_new(self, key: str, data: Content) -> None:
        """See `Storage.put_new`."""
        if self._has_conditional_writes:
            self._put(check_key(key), data, "create")
            return
        with suppress(NotFoundError):
            self._head(check_key(key))
            raise ConflictError(f"{self._place(key)} exists already", kind="already-exists", key=key)
        self._put(key, data, "overwrite")

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """See `Storage.put_if_match`."""
        check_key(key)
        if not self._has_conditional_writes or (self._version_by == "version" and not version.isdecimal()):
            if self._version(key, self._head(key)) != version:
                raise ConflictError(
                    f"{self._place(key)} was changed by someone else", kind="changed", key=key
                )
            return self._version(key, self._put(key, data, "overwrite"))
        mode: UpdateVersion = {"e_tag": version} if self._version_by == "e_tag" else {"version": version}
        try:
            return self._version(key, self._put(key, data, mode))
        except ConflictError:
            self._head(key)  # obstore does not tell a missing object from a changed one
            raise

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """See `Storage.list`."""
        return self._list(check_prefix(prefix), check_key(after) if after else "")

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        try:
            with self._translated(check_key(key)):
                obstore.delete(self.connection("write"), key)
        except NotFoundError:
            return

    def _list(self, prefix: str, after: str) -> Iterator[Entry]:
        with self._translated(prefix):
            pages = iter(obstore.list(self._store, prefix or None, offset=after or None, chunk_size=1000))
        last = ""
        while page := self._next_page(prefix, pages):
            for meta in page:
                if meta["path"] <= last:
                    raise StorageError(
                        f"{self._place(prefix)} is listed out of order",
                        kind="unsorted-listing",
                        hint="choose a general purpose bucket",
                    )
                last = meta["path"]
                if last > after:  # some servers begin with that key, or at the very beginning
                    yield Entry(last, meta["size"], meta["last_modified"].timestamp())

    def _next_page(self, prefix: str, pages: Iterator[Sequence[ObjectMeta]]) -> Sequence[ObjectMeta]:
        """Return the next objects of a listing, none at its end. A server may send empty pages without end."""
        try:
            with self._translated(prefix):
                return Ahead(lambda: next(pages, ())).result(self._listing_seconds)
        except TimeoutError:
            raise StorageError(
                f"the listing of {self._place(prefix)} came to no end within {self._listing_seconds:.0f} seconds",
                kind="endless-listing",
                hint="try again; stook remote check tells whether the server lists objects",
            ) from None

    def _get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        with self._translated(key):
            result = obstore.get(self._store, key, options={"range": {"suffix": length}})
            size: int = result.meta["size"]
            wanted = min(length, size)
            if result.range != (size - wanted, size):
                raise self._short(key, size)
            data = _read(result, wanted)
        if len(data) != wanted:
            raise self._short(key, size)
        return data, size

    def _short(self, key: str, size: int) -> IntegrityError:
        return IntegrityError(
            f"{self._place(key)} has {size} bytes, and others came than its last ones",
            kind="truncated",
            key=key,
        )

    def connection(self, purpose: Purpose) -> ObjectStore:
        """Return obstore's view of this, for what the other methods do not do."""
        if purpose not in self._connections:
            with self._connecting:
                if purpose not in self._connections:
                    self._connections[purpose] = self._connect(purpose)
        return self._connections[purpose]

    @property
    def _store(self) -> ObjectStore:
        return self.connection("read")

    def _head(self, key: str) -> ObjectMeta:
        with self._translated(key):
            return obstore.head(self._store, key)

    def _put(self, key: str, data: Content, mode: PutMode) -> PutResult:
        """Write an object. A connection that broke is made again: obstore does that for no conditional write."""
        for seconds in _PAUSES:
            try:
                return self._put_once(key, data, mode)
            except StorageError as error:
                if error.kind != "storage-failed" or error.facts["status"] or error.facts["code"]:
                    raise
            time.sleep(seconds)
        return self._put_once(key, data, mode)

    def _put_once(self, key: str, data: Content, mode: PutMode) -> PutResult:
        # Pieces are sent as they are, without another copy of them all in memory.
        file = data if isinstance(data, bytes) else iter(data)
        with self._translated(key):
            return obstore.put(self.connection("write"), key, file, mode=mode, use_multipart=False)

    def _place(self, key: str) -> str:
        return f"{self._url.removesuffix('/')}/{key}"

    def _translated(self, key: str) -> AbstractContextManager[None]:
        return translate_object_errors(self._place(key))

    def _version(self, key: str, known: ObjectMeta | PutResult) -> str:
        version = known[self._version_by]
        if version is None:
            raise StorageError(
                f"{self._place(key)} came without an ETag", kind="unsupported", hint="choose another storage"
            )
        return version


def _read(result: GetResult, length: int) -> bytes:
    """Read the bytes of an answer, and little more than so many: a server may send more than it was asked for."""
    pieces: list[bytes] = []
    size = 0
    for piece in result.stream(min_chunk_size=_PIECE_BYTES):
        pieces.append(bytes(piece))
        size += len(pieces[-1])
        if size > length:
            break
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
