"""The files below a folder, each with what tells whether it was changed, at the cost of one `stat` each."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from operator import attrgetter

import msgspec
from blake3 import blake3

from stook.errors import InputError
from stook.store.intake.ignore import Ignored, is_always_ignored, read_ignored

__all__ = [
    "Scan",
    "State",
    "check_regular",
    "is_executable",
    "look_at_folder",
    "scan_file",
    "scan_folder",
    "state_of",
    "unpack_state",
    "unreadable",
]

State = bytes
"""Size, times of the last change of content and of anything (ns since the epoch), inode, device, mode: packed, because
there may be a million."""

_STATE = struct.Struct("<QqqQQI")
_fields = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino", "st_dev", "st_mode")
_REGULAR = stat.S_IFREG


class Scan(msgspec.Struct):
    """What is in a folder.

    Attributes:
        files: Relative paths and their states, sorted by path.
        empty: Relative paths of folders in which nothing is, sorted.
        look: Differs where any of that does.
    """

    files: list[tuple[str, State]] = []
    empty: list[str] = []
    look: bytes = b""


class _Listing(msgspec.Struct, frozen=True):
    """The files of one folder by name, sorted, with their states; `prefix` is its relative path and a `/`."""

    prefix: str
    files: list[tuple[str, State]]
    has_folders: bool


def scan_folder(root: str) -> Scan:
    """Find all files below a folder, leaving out what is ignored. Links to files count as what they point to.

    Raises:
        InputError: Something cannot be read, or is neither a file nor a folder.
    """
    found, hasher = Scan(), blake3()
    for listing in _iter_listings(root):
        _take_look(hasher, listing)
        prefix = listing.prefix
        found.files += [(prefix + name, state) for name, state in listing.files]
        if prefix and not listing.files and not listing.has_folders:
            found.empty.append(prefix[:-1])
    found.files.sort()
    found.empty.sort()
    found.look = hasher.digest()
    return found


def look_at_folder(root: str) -> bytes:
    """Return the `look` of a folder's scan, without keeping in memory what is in more than one folder at a time.

    Raises:
        InputError: As `scan_folder` does.
    """
    hasher = blake3()
    for listing in _iter_listings(root):
        _take_look(hasher, listing)
    return hasher.digest()


def scan_file(name: str, status: os.stat_result) -> Scan:
    """Return the scan of one file, whose `look` no folder has."""
    state = state_of(status)
    return Scan([(name, state)], look=blake3(b"\0file\0" + os.fsencode(name) + state).digest())


def state_of(result: os.stat_result) -> State:
    """Return what of a file's status changes when it is written, replaced or made executable."""
    return _STATE.pack(*_fields(result))


def unpack_state(state: State) -> tuple[int, int, int, int, int, int]:
    """Return the numbers in a state."""
    return _STATE.unpack(state)


def is_executable(state: State) -> bool:
    """Tell whether the owner may run the file."""
    return bool(unpack_state(state)[5] & stat.S_IXUSR)


def check_regular(path: str, mode: int) -> None:
    """Refuse what is not a regular file.

    Raises:
        InputError: It is none.
    """
    if not stat.S_ISREG(mode):
        what = "a link to a folder" if stat.S_ISDIR(mode) else "neither a file nor a folder"
        raise InputError(
            f"{path} is {what}; only files and folders can be kept",
            kind="not-a-file",
            hint="leave it out, or name what it points to",
            path=path,
        )


def unreadable(path: str, error: OSError | ValueError) -> InputError:
    """Return the error for what cannot be looked at."""
    return InputError(
        f"cannot read {path}: {getattr(error, 'strerror', None) or error}",
        kind="unreadable",
        hint="check its permissions",
        path=path,
    )


def _iter_listings(root: str) -> Iterator[_Listing]:
    """Yield each folder from `root` on, in an order that only names decide."""
    ignored = read_ignored(root)
    pending = [""]
    while pending:
        prefix = pending.pop()
        files, folders = _list_folder(root, prefix, ignored)
        files.sort()
        folders.sort()
        pending += folders
        yield _Listing(prefix, files, bool(folders))


def _list_folder(
    root: str, prefix: str, ignored: Ignored | None
) -> tuple[list[tuple[str, State]], list[str]]:
    """Return the names and states of the files of one folder, and the prefixes of the folders in it."""
    folders: list[str] = []
    files: list[tuple[str, State]] = []
    path = os.path.join(root, prefix)
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                name = entry.name
                if entry.is_dir(follow_symlinks=False):
                    relative = f"{prefix}{name}/"
                    if ignored is None or not ignored(relative):
                        folders.append(relative)
                elif (ignored is None or not ignored(prefix + name)) and (
                    prefix or not is_always_ignored(name)
                ):
                    path = entry.path
                    status = entry.stat()
                    if stat.S_IFMT(status.st_mode) != _REGULAR:
                        check_regular(path, status.st_mode)
                    files.append((name, state_of(status)))
    except OSError as error:
        raise unreadable(path, error) from error
    return files, folders


def _take_look(hasher: blake3, listing: _Listing) -> None:
    """Hash a listing: no name has a NUL in it, and a state has always as many bytes."""
    names = "\0".join([listing.prefix, *(name for name, _ in listing.files), ""])
    hasher.update(os.fsencode(names + "\0"))
    hasher.update(b"".join([state for _, state in listing.files]))
