"""Objects of any size into a storage, in a memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from stook.errors import StorageError
from stook.storage.checks import check_key
from stook.storage.protocol import OBJECT_LIMIT, Storage

if TYPE_CHECKING:
    from stook.storage.object_storage import ObjectStorage

__all__ = ["put_stream"]

_PART_BYTES: Final = 8 * 1024 * 1024
_MAX_PARTS: Final = 9_000  # S3 has 10,000
_AT_ONCE: Final = 4


def put_stream(storage: Storage, key: str, pieces: Iterable[bytes | memoryview], size: int) -> None:
    """Write an object, over one that may be there: visible, whole, when this returns. What `pieces` raises, this does.

    Into a bucket it goes in parts, several at once. No server takes a condition with that, so of two who write one key
    the later wins.

    Args:
        storage: Where.
        key: Its key.
        pieces: Its bytes, one after another.
        size: How many they are.

    Raises:
        StorageError: The storage refused; or it is no bucket, and they are more than it takes at once.
    """
    from stook.storage.object_storage import ObjectStorage

    if isinstance(storage, ObjectStorage):
        _put_parts(storage, check_key(key), pieces, max(_PART_BYTES, -(-size // _MAX_PARTS)))
        return
    if size > OBJECT_LIMIT:
        raise StorageError(
            f"{storage.url} takes no object of {size:,} bytes",
            kind="unsupported",
            hint="choose a bucket or a folder",
        )
    storage.delete(key)
    storage.put_new(key, [bytes(piece) for piece in pieces])


def _put_parts(
    storage: ObjectStorage, key: str, pieces: Iterable[bytes | memoryview], part_bytes: int
) -> None:
    import obstore

    from stook.storage.object_errors import translate_object_errors

    with translate_object_errors(f"{storage.url.removesuffix('/')}/{key}"):
        obstore.put(
            storage.connection("write"),
            key,
            iter(pieces),
            use_multipart=True,
            chunk_size=part_bytes,
            max_concurrency=_AT_ONCE,
        )
