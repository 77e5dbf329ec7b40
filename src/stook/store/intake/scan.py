"""The files below a folder, each with what tells whether it was changed, at the cost of one `stat` each."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field

from stook.errors import InputError
from stook.store.intake.ignore import Ignored, is_always_ignored, read_ignored

__all__ = ["Scan", "State", "check_regular", "is_executable", "scan_folder", "state_of", "unreadable"]

State = tuple[int, int, int, int, int, int]
"""Size, times of the last change of content and of anything (ns since the epoch), inode, device, mode."""

_REGULAR = stat.S_IFREG


@dataclass(slots=True)
class Scan:
    """What is in a folder.

    Attributes:
        files: Relative paths and their states, sorted by path.
        empty: Relative paths of folders in which nothing is, sorted.
    """

    files: list[tuple[str, State]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


def scan_folder(root: str) -> Scan:
    """Find all files below a folder, leaving out what is ignored. Links to files count as what they point to.

    Raises:
        InputError: Something cannot be read, or is neither a file nor a folder.
    """
    found, ignored = Scan(), read_ignored(root)
    pending = [""]
    while pending:
        pending += _scan_one(root, pending.pop(), ignored, found)
    found.files.sort()
    found.empty.sort()
    return found


def state_of(result: os.stat_result) -> State:
    """Return what of a file's status changes when it is written, replaced or made executable."""
    return (
        result.st_size,
        result.st_mtime_ns,
        result.st_ctime_ns,
        result.st_ino,
        result.st_dev,
        result.st_mode,
    )


def is_executable(state: State) -> bool:
    """Tell whether the owner may run the file."""
    return bool(state[5] & stat.S_IXUSR)


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


def _scan_one(root: str, prefix: str, ignored: Ignored | None, found: Scan) -> list[str]:
    """Note the files of one folder, whose relative path `prefix` ends with `/`; return the folders in it."""
    folders: list[str] = []
    files = found.files
    before = len(files)
    path = os.path.join(root, prefix)
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                relative = prefix + entry.name
                path = entry.path
                if entry.is_dir(follow_symlinks=False):
                    relative += "/"
                    if ignored is None or not ignored(relative):
                        folders.append(relative)
                elif not ((ignored is not None and ignored(relative)) or is_always_ignored(relative)):
                    state = state_of(entry.stat())
                    if stat.S_IFMT(state[5]) != _REGULAR:
                        check_regular(path, state[5])
                    files.append((relative, state))
    except OSError as error:
        raise unreadable(path, error) from error
    if prefix and not folders and len(files) == before:
        found.empty.append(prefix[:-1])
    return folders
