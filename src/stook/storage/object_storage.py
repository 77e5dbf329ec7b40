"""A storage over what obstore opens: memory, S3 and whatever speaks its protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import obstore

from stook.errors import ConflictError, IntegrityError, NotFoundError, StorageError
from stook.storage.checks import check_key, check_prefix, check_range
from stook.storage.object_errors import translate_object_errors
from stook.storage.protocol import Content, Entry, Stored

if TYPE_CHECKING:
    from obstore import UpdateVersion
    from obstore.store import ObjectStore

__all__ = ["ObjectStorage"]


class ObjectStorage:
    """Objects in an object store. The version of an object is its ETag.

    Args:
        store: What obstore opened; keys are relative to its prefix.
        url: Where that is, without credentials.
    """

    def __init__(self, store: ObjectStore, url: str) -> None:
        self._store = store
        self._url = url

    def __repr__(self) -> str:
        return f"ObjectStorage({self._url!r})"

    @property
    def url(self) -> str:
        """Where this is, without credentials."""
        return self._url

    def get(self, key: str) -> Stored:
        """See `Storage.get`."""
        with self._translated(check_key(key)):
            result = obstore.get(self._store, key)
            data = bytes(result.bytes())
        return Stored(data, self._version(key, result.meta["e_tag"]))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See `Storage.get_range`."""
        check_range(start, length)
        data = b""
        try:
            if length:
                with self._translated(check_key(key)):
                    data = bytes(obstore.get_range(self._store, key, start=start, length=length))
        except StorageError as error:
            if error.kind != "range-refused":
                raise
        if length and len(data) == length:
            return data
        with self._translated(check_key(key)):
            size: int = obstore.head(self._store, key)["size"]
        if start + length > size or len(data) != length:
            raise IntegrityError(
                f"{self._place(key)} has {size} bytes and ends before byte {start + length}",
                kind="truncated",
                key=key,
            )
        return data

    def put_new(self, key: str, data: Content) -> None:
        """See `Storage.put_new`."""
        whole = data if isinstance(data, bytes) else b"".join(data)
        with self._translated(check_key(key)):
            obstore.put(self._store, key, whole, mode="create", use_multipart=False)

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """See `Storage.put_if_match`."""
        try:
            with self._translated(check_key(key)):
                mode: UpdateVersion = {"e_tag": version}
                result = obstore.put(self._store, key, data, mode=mode, use_multipart=False)
        except ConflictError:
            with self._translated(check_key(key)):
                obstore.head(self._store, key)  # obstore does not tell a missing object from a changed one
            raise
        return self._version(key, result["e_tag"])

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """See `Storage.list`."""
        return self._list(check_prefix(prefix), check_key(after) if after else "")

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        try:
            with self._translated(check_key(key)):
                obstore.delete(self._store, key)
        except NotFoundError:
            return

    def _list(self, prefix: str, after: str) -> Iterator[Entry]:
        with self._translated(prefix):
            pages = iter(obstore.list(self._store, prefix or None, offset=after or None, chunk_size=1000))
        last = after
        while True:
            with self._translated(prefix):
                page = next(pages, ())
            if not page:
                return
            for meta in page:
                if meta["path"] <= last:
                    raise StorageError(
                        f"{self._place(prefix)} is listed out of order",
                        kind="unsorted-listing",
                        hint="choose a general purpose bucket",
                    )
                last = meta["path"]
                yield Entry(last, meta["size"], meta["last_modified"].timestamp())

    def _place(self, key: str) -> str:
        return f"{self._url.removesuffix('/')}/{key}"

    def _translated(self, key: str) -> AbstractContextManager[None]:
        return translate_object_errors(self._place(key))

    def _version(self, key: str, tag: str | None) -> str:
        if tag is None:
            raise StorageError(
                f"{self._place(key)} came without an ETag", kind="unsupported", hint="choose another storage"
            )
        return tag
