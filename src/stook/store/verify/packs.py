"""Each pack: its index, and where every byte is to be read, its digest and those of its chunks."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from stook.chunks import PackEntry, read_pack_index
from stook.errors import IntegrityError, NotFoundError, StorageError
from stook.format.packs import pack_key
from stook.log.listing import folder_names
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Entry, Storage
from stook.store.packs.copying import iter_sound
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
    """Look at packs in threads, one for each processor. Those that were removed meanwhile are left out.

    A deep look holds each pack against its name. That proves that its bytes are those that were written, not that they
    are what its index says; so where others write too, each chunk is unpacked and held against its id.
    """
    may_be_forged = deep and _has_several_writers(storage)
    with ThreadPoolExecutor(_count_workers(), thread_name_prefix="stook-verify") as pool:
        ahead: deque[Future[CheckedPack | None]] = deque()
        try:
            for name, entry in packs:
                ahead.append(
                    pool.submit(_check, storage, name, entry, deep=deep, may_be_forged=may_be_forged)
                )
                if len(ahead) > _AHEAD and (checked := ahead.popleft().result()):
                    yield checked
            while ahead:
                if checked := ahead.popleft().result():
                    yield checked
        finally:
            for future in ahead:
                future.cancel()


def _check(
    storage: Storage, name: str, entry: Entry, *, deep: bool, may_be_forged: bool
) -> CheckedPack | None:
    entries: tuple[PackEntry, ...] = ()
    try:
        wrong = deep and digest_object(storage, entry) != name.partition("/")[2]
        entries = read_pack_index(storage, name)
        problem = "its bytes are not those that its name is the digest of" if wrong else ""
        if may_be_forged and not wrong and (count := _count_forged(storage, name, entries)):
            problem = f"{count} of its chunks are not those that its index says: it was made so"
    except NotFoundError:
        return None
    except (StorageError, IntegrityError) as error:
        return CheckedPack(name, entry.size, entries, error.message)
    return CheckedPack(name, entry.size, entries, problem)


def _count_forged(storage: Storage, name: str, entries: Sequence[PackEntry]) -> int:
    return sum(stored is None for _, stored in iter_sound(storage, name, entries))


def _has_several_writers(storage: Storage) -> bool:
    """Tell whether this is no folder of one machine alone, in which all packs were made by this program."""
    if not isinstance(storage, FolderStorage):
        return True
    with translate_os_errors(storage.root):
        return len(folder_names(f"{storage.root}/log")) > 1


def _count_workers() -> int:
    return max(
        _LEAST_WORKERS,
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
    )
