"""Tree to data, and to files in the cache."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stook import registry
from stook._io import temp_name
from stook.errors import IntegrityError
from stook.format import canonical, trees, values
from stook.model.paths import find_path_problem
from stook.model.tree import Blob, Dict, File, Folder, Node, Object, Sequence, Value
from stook.storage.disk_errors import translate_os_errors
from stook.store.repository import Repository

__all__ = ["BlobSource", "decode", "file_path", "write_blob"]

# Files in the cache bear this time, so that one that was written to since is noticed and made anew.
_CACHED_AT = 315_532_800


@dataclass(frozen=True, slots=True)
class BlobSource:
    """The bytes of an item in a repository, for its codec."""

    repository: Repository
    blob: Blob
    suffix: str

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.blob.size

    def read(self) -> bytes:
        """Return all bytes."""
        return self.repository.reader().read(self.blob)

    def open(self) -> BinaryIO:
        """Return a seekable binary file over the bytes."""
        return self.repository.reader().open(self.blob)

    def path(self) -> Path:
        """Return a read-only file in the cache that has the bytes."""
        return _cached_file(self.repository, self.blob, f"data{self.suffix}", executable=False)


def decode(node: Node, repository: Repository) -> object:
    """Return the data of a tree: files and folders as paths in the cache, all else as it was added.

    Raises:
        IntegrityError: The bytes are not what they were.
        MissingExtraError: A library that the data needs is not installed.
    """
    match node:
        case Value():
            return _load_value(node, repository)
        case Dict():
            return {key: decode(child, repository) for key, child in node.entries}
        case Sequence():
            items = [decode(child, repository) for child in node.nodes]
            return tuple(items) if node.is_tuple else items
        case Object():
            codec = registry.codec(node.kind)
            return codec.load(BlobSource(repository, node.blob, codec.suffix), node.meta)
        case _:
            return file_path(node, repository)


def _load_value(node: Value, repository: Repository) -> object:
    value = values.load(repository.reader().read(node.blob))
    if canonical.digest("stook v1 value", canonical.encode(value)) != node.digest:
        raise IntegrityError(
            f"a value is not the one of the digest {node.digest}",
            kind="wrong-digest",
            hint="restore the store from a backup",
        )
    return value


def file_path(node: File | Folder | Object | Value, repository: Repository) -> Path:
    """Return a read-only file or folder in the cache with an item's bytes."""
    match node:
        case File():
            return _cached_file(repository, node.blob, node.name, executable=node.executable)
        case Folder():
            return _cached_folder(repository, node)
        case Object():
            return BlobSource(repository, node.blob, registry.codec(node.kind).suffix).path()
        case Value():
            return _cached_file(repository, node.blob, "value.json", executable=False)


def write_blob(repository: Repository, blob: Blob, path: Path) -> None:
    """Write a blob's bytes to a file that must not exist."""
    with open(path, "xb") as file:
        for piece in _pieces(repository, blob):
            file.write(piece)


def _pieces(repository: Repository, blob: Blob) -> Iterator[bytes]:
    return iter(repository.reader().iter(blob))


def _cached_file(repository: Repository, blob: Blob, name: str, *, executable: bool) -> Path:
    name = _safe(name)
    variant = f"{blob.digest}-x" if executable else blob.digest
    path = repository.cache / "files" / blob.digest[:2] / variant / name
    if _is_intact(path, blob.size):
        return path
    with translate_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_name(path)
        try:
            write_blob(repository, blob, temp)
            _settle(temp, executable=executable)
            os.replace(temp, path)
        finally:
            temp.unlink(missing_ok=True)
    return path


def _cached_folder(repository: Repository, node: Folder) -> Path:
    path = repository.cache / "folders" / trees.digest_tree(node) / _safe(node.name)
    if _is_intact_folder(path, node):
        return path
    with translate_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_name(path)
        try:
            _write_folder(repository, node, temp)
            _put_in_place(temp, path, node)
        finally:
            shutil.rmtree(temp, ignore_errors=True)
    return path


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
    return path.is_dir() and all(_is_intact(path / file.path, file.blob.size) for file in node.files)


def _write_folder(repository: Repository, node: Folder, root: Path) -> None:
    root.mkdir()
    for folder in node.empty:
        (root / _safe(folder)).mkdir(parents=True, exist_ok=True)
    for file in node.files:
        target = root / _safe(file.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_blob(repository, file.blob, target)
        _settle(target, executable=file.executable)


def _settle(path: Path, *, executable: bool) -> None:
    os.chmod(path, 0o555 if executable else 0o444)
    os.utime(path, (_CACHED_AT, _CACHED_AT))


def _is_intact(path: Path, size: int) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_size == size and int(found.st_mtime) == _CACHED_AT


def _safe(path: str) -> str:
    problem = find_path_problem(path)
    if problem:
        raise IntegrityError(
            f"a bundle names the file {path!r}, which is not written anywhere: {problem}",
            kind="hostile-path",
            hint="do not trust where this bundle came from",
        )
    return path
