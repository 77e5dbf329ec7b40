"""Who writes and who collects: the locks of a folder, where the file system's locks can be trusted.

A writer holds a lease from its first look at packs until its record is written. Where garbage collection gets the gate
closed, nobody holds one, and what nothing refers to can go at once. Everywhere else there are only the lists and the
grace of the format's garbage collection, which need no lock.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from stook._io import fsync_folder
from stook.errors import ConflictError
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.storage.locks import unlock
from stook.storage.protocol import Storage
from stook.store.packs.mounts import find_file_system

__all__ = ["FolderGate", "Gate", "Lease", "open_gate"]

_WRITERS = ".writers"
_COLLECTOR = ".collector"
_SHARED = ".shared"
_EXCLUSIVE = fcntl.LOCK_EX | fcntl.LOCK_NB
_POLL_SECONDS = 0.02
# Their flock is seen by every process that can reach the files, unless those come over a network: see `_mark_shared`.
_LOCAL = frozenset(
    [
        "ext2",
        "ext3",
        "ext4",
        "xfs",
        "btrfs",
        "zfs",
        "tmpfs",
        "ramfs",
        "overlay",
        "f2fs",
        "jfs",
        "reiserfs",
        "bcachefs",
        "nilfs2",
    ]
)


class Lease:
    """One writer's word that it is at work. This one says nothing: for where no lock reaches everyone."""

    def hold(self) -> bool:
        """Keep the gate open; return whether packs may have been deleted since this was called last."""
        return False

    def release(self) -> None:
        """Let go."""


class Gate:
    """Stands between writers and garbage collection. This one never closes: for buckets, where several may collect."""

    def lease(self) -> Lease:
        """Return a lease that is not held yet."""
        return Lease()

    def collecting(self) -> AbstractContextManager[None]:
        """Return a context within which nobody else collects here."""
        return nullcontext()

    def closed(self, wait: float) -> AbstractContextManager[bool]:
        """Return a context whose value says whether nobody writes in it, having waited at most so many seconds."""
        return nullcontext(False)

    def is_trusted(self) -> bool:
        """Tell whether all who write here hold leases that can be seen."""
        return False


class FolderLease(Lease):
    """A shared lock on a file of the folder. Let go of when it is garbage, too. Safe to share between threads.

    Args:
        gate: The folder's gate.
    """

    def __init__(self, gate: FolderGate) -> None:
        self._gate = gate
        self._lock = threading.Lock()
        self._held: tuple[int, int] | None = None  # the process, and its descriptor

    def __del__(self) -> None:
        self._let_go()

    def hold(self) -> bool:
        """See `Lease.hold`."""
        with self._lock:
            pid = os.getpid()
            if self._held is not None and self._held[0] == pid:
                return not self._gate.has_local_locks
            descriptor = self._gate.lock_writers()
            self._let_go()
            self._held = pid, descriptor
            return True

    def release(self) -> None:
        """See `Lease.release`."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        """Unlock in the process that locked; in one that it was forked from the lock is still needed."""
        held, self._held = self._held, None
        if held is None:
            return
        pid, descriptor = held
        if os.getpid() == pid:
            unlock(descriptor)
        else:
            os.close(descriptor)


class FolderGate(Gate):
    """The gate of a repository in a folder.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._is_local: bool | None = None

    def lease(self) -> FolderLease:
        """See `Gate.lease`."""
        return FolderLease(self)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """See `Gate.collecting`.

        Raises:
            ConflictError: Someone else does.
        """
        if not self.has_local_locks:
            self._mark_shared()
        descriptor = self._open(_COLLECTOR)
        if not self._try_lock(descriptor, _EXCLUSIVE):
            raise ConflictError(
                f"another process collects garbage in {self._root}", kind="gc-running", hint="wait for it"
            )
        try:
            yield
        finally:
            unlock(descriptor)

    @contextmanager
    def closed(self, wait: float) -> Iterator[bool]:
        """See `Gate.closed`."""
        if not self.is_trusted():
            yield False
            return
        end = time.monotonic() + wait
        while not self._try_lock(descriptor := self._open(_WRITERS), _EXCLUSIVE):
            if time.monotonic() >= end:
                yield False
                return
            time.sleep(_POLL_SECONDS)
        try:
            yield self._is_current(descriptor)
        finally:
            unlock(descriptor)

    def is_trusted(self) -> bool:
        """See `Gate.is_trusted`. Once someone wrote here from another file system, the answer is no for ever."""
        return self.has_local_locks and not os.path.lexists(self._root / _SHARED)

    def lock_writers(self) -> int:
        """Lock the file that all writers share, having said so where their locks may be seen by nobody.

        Returns:
            Its descriptor.
        """
        if not self.has_local_locks:
            self._mark_shared()
        descriptor = self._open(_WRITERS)
        self._try_lock(descriptor, fcntl.LOCK_SH)
        return descriptor

    @property
    def has_local_locks(self) -> bool:
        """Whether a lock that is taken here is seen by all who can reach the files on this machine."""
        if self._is_local is None:
            self._is_local = find_file_system(self._root) in _LOCAL
        return self._is_local

    def _mark_shared(self) -> None:
        """Leave a note for collectors on the machine whose disk this is: they do not see the locks of guests."""
        if os.path.lexists(self._root / _SHARED):
            return
        os.close(self._open(_SHARED))
        with translate_os_errors(self._root):
            fsync_folder(self._root)

    def _open(self, name: str) -> int:
        path = f"{self._root}/{name}"
        with translate_os_errors(path):
            try:  # to lock a file one need not be allowed to write it
                return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            except FileNotFoundError:
                return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)

    def _try_lock(self, descriptor: int, how: int) -> bool:
        """Lock an open file, and return whether that is so; it is closed where it is not."""
        with translate_os_errors(self._root):
            try:
                fcntl.flock(descriptor, how)
            except BaseException as error:
                os.close(descriptor)
                if how & fcntl.LOCK_NB and isinstance(error, BlockingIOError):
                    return False
                raise
        return True

    def _is_current(self, descriptor: int) -> bool:
        """Tell whether the file that was locked is the one that writers lock now."""
        try:
            found = os.stat(self._root / _WRITERS, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(descriptor))


def open_gate(storage: Storage) -> Gate:
    """Return the gate of a storage."""
    return FolderGate(storage.root) if isinstance(storage, FolderStorage) else Gate()
