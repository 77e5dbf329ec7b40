"""Objects of buckets, as streams."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

import obstore

from stook.storage.object_errors import translate_object_errors
from stook.storage.s3 import connect_s3

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["open_object"]

_PIECE_BYTES = 4 * 1024 * 1024


@contextmanager
def open_object(bucket: str, key: str) -> Iterator[BinaryIO]:
    """Open an object of an S3 bucket, to be read once from its start.

    Raises:
        NotFoundError: There is no such object.
        StorageError: The bucket cannot be reached, or refuses.
    """
    place = f"s3://{bucket}/{key}"
    with translate_object_errors(place):
        result = obstore.get(connect_s3(bucket), key)
        pieces = result.stream(min_chunk_size=_PIECE_BYTES)
    yield cast(BinaryIO, io.BufferedReader(_Pieces(pieces, place)))


class _Pieces(io.RawIOBase):
    """Pieces that come one after another, as a file."""

    def __init__(self, pieces: obstore.BytesStream, place: str) -> None:
        super().__init__()
        self._pieces = pieces
        self._place = place
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._rest:
            with translate_object_errors(self._place):
                piece = next(iter(self._pieces), None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        taken = min(len(view), len(self._rest))
        view[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken
