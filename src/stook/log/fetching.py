"""Many segments from a storage, several at a time, in order, within bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from stook.errors import IntegrityError
from stook.storage.protocol import Storage

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["fetch_all"]

_WORKERS: Final = 8
_BYTES_AHEAD: Final = 32 * 1024 * 1024


def fetch_all(storage: Storage, wanted: Sequence[tuple[str, int]]) -> Iterator[bytes]:
    """Yield objects whole; nothing in the place of one that is too large to be read.

    Args:
        storage: Where they are.
        wanted: Their keys, each with the bytes that the storage says it has.

    Raises:
        NotFoundError: One is gone.
        StorageError: The storage cannot be reached.
    """
    if len(wanted) < 2:
        yield from (_fetch(storage, key) for key, _ in wanted)
        return
    from concurrent.futures import ThreadPoolExecutor  # most readings take no more than one

    ahead: deque[tuple[int, Future[bytes]]] = deque()
    waiting = 0
    pool = ThreadPoolExecutor(min(_WORKERS, len(wanted)), thread_name_prefix="stook-log")
    try:
        for key, size in wanted:
            while ahead and (len(ahead) == _WORKERS or waiting + size > _BYTES_AHEAD):
                taken, future = ahead.popleft()
                waiting -= taken
                yield future.result()
            ahead.append((size, pool.submit(_fetch, storage, key)))
            waiting += size
        while ahead:
            yield ahead.popleft()[1].result()
    finally:
        pool.shutdown(cancel_futures=True)


def _fetch(storage: Storage, key: str) -> bytes:
    try:
        return storage.get(key).data
    except IntegrityError as error:
        if error.kind != "too-large":
            raise
        return b""
