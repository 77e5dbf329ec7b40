"""The rooms that make up one repository, opened together."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stook._io import read_if_present, write_atomic
from stook.catalog import Catalog
from stook.errors import ConflictError, InputError, NotFoundError
from stook.format import canonical
from stook.format import repository as stook_json
from stook.log import FolderLog, Log, ObjectLog
from stook.model.clock import Clock
from stook.storage import open_storage
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store.packs.lease import open_gate

if TYPE_CHECKING:
    from stook.chunks import ChunkReader
    from stook.store.packs.writing import BundleWriter

__all__ = ["Repository", "open_on", "open_repository"]

_KEY = "stook.json"


class Repository:
    """One repository, open. Safe to share between threads; a forked process opens its own log and catalog.

    Args:
        storage: Its bytes.
        open_log: Opens its records.
        clock: Makes ids.
        owner: Who makes bundles here.
        identity: The repository's own id.
        cache: Folder for the catalog and for files that can be made again.
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
        self._open_log = open_log
        self._clock = clock
        self._processes = {os.getpid(): self._open(clock)}

    @property
    def url(self) -> str:
        """Where it is: a folder's path, or a URL."""
        return str(self.storage.root) if isinstance(self.storage, FolderStorage) else self.storage.url

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
            opened.reader = ChunkReader(self.storage, ReadingIndex(self.storage, opened.catalog))
        return opened.reader

    def close(self) -> None:
        """Close the catalog."""
        opened = self._processes.pop(os.getpid(), None)
        if opened is not None:
            opened.catalog.close()

    @property
    def _opened(self) -> _Opened:
        """What this process has open. That of a process it was forked from stays untouched: its locks may be held."""
        pid = os.getpid()
        opened = self._processes.get(pid)
        if opened is None:
            opened = self._processes.setdefault(pid, self._open(self._clock.copy()))
        return opened

    def _open(self, clock: Clock) -> _Opened:
        return _Opened(clock, self._open_log(), Catalog(self.cache / "catalog.db"))


@dataclass
class _Opened:
    clock: Clock
    log: Log
    catalog: Catalog
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


def open_on(storage: Storage, *, cache: Path, owner: str, clock: Clock | None = None) -> Repository:
    """Open the repository of a storage. The other arguments, and what is raised, are those of `open_repository`."""
    if isinstance(storage, FolderStorage):
        _refuse_foreign(storage.root)
    identity = _identity(storage)
    own_cache = cache / f"{identity}-{_short_digest(storage.url)}"  # a copy elsewhere has another
    return Repository(
        storage,
        _log_opener(storage, identity, own_cache),
        clock=clock or Clock(),
        owner=owner,
        identity=identity,
        cache=own_cache,
    )


def _log_opener(storage: Storage, identity: str, cache: Path) -> Callable[[], Log]:
    if not isinstance(storage, FolderStorage):
        return lambda: ObjectLog(storage, os.urandom(16).hex())
    with translate_os_errors(cache):
        writer = _machine_writer(cache)
    return lambda: FolderLog(storage.root, writer, identity=identity)


def _refuse_foreign(folder: Path) -> None:
    if folder.is_file():
        raise InputError(f"{folder} is a file, not a store", kind="not-a-store", hint="name a folder")
    with translate_os_errors(folder):
        found = os.listdir(folder) if folder.is_dir() else []
    if _KEY not in found and any(not name.startswith(".") for name in found):
        raise InputError(
            f"{folder} is not a store, and not empty",
            kind="not-a-store",
            hint="name an empty folder, a new one, or a store's",
        )


def _identity(storage: Storage) -> str:
    try:
        return stook_json.load(storage.get(_KEY).data).id
    except NotFoundError:
        fresh = stook_json.new(os.urandom(16).hex())
    try:
        storage.put_new(_KEY, stook_json.dump(fresh))
    except ConflictError:
        return stook_json.load(storage.get(_KEY).data).id
    return fresh.id


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
