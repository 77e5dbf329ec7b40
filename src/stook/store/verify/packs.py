"""Each pack: its index, and where every byte is to be read, its digest."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from stook.chunks import PackEntry, read_pack_index
from stook.errors import IntegrityError, NotFoundError, StorageError
from stook.format.packs import pack_key
from stook.storage.protocol import Entry, Storage
from stook.store.verify.hashing import digest_object

__all__ = ["CheckedPack", "check_packs"]

_AHEAD = 64
_LEAST_WORKERS = 2


@dataclass(frozen=True, slots=True)
class CheckedPack:
    """A pack that was looked at.

    Attributes:
        name: Its name, such as `data/3f…`.
        size: Its bytes.
        entries: What its index says is in it; empty where the index is damaged.
        problem: What is wrong with it; empty where nothing is.
    """

    name: str
    size: int
    entries: tuple[PackEntry, ...]
    problem: str = ""

    @property
    def key(self) -> str:
        """Its key in the storage."""
        return pack_key(self.name)


def check_packs(storage: Storage, packs: Iterable[tuple[str, Entry]], *, deep: bool) -> Iterator[CheckedPack]:
    """Look at packs in threads, one for each processor. Those that were removed meanwhile are left out."""
    with ThreadPoolExecutor(_count_workers(), thread_name_prefix="stook-verify") as pool:
        ahead: deque[Future[CheckedPack | None]] = deque()
        try:
            for name, entry in packs:
                ahead.append(pool.submit(_check, storage, name, entry, deep=deep))
                if len(ahead) > _AHEAD and (checked := ahead.popleft().result()):
                    yield checked
            while ahead:
                if checked := ahead.popleft().result():
                    yield checked
        finally:
            for future in ahead:
                future.cancel()


def _check(storage: Storage, name: str, entry: Entry, *, deep: bool) -> CheckedPack | None:
    entries: tuple[PackEntry, ...] = ()
    try:
        wrong = deep and digest_object(storage, entry) != name.partition("/")[2]
        entries = read_pack_index(storage, name)
    except NotFoundError:
        return None
    except (StorageError, IntegrityError) as error:
        return CheckedPack(name, entry.size, entries, error.message)
    problem = "its bytes are not those that its name is the digest of" if wrong else ""
    return CheckedPack(name, entry.size, entries, problem)


def _count_workers() -> int:
    return max(
        _LEAST_WORKERS,
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
    )
