"""The one seam where the operating system's errors become Stook's."""

from __future__ import annotations

import errno
import os
from types import TracebackType

from stook.errors import StorageError

__all__ = ["translate_os_errors"]

_PERMISSION = (
    "permission",
    "may not be used by this user",
    "change its owner or mode, or choose another folder",
)
_FULL = (
    "disk-full",
    "is on a disk that is full",
    "free some space there, or choose a folder on another disk",
)
_CAUSES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: (
        "file-too-large",
        "would exceed the limit on a file's size",
        "raise it: ulimit -f unlimited",
    ),
    errno.EROFS: (
        "read-only",
        "is on a disk that is mounted read-only",
        "choose a folder that can be written",
    ),
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.ELOOP: ("link", "is a symbolic link, which is not followed", "put the file itself in its place"),
    errno.ENOTDIR: ("key-clash", "lies below something that is a file", "move that file out of the way"),
    errno.EISDIR: ("key-clash", "is a folder", "move that folder out of the way"),
    errno.EMFILE: (
        "too-many-files",
        "could not be opened: too many files are open",
        "raise it: ulimit -n 4096",
    ),
    errno.ENFILE: ("too-many-files", "could not be opened: too many files are open", "close other programs"),
    errno.ENOLCK: ("no-locks", "is on a disk that cannot lock files", "choose a folder on a local disk"),
    errno.EOPNOTSUPP: ("no-locks", "is on a disk that cannot lock files", "choose a folder on a local disk"),
    errno.EIO: (
        "disk-failed",
        "could not be read or written: the disk failed",
        "look at the system's log: dmesg",
    ),
    errno.ESTALE: ("disk-failed", "is on a network disk that went away", "mount it again"),
}


class translate_os_errors:  # noqa: N801 - read as what it does; a generator would cost most of a short block
    """Turn any `OSError` of the block into a `StorageError` about `place`, which it has as a fact."""

    __slots__ = ("_place",)

    def __init__(self, place: str | os.PathLike[str]) -> None:
        self._place = place

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it. Raises StorageError."""
        if isinstance(error, OSError):
            raise _storage_error(os.fspath(self._place), error) from error


def _storage_error(place: str, error: OSError) -> StorageError:
    kind, what, hint = _CAUSES.get(
        error.errno or 0, ("disk-failed", f"failed: {error.strerror or error}", "")
    )
    return StorageError(f"{place} {what}", kind=kind, hint=hint, errno=error.errno, place=place)
