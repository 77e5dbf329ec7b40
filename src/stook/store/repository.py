"""The rooms that make up one repository, opened together."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from stook._io import read_if_present, write_atomic
from stook.catalog import Catalog
from stook.errors import ConflictError, InputError, NotFoundError
from stook.format import repository as stook_json
from stook.log import FolderLog, Log, ObjectLog
from stook.model.clock import Clock
from stook.storage import open_storage
from stook.storage.protocol import Storage

if TYPE_CHECKING:
    from stook.chunks import ChunkReader, ChunkWriter

__all__ = ["Repository", "open_repository"]

_KEY = "stook.json"


@dataclass(eq=False)
class Repository:
    """One repository, open. Safe to share between threads; opens its catalog again in a forked process.

    Attributes:
        url: Where it is: a folder's path, or a URL.
        id: The repository's own id.
        storage: Its bytes.
        log: Its records.
        clock: Makes ids.
        owner: Who makes bundles here.
        cache: Folder for the catalog and for files that can be made again.
    """

    url: str
    id: str
    storage: Storage
    log: Log
    clock: Clock
    owner: str
    cache: Path
    lock: threading.RLock = field(default_factory=threading.RLock)
    _catalog: Catalog | None = None
    _pid: int = 0

    @property
    def catalog(self) -> Catalog:
        """The view of the log."""
        with self.lock:
            if self._catalog is None or self._pid != os.getpid():
                self._catalog = Catalog(self.cache / "catalog.db")
                self._pid = os.getpid()
            return self._catalog

    def writer(self, area: str = "data") -> ChunkWriter:
        """Return a new writer of chunks."""
        from stook.chunks import ChunkWriter

        return ChunkWriter(self.storage, self.catalog, area=area)

    def reader(self) -> ChunkReader:
        """Return a reader of chunks."""
        from stook.chunks import ChunkReader

        return ChunkReader(self.storage, self.catalog)

    def close(self) -> None:
        """Close the catalog."""
        with self.lock:
            if self._catalog is not None and self._pid == os.getpid():
                self._catalog.close()
            self._catalog = None


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
    folder = _local_folder(url)
    if folder is not None:
        _refuse_foreign(folder)
    storage = open_storage(str(folder) if folder is not None else url)
    identity = _identity(storage)
    place = sha256(storage.url.encode()).hexdigest()[:12]
    own_cache = cache / f"{identity}-{place}"
    log: Log
    if folder is not None:
        log = FolderLog(folder, _machine_writer(own_cache))
    else:
        log = ObjectLog(storage, secrets.token_hex(16))
    return Repository(
        url=str(folder) if folder is not None else url,
        id=identity,
        storage=storage,
        log=log,
        clock=clock or Clock(),
        owner=owner,
        cache=own_cache,
    )


def _local_folder(url: str) -> Path | None:
    if url.startswith("file://"):
        url = url.removeprefix("file://")
    return None if ":" in url.partition("/")[0] else Path(url).expanduser().resolve()


def _refuse_foreign(folder: Path) -> None:
    try:
        found = os.listdir(folder)
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise InputError(
            f"{folder} is a file, not a store", kind="not-a-store", hint="name a folder"
        ) from error
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
        fresh = stook_json.new(secrets.token_hex(16))
    try:
        storage.put_new(_KEY, stook_json.dump(fresh))
    except ConflictError:
        return stook_json.load(storage.get(_KEY).data).id
    return fresh.id


def _machine_writer(cache: Path) -> str:
    """Return the id under which this machine writes, one for all its processes."""
    path = cache / f"writer-{sha256(socket.gethostname().encode()).hexdigest()[:12]}"
    if (known := read_if_present(path)) is not None:
        return known.decode()
    with suppress(FileExistsError):
        write_atomic(path, secrets.token_hex(16).encode(), exclusive=True)
    return path.read_text()
