"""From keys to files below a root, without ever following a link out of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from stook.errors import StorageError
from stook.storage.checks import check_key, find_problem
from stook.storage.disk_errors import translate_os_errors
from stook.storage.protocol import Entry

__all__ = ["locate", "open_regular", "walk"]


def locate(root: Path, key: str) -> Path:
    """Return where the file of a key is.

    Raises:
        InputError: It is no key.
        StorageError: A symbolic link is on the way.
    """
    *folders, name = check_key(key).split("/")
    return Path(_refuse_links(root, folders), name)


def open_regular(path: Path) -> int:
    """Open a plain file for reading and return its descriptor.

    Raises:
        FileNotFoundError: There is none: nothing, a folder, a pipe, a socket or a device.
        OSError: It is a link, or the disk refused.
    """
    try:
        # Not blocking, since opening a pipe that someone put there would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except NotADirectoryError:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return descriptor


def walk(root: Path, prefix: str, after: str) -> Iterator[Entry]:
    """Yield the objects whose keys start with `prefix`, sorted by key; one folder at a time is held in memory.

    Args:
        root: The folder that holds them.
        prefix: Empty, or whole parts of a key with a slash at the end.
        after: A key; it and those before it are left out.

    Raises:
        StorageError: There is a symbolic link, or the disk refused.
    """
    for key, item in _scan(root, prefix):
        if key.endswith("/"):
            if key > after or after.startswith(key):
                yield from walk(root, key, after)
        elif key > after:
            try:
                found = item.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # deleted meanwhile
            yield Entry(key, found.st_size, found.st_mtime)


def _scan(root: Path, prefix: str) -> list[tuple[str, os.DirEntry[str]]]:
    folder = _refuse_links(root, prefix.split("/")[:-1])
    with translate_os_errors(folder):
        try:
            with os.scandir(folder) as items:
                keys = [(prefix + item.name, item) for item in items]
        except (FileNotFoundError, NotADirectoryError):
            return []
        # A folder sorts by its name with a slash, which is where its keys belong: "a-b" before "a/b" before "a0".
        found = [(f"{key}/" if item.is_dir() else key, item) for key, item in keys if _is_ours(key, item)]
    return sorted(found, key=lambda pair: pair[0])


def _is_ours(key: str, item: os.DirEntry[str]) -> bool:
    if find_problem(key):
        return False
    if item.is_symlink():
        raise _link_error(item.path)
    return item.is_dir() or item.is_file()


def _refuse_links(root: Path, folders: list[str]) -> str:
    path = str(root)
    for part in folders:
        path = f"{path}/{part}"
        if os.path.islink(path):
            raise _link_error(path)
    return path


def _link_error(path: str) -> StorageError:
    return StorageError(
        f"{path} is a symbolic link, which is not followed",
        kind="link",
        hint="put what it leads to there; if it does not belong to the store, delete it",
    )
