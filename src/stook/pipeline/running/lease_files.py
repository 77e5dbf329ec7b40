"""One file of a lease: locked by who holds it, touched every few seconds, gone when it is given back."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress

import msgspec

from stook.storage.locks import unlock

__all__ = ["Holder", "claim", "give_back", "note", "remove_leftovers"]

_LEFTOVER_SECONDS = 3600.0
_MAX_BYTES = 4096
_NO_LINKS = os.O_CLOEXEC | os.O_NOFOLLOW


class Holder(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who holds a lease.

    Attributes:
        run: Id of the run.
        pid: Its process.
        host: Its machine.
        since: When it was taken, in seconds since the epoch.
        is_asking: Whether the task waits for others that it has asked for.
    """

    run: str = ""
    pid: int = 0
    host: str = ""
    since: int = 0
    is_asking: bool = False

    def __str__(self) -> str:
        """Return it for a person."""
        return (
            f"{self.run or 'another run'} (process {self.pid} on {self.host})" if self.pid else "another run"
        )


def claim(path: str, me: Holder, patience: float) -> int | Holder:
    """Return the descriptor of a file that is ours now, or who holds it.

    Args:
        path: The file; its folder must be there.
        me: What is written into it.
        patience: Seconds after which a file that nobody has touched is nobody's.

    Raises:
        OSError: The disk refused.
    """
    while True:
        descriptor, is_new = _open(path)
        if descriptor is None:
            continue  # given back between two looks at it
        is_ours = False
        try:
            lock = _try_lock(descriptor)
            state = os.fstat(descriptor)
            if not state.st_nlink:
                continue  # likewise
            holder = _read(descriptor) if state.st_size else None
            if _is_free(lock, holder, me, is_new=is_new):
                note(descriptor, me, is_empty=not state.st_size)
                is_ours = True
                return descriptor
            if not _is_stale(path, state, patience):
                return holder or Holder()
            _remove_stale(path, state)
        finally:
            if not is_ours:
                _let_go(descriptor)


def note(descriptor: int, me: Holder, *, is_empty: bool = False) -> None:
    """Write who holds a file that is ours; that it is empty saves making it shorter. Raises OSError."""
    text = msgspec.json.encode(msgspec.structs.replace(me, since=int(time.time())))
    os.pwrite(descriptor, text, 0)
    if not is_empty:
        os.ftruncate(descriptor, len(text))


def give_back(path: str, descriptor: int) -> None:
    """Remove a file that is ours, unless somebody has taken it over, and let go of it."""
    with suppress(OSError):
        if os.fstat(descriptor).st_nlink:
            os.unlink(path)
    _let_go(descriptor)


def remove_leftovers(folder: str) -> None:
    """Remove files of holders that died long ago and that nobody has asked for since."""
    for entry in os.scandir(folder):
        with suppress(OSError):  # another run may be at the same
            if entry.stat(follow_symlinks=False).st_mtime > time.time() - _LEFTOVER_SECONDS:
                continue
            descriptor = os.open(entry.path, os.O_RDWR | _NO_LINKS)
            if _try_lock(descriptor) is not False:
                os.unlink(entry.path)
            _let_go(descriptor)


def _open(path: str) -> tuple[int | None, bool]:
    """Open a file, and tell whether it is new; None where it was there and then was not."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINKS, 0o666), True
    except FileExistsError:
        pass
    try:
        return os.open(path, os.O_RDWR | _NO_LINKS), False
    except FileNotFoundError:
        return None, False


def _try_lock(descriptor: int) -> bool | None:
    """Lock a file; False where another has it locked, None where the disk has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_free(lock: bool | None, holder: Holder | None, me: Holder, *, is_new: bool) -> bool:
    """Tell whether a file may be taken. A lock tells nothing of holders on other machines."""
    if lock is None:
        return is_new
    return lock and (holder is None or holder.host == me.host)


def _is_stale(path: str, state: os.stat_result, patience: float) -> bool:
    """Tell whether nobody has touched a file for long, by the clock of the disk that it is on."""
    folder = os.path.dirname(path)
    os.utime(folder)
    return os.stat(folder).st_mtime - state.st_mtime > patience


def _remove_stale(path: str, seen: os.stat_result) -> None:
    """Remove a file that is nobody's, and not the one that another waiter has put there meanwhile."""
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(path, follow_symlinks=False), seen):
                os.unlink(path)
    finally:
        _let_go(folder)


def _read(descriptor: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(descriptor, _MAX_BYTES, 0), type=Holder)
    except msgspec.DecodeError:
        return None


def _let_go(descriptor: int) -> None:
    with suppress(OSError):
        unlock(descriptor)
