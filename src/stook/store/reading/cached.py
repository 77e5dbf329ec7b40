"""Read-only files and folders in the cache, with the content of bundles."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from stook._io import temp_name
from stook.format import trees
from stook.model.tree import File, Folder, FolderFile
from stook.storage.disk_errors import translate_os_errors
from stook.store.reading.placing import check_path, folders_above, iter_written
from stook.store.reading.rooted import Rooted, opened, remove_tree
from stook.store.repository import Repository

__all__ = ["cached_file", "cached_files", "cached_folder"]

# Files in the cache bear this time, so that one that was written to since is noticed and made anew.
_CACHED_AT = 315_532_800


def cached_file(repository: Repository, file: File) -> Path:
    """Return a read-only file in the cache.

    Raises:
        IntegrityError: Its bytes are not what they were.
        StorageError: The cache cannot be written to.
    """
    path = _file_path(repository, file)
    if not _is_intact(path, file.blob.size):
        _write_files(repository, [file])
    return path


def cached_files(repository: Repository, files: Sequence[File]) -> None:
    """See that files are in the cache. Raises as `cached_file` does."""
    missing = {_file_path(repository, file): file for file in files}
    wanted = [file for path, file in missing.items() if not _is_intact(path, file.blob.size)]
    if wanted:
        _write_files(repository, wanted)


def cached_folder(repository: Repository, node: Folder) -> Path:
    """Return a read-only folder in the cache. Raises as `cached_file` does."""
    path = (
        repository.cache / "folders" / trees.digest_tree(node) / (check_path(node.name) if node.name else "_")
    )
    if _is_intact_folder(path, node):
        return path
    with translate_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_name(path)
        try:
            temp.mkdir()
            with opened(temp) as root:
                _write_folder(repository, node, root)
            _put_in_place(temp, path, node)
        finally:
            with opened(path.parent) as parent:
                remove_tree(temp.name, parent.descriptor)
    return path


def _file_path(repository: Repository, file: File) -> Path:
    digest = file.blob.digest
    variant = f"{digest}-x" if file.executable else digest
    return repository.cache / "files" / digest[:2] / variant / check_path(file.name)


def _write_files(repository: Repository, files: Sequence[File]) -> None:
    """Write files under temporary names in the cache, and give each its own when it is whole."""
    folder = repository.cache / "files"
    with translate_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        temps = [FolderFile(temp_name(folder / "x").name, file.blob, file.executable) for file in files]
        paths = {temp.path: _file_path(repository, file) for temp, file in zip(temps, files, strict=True)}
        try:
            with opened(os.path.realpath(folder)) as root:
                for temp, descriptor in iter_written(root, temps, repository.reader()):
                    _settle(descriptor, executable=temp.executable)
                    path = paths[temp.path]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(folder / temp.path, path)
        finally:
            for name in paths:
                (folder / name).unlink(missing_ok=True)


def _write_folder(repository: Repository, node: Folder, root: Rooted) -> None:
    for path in [*(file.path for file in node.files), *node.empty]:
        check_path(path)
    for folder in folders_above([*(file.path for file in node.files), *(f"{path}/" for path in node.empty)]):
        root.make_folder(folder)
    for file, descriptor in iter_written(root, node.files, repository.reader()):
        _settle(descriptor, executable=file.executable)


def _put_in_place(temp: Path, path: Path, node: Folder) -> None:
    """Give a folder its name, unless another thread or process was first."""
    try:
        temp.rename(path)
    except OSError as error:
        if _is_intact_folder(path, node):
            return
        if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
            raise
        path.rename(temp_name(path))  # a damaged one, which someone may be reading
        temp.rename(path)


def _is_intact_folder(path: Path, node: Folder) -> bool:
    try:
        with opened(path) as root:
            return all(_has_content(root.stat(file.path), file.blob.size) for file in node.files)
    except OSError:
        return False


def _settle(descriptor: int, *, executable: bool) -> None:
    os.fchmod(descriptor, 0o555 if executable else 0o444)
    os.utime(descriptor, (_CACHED_AT, _CACHED_AT))


def _is_intact(path: Path, size: int) -> bool:
    try:
        return _has_content(path.stat(), size)
    except OSError:
        return False


def _has_content(found: os.stat_result, size: int) -> bool:
    return found.st_size == size and int(found.st_mtime) == _CACHED_AT
