"""Files and folders below one open folder: by paths of any length, and never through a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["Found", "Rooted", "is_folder", "opened", "remove_tree"]

# The system refuses a path of 4096 bytes; a letter is at most 4.
_SHORT = 1000
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Found = tuple[str, os.stat_result]
"""A path and what `lstat` says of it."""


@contextmanager
def opened(folder: Path | str, at: int | None = None) -> Iterator[Rooted]:
    """Open a folder, which must not be a link, for the time of the block."""
    descriptor = os.open(folder, _FOLDER, dir_fd=at)
    try:
        yield Rooted(descriptor)
    finally:
        os.close(descriptor)


class Rooted:
    """What is below an open folder. Paths are relative, with `/` between their parts.

    Args:
        descriptor: The folder's; it stays the caller's to close.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def create(self, path: str, mode: int = 0o666) -> int:
        """Make a file that must not exist, and return its descriptor."""
        if len(path) <= _SHORT:
            return os.open(path, _NEW, mode, dir_fd=self.descriptor)
        with self.near(path) as (folder, name):
            return os.open(name, _NEW, mode, dir_fd=folder)

    def open(self, path: str) -> int:
        """Open a file for reading, and return its descriptor."""
        with self.near(path) as (folder, name):
            return os.open(name, _READ, dir_fd=folder)

    def stat(self, path: str) -> os.stat_result:
        """Return what there is to know of a path; not of what a link points at."""
        if len(path) <= _SHORT:
            return os.stat(path, dir_fd=self.descriptor, follow_symlinks=False)
        with self.near(path) as (folder, name):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def set_time(self, path: str, nanos: int) -> None:
        """Set when a file was modified, in nanoseconds since the epoch."""
        with self.near(path) as (folder, name):
            os.utime(name, ns=(nanos, nanos), dir_fd=folder, follow_symlinks=False)

    def make_folder(self, path: str) -> None:
        """Make one folder that must not exist."""
        with self.near(path) as (folder, name):
            os.mkdir(name, dir_fd=folder)

    def listing(self, path: str) -> list[Found]:
        """Return what is in a folder, by its path from here; nothing in it is followed."""
        prefix = f"{path}/" if path else ""
        with self.near(path or ".") as (folder, name):
            descriptor = os.open(name, _FOLDER, dir_fd=folder)
            try:
                with os.scandir(descriptor) as items:
                    return [(prefix + item.name, item.stat(follow_symlinks=False)) for item in items]
            finally:
                os.close(descriptor)

    @contextmanager
    def near(self, path: str) -> Iterator[tuple[int, str]]:
        """Open a folder from which the rest of a path is short; give its descriptor, and the rest."""
        descriptor = self.descriptor
        try:
            while len(path) > _SHORT:
                cut = path.rindex("/", 0, _SHORT)
                below = os.open(path[:cut], _FOLDER, dir_fd=descriptor)
                if descriptor != self.descriptor:
                    os.close(descriptor)
                descriptor, path = below, path[cut + 1 :]
            yield descriptor, path
        finally:
            if descriptor != self.descriptor:
                os.close(descriptor)


def is_folder(about: os.stat_result) -> bool:
    """Tell whether this is of a folder, and not of a link to one."""
    return stat.S_ISDIR(about.st_mode)


def remove_tree(name: str, at: int) -> None:
    """Remove a folder and all below it, however deep, without following links; no error where it has gone.

    Every folder is first moved up to the top, so that none is reached by a path that someone could bend meanwhile.
    """
    with suppress(FileNotFoundError):
        with opened(name, at) as root:
            pending = _clear(root.descriptor, root.descriptor, 0)
            count = len(pending)
            while pending:
                folder = pending.pop()
                with opened(folder, root.descriptor) as inner:
                    inside = _clear(inner.descriptor, root.descriptor, count)
                count += len(inside)
                pending.extend(inside)
                os.rmdir(folder, dir_fd=root.descriptor)
        os.rmdir(name, dir_fd=at)


def _clear(folder: int, root: int, count: int) -> list[str]:
    """Remove the files of a folder, and move its folders to the root; return their names there."""
    os.fchmod(folder, 0o700)
    moved: list[str] = []
    with os.scandir(folder) as items:
        found = [(item.name, item.is_dir(follow_symlinks=False)) for item in items]
    for name, is_dir in found:
        if not is_dir:
            os.unlink(name, dir_fd=folder)
            continue
        moved.append(f".stook-removed-{count + len(moved)}-{os.urandom(4).hex()}")
        os.rename(name, moved[-1], src_dir_fd=folder, dst_dir_fd=root)
    return moved
