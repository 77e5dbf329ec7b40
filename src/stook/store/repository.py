"""The rooms that make up one repository, opened together."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from stook._io import read_if_present, write_atomic
from stook.catalog import Catalog
from stook.format import canonical
from stook.log import FolderLog, Log, ObjectLog
from stook.model.clock import Clock
from stook.storage import open_storage
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store.identity import find_identity, get_identity, make_identity, place_of
from stook.store.packs.lease import open_gate
from stook.store.tail import Tail

if TYPE_CHECKING:
    from stook.chunks import ChunkReader
    from stook.store.keeping_code import KeptCode
    from stook.store.packs.writing import BundleWriter

__all__ = [
    "Backing",
    "Repository",
    "cache_folder",
    "open_known",
    "open_on",
    "open_repository",
]

_HERE = ("file:", "memory:")


class Backing(Protocol):
    """Where chunks are that a repository lacks."""

    def bring(self, ids: Collection[bytes]) -> bool:
        """Fetch chunks that are nowhere here into packs of the repository, and return whether any came.

        Raises:
            StorageError: What has them cannot be reached.
        """
        ...

    def measure(self, ids: Collection[bytes]) -> dict[bytes, int]:
        """Return the sizes of chunks that are nowhere here, as is said where they are, without fetching them."""
        ...

    def expect(self, bundle: str) -> None:
        """Take note that the bundle of an id is being read."""
        ...

    def find_holders(self, bundles: Mapping[str, str]) -> dict[str, str]:
        """Return what is known to have some bundles, given digests by id; those that nothing has are left out."""
        ...

    def places(self) -> tuple[str, ...]:
        """Return what is asked, in words."""
        ...


class Repository:
    """One repository, open. Safe to share between threads; a forked process opens its own log and catalog.

    Args:
        storage: Its bytes.
        open_log: Opens its records.
        clock: Makes ids.
        owner: Who makes bundles here.
        identity: The repository's own id.
        cache: Folder for the catalog and for files that can be made again.

    Attributes:
        backing: Asked by readers for what is not here; none unless it is set.
        options: The settings of its storage that may be written down; empty unless they are set.
        kept_code: Source text that was seen to be in it, by digest.
        seen_code: Text and digests of code with the digest of what is kept of them, by `id`.
    """

    def __init__(
        self,
        storage: Storage,
        open_log: Callable[[], Log],
        *,
        clock: Clock,
        owner: str,
        identity: str,
        cache: Path,
    ) -> None:
        self.storage = storage
        self.gate = open_gate(storage)
        self.owner = owner
        self.id = identity
        self.cache = cache
        self.backing: Backing | None = None
        self.options: Mapping[str, str] = {}
        self.kept_code: dict[str, KeptCode] = {}
        self.seen_code: dict[int, tuple[object, str]] = {}
        self._open_log = open_log
        self._clock = clock
        self._processes = {os.getpid(): self._open(clock)}

    @property
    def url(self) -> str:
        """Where it is: a folder's path, or a URL."""
        return place_of(self.storage)

    @property
    def log(self) -> Log:
        """Its records."""
        return self._opened.log

    @property
    def clock(self) -> Clock:
        """Makes ids."""
        return self._opened.clock

    @property
    def catalog(self) -> Catalog:
        """The view of the log."""
        return self._opened.catalog

    @property
    def tail(self) -> Tail:
        """What is in the log and not in the catalog yet, as far as this process has looked."""
        return self._opened.tail

    def writer(self) -> BundleWriter:
        """Return a new writer of the chunks of one bundle; garbage collection may wait until it is closed."""
        from stook.store.packs.writing import BundleWriter, WritingIndex

        return BundleWriter(self.storage, WritingIndex(self.storage, self.catalog, self.gate.lease()))

    def open_log(self) -> Log:
        """Return a log of one's own, to be read for another purpose than to know the news."""
        return self._open_log()

    def reader(self) -> ChunkReader:
        """Return the reader of chunks."""
        from stook.chunks import ChunkReader
        from stook.store.packs.chunk_index import ReadingIndex

        opened = self._opened
        if opened.reader is None:
            index = ReadingIndex(self.storage, opened.catalog, self._bring, self._measure)
            opened.reader = ChunkReader(self._read_storage(), index)
        return opened.reader

    def _bring(self, ids: Collection[bytes]) -> bool:
        return self.backing is not None and self.backing.bring(ids)

    def _measure(self, ids: Collection[bytes]) -> dict[bytes, int]:
        return self.backing.measure(ids) if self.backing is not None else {}

    def _read_storage(self) -> Storage:
        """Return the storage, with what was read of it kept on this machine where it is on another."""
        if self.storage.url.startswith(_HERE):
            return self.storage
        from stook.storage.range_cache import CachedRanges  # where there is another machine only

        return CachedRanges(self.storage, self.cache / "ranges")

    def expect(self, packs: Sequence[str]) -> None:
        """Take a hint of the packs that are read next, where it takes a request to learn what is in one."""
        if packs and not isinstance(self.storage, FolderStorage):
            self.reader().index.expect(packs)

    def close(self) -> None:
        """Close the catalog."""
        opened = self._processes.pop(os.getpid(), None)
        if opened is not None:
            opened.catalog.close()

    @property
    def _opened(self) -> _Opened:
        """What this process has open. That of a process it was forked from stays untouched: its locks may be held."""
        pid = os.getpid()
        try:
            return self._processes[pid]
        except KeyError:
            return self._processes.setdefault(pid, self._open(self._clock.copy()))

    def _open(self, clock: Clock) -> _Opened:
        log = self._open_log()
        return _Opened(clock, log, Catalog(self.cache / "catalog.db"), Tail(log, clock))


class _Opened(msgspec.Struct):
    clock: Clock
    log: Log
    catalog: Catalog
    tail: Tail
    reader: ChunkReader | None = None


def open_repository(url: str, *, cache: Path, owner: str, clock: Clock | None = None) -> Repository:
    """Open a repository; an empty or missing folder becomes a new one.

    Args:
        url: A folder's path or a storage's URL.
        cache: The folder in which each repository has a cache of its own.
        owner: Who makes bundles.
        clock: Makes ids; by the system's time where not given.

    Raises:
        InputError: The folder holds something else.
        FormatError: The repository is of another format.
        StorageError: It cannot be reached.
    """
    return open_on(open_storage(url), cache=cache, owner=owner, clock=clock)


def open_on(
    storage: Storage, *, cache: Path, owner: str, clock: Clock | None = None, create: bool = True
) -> Repository:
    """Open the repository of a storage. The other arguments, and what is raised, are those of `open_repository`.

    Args:
        storage: Where it is.
        cache: See there.
        owner: See there.
        clock: See there.
        create: Make one where there is none; else that is a `NotFoundError`.
    """
    identity = find_identity(storage) if create else get_identity(storage)
    if identity is None:
        identity = make_identity(storage)
    return open_known(storage, identity, cache=cache, owner=owner, clock=clock)


def open_known(
    storage: Storage, identity: str, *, cache: Path, owner: str, clock: Clock | None = None
) -> Repository:
    """Open the repository of an id without asking the storage for it. The other arguments are those of `open_on`."""
    own_cache = cache_folder(cache, identity, storage.url)
    return Repository(
        storage,
        _log_opener(storage, identity, own_cache),
        clock=clock or Clock(),
        owner=owner,
        identity=identity,
        cache=own_cache,
    )


def _log_opener(storage: Storage, identity: str, cache: Path) -> Callable[[], Log]:
    if not storage.has_conditional_writes:  # two under one id would overwrite each other
        return lambda: ObjectLog(storage, os.urandom(16).hex())
    with translate_os_errors(cache):
        writer = _machine_writer(cache)
    if not isinstance(storage, FolderStorage):
        return lambda: ObjectLog(storage, writer)
    return lambda: FolderLog(storage.root, writer, identity=identity)


def cache_folder(cache: Path, identity: str, url: str) -> Path:
    """Return the cache of the repository of an id at a URL: a copy elsewhere has another."""
    return cache / f"{identity}-{_short_digest(url)}"


def _short_digest(text: str) -> str:
    return canonical.digest("stook place", text.encode())[:12]


def _machine_writer(cache: Path) -> str:
    """Return the id under which this machine writes, one for all its processes."""
    path = cache / f"writer-{_short_digest(os.uname().nodename)}"
    if (known := read_if_present(path)) is not None:
        return known.decode()
    with suppress(FileExistsError):
        write_atomic(path, os.urandom(16).hex().encode(), exclusive=True)
    return path.read_text()
