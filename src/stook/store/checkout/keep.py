"""The files that a user made in a checkout go on into the next one: nothing of his is lost."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable

from stook.store.checkout.local import Local
from stook.store.reading.rooted import Rooted

__all__ = ["Keeper"]

_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK, errno.ENOSYS})
_BLOCK = 1 << 20


class Keeper:
    """Takes a user's files from a folder into a new tree, under `NAME.yours` where the tree has something else there.

    They are linked, not moved: until the new tree is in its place, the folder has them all.

    Args:
        tree: The new tree.
        files: The paths of its files.
        folders: The paths of its folders.
    """

    def __init__(self, tree: Rooted, files: Iterable[str], folders: Iterable[str]) -> None:
        self.tree = tree
        self._files = set(files)
        self._folders = set(folders)
        self._reserved: set[str] = set()
        self._moved: dict[str, str] = {}
        self._kept: dict[str, int] = {}

    def keep(self, source: Rooted, local: Local) -> list[str]:
        """Take over all files that are the user's and were not yet taken; return their paths in the tree."""
        kept = []
        self._reserved.update(local.of_user(), local.folders)
        for path in local.of_user():
            if self._kept.get(path) == local.inodes[path]:
                continue
            target = self._place(path)
            self._make_folders(target.rpartition("/")[0])
            _link(source, path, self.tree, target)
            self._files.add(target)
            self._kept[path] = local.inodes[path]
            kept.append(target)
        for folder in local.folders:
            if not self._is_in_way(folder):
                self._make_folders(folder)
        return kept

    def _place(self, path: str) -> str:
        done = ""
        *folders, name = path.split("/")
        for part in folders:
            done = self._folder(f"{done}/{part}" if done else part)
        wanted = f"{done}/{name}" if done else name
        return self._free(wanted) if wanted in self._files or wanted in self._folders else wanted

    def _folder(self, path: str) -> str:
        """Return the path of a user's folder, which another name is found for once where it is a file's."""
        if path not in self._files:
            return path
        if path not in self._moved:
            self._moved[path] = self._free(path)
        return self._moved[path]

    def _free(self, path: str) -> str:
        number = 1
        while True:
            aside = f"{path}.yours{number if number > 1 else ''}"
            if not any(aside in taken for taken in (self._files, self._folders, self._reserved)):
                return aside
            number += 1

    def _is_in_way(self, folder: str) -> bool:
        while folder:
            if folder in self._files:
                return True
            folder = folder.rpartition("/")[0]
        return False

    def _make_folders(self, folder: str) -> None:
        missing = []
        while folder and folder not in self._folders:
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        for path in reversed(missing):
            self.tree.make_folder(path)
            self._folders.add(path)


def _link(source: Rooted, path: str, tree: Rooted, target: str) -> None:
    with source.near(path) as (old, old_name), tree.near(target) as (new, new_name):
        try:
            os.link(old_name, new_name, src_dir_fd=old, dst_dir_fd=new, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _copy(source, path, tree, target)


def _copy(source: Rooted, path: str, tree: Rooted, target: str) -> None:
    about = source.stat(path)
    if stat.S_ISLNK(about.st_mode):
        with source.near(path) as (old, old_name), tree.near(target) as (new, new_name):
            os.symlink(os.readlink(old_name, dir_fd=old), new_name, dir_fd=new)
        return
    reading = source.open(path)
    try:
        writing = tree.create(target, stat.S_IMODE(about.st_mode))
        try:
            while block := os.read(reading, _BLOCK):
                os.write(writing, block)
            os.utime(writing, ns=(about.st_atime_ns, about.st_mtime_ns))
        finally:
            os.close(writing)
    finally:
        os.close(reading)
