"""The files of an export into a bucket: many at once, in a memory that does not grow with them."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO, Final, Self, cast

from blake3 import blake3

from stook.app.exporting.manifest import ExportedFile
from stook.app.exporting.plan import Plan
from stook.errors import ConflictError, IntegrityError, NotFoundError
from stook.storage import Storage
from stook.storage.streaming import put_stream
from stook.store.checkout.writing import convert

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["upload"]

_AT_ONCE: Final = 16
_CHECK_SECONDS: Final = 5.0
_SMALL: Final = 8 * 1024 * 1024
"""Objects of at most so many bytes are written whole, those at once; larger ones in parts, one after another."""


def upload(plan: Plan, storage: Storage, check: Callable[[], None]) -> list[ExportedFile]:
    """Write all files of an export, and return them.

    Args:
        plan: The export.
        storage: Where.
        check: Called every few seconds; raises where the export is to be given up.

    Raises:
        ConflictError: One of them is there by now, with other bytes.
        InputError: A table cannot be had in the format.
        IntegrityError: The content is not what it was.
        StorageError: The storage refused.
    """
    done: list[ExportedFile] = []
    files = plan.layout.files
    with _Uploader(storage, check) as uploader:
        for number, pieces in plan.repository.reader().iter_many(file.blob for file in files):
            blob = files[number].blob
            done.append(ExportedFile(files[number].path, blob.size, blob.digest))
            uploader.put(done[-1], pieces)
        for each in plan.layout.converted:
            with tempfile.TemporaryFile() as file:
                digest = convert(each, plan.repository, cast(BinaryIO, file))
                done.append(ExportedFile(each.path, file.tell(), digest))
                file.seek(0)
                uploader.put(done[-1], _pieces(cast(BinaryIO, file)))
    return done


class _Uploader:
    """Writes objects, small ones in the background. Whatever one of them raises, the next call does, or the end."""

    def __init__(self, storage: Storage, check: Callable[[], None]) -> None:
        self._storage = storage
        self._check = check
        self._checked = time.monotonic()
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self._failures: list[BaseException] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=error is not None)
        if error is None:
            self._raise()

    def put(self, file: ExportedFile, pieces: Iterable[bytes | memoryview]) -> None:
        """Write one object."""
        self._raise()
        if time.monotonic() - self._checked > _CHECK_SECONDS:
            self._check()
            self._checked = time.monotonic()
        if file.size > _SMALL:
            put_stream(self._storage, file.path, pieces, file.size)
            return
        data = b"".join(pieces)
        self._places.acquire()
        self._pool.submit(_put_new, self._storage, file, data).add_done_callback(self._is_done)

    def _is_done(self, future: Future[None]) -> None:
        self._places.release()
        if not future.cancelled() and (error := future.exception()):
            self._failures.append(error)

    def _raise(self) -> None:
        if self._failures:
            raise self._failures[0]


def _put_new(storage: Storage, file: ExportedFile, data: bytes) -> None:
    """Write an object that must not exist, unless it is just this one: an answer may have been lost."""
    try:
        storage.put_new(file.path, data)
    except ConflictError:
        if not _has(storage, file):
            raise


def _has(storage: Storage, file: ExportedFile) -> bool:
    try:
        there = storage.get(file.path, limit=file.size)
    except (NotFoundError, IntegrityError):
        return False
    return blake3(there.data).hexdigest() == file.digest


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_SMALL):
        yield piece
