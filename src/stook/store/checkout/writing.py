"""A layout onto the disk."""

from __future__ import annotations

import io
import os
import time
from typing import TYPE_CHECKING, BinaryIO, cast

import msgspec
from blake3 import blake3

from stook import registry
from stook.errors import InputError
from stook.model.tree import Object, Value
from stook.store.checkout.layout import Converted, Layout
from stook.store.checkout.note import CheckedOut, settled_before
from stook.store.reading.decode import BlobSource
from stook.store.reading.placing import iter_written
from stook.store.reading.rooted import Rooted

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from stook.store.repository import Repository

__all__ = ["convert", "source_of", "write_tree"]

_BACK_NANOS = 4_000_000_001


def write_tree(root: Rooted, layout: Layout, repository: Repository) -> tuple[list[CheckedOut], int]:
    """Write all files of a layout into an empty folder.

    Returns:
        The files, sorted by path, and the time at which all of them were there: nanoseconds since the epoch.

    Raises:
        InputError: The disk takes two of the paths for one, or a table cannot be had in the format.
        IntegrityError: The bytes of a file are not what they were.
        OSError: The disk refused.
    """
    try:
        for folder in layout.all_folders():
            root.make_folder(folder)
        files = [
            CheckedOut(file.path, *_size_and_time(descriptor), file.blob.digest, file.executable)
            for file, descriptor in iter_written(root, layout.files, repository.reader())
        ]
        files += [_convert(root, each, repository) for each in layout.converted]
    except FileExistsError as error:
        raise InputError(
            f"this disk takes {error.filename!r:.200} for another file or folder of the bundle: their names differ"
            " only in case or in how letters are encoded",
            kind="same-path",
            hint="check it out to a disk that tells them apart",
        ) from error
    files.sort(key=lambda file: file.path)
    written = time.time_ns()
    return [_settle(root, file, written) for file in files], written


def _size_and_time(descriptor: int) -> tuple[int, int]:
    about = os.fstat(descriptor)
    return about.st_size, about.st_mtime_ns


def _settle(root: Rooted, file: CheckedOut, now: int) -> CheckedOut:
    """Set back the time of a file that is so new that an edit might not change it."""
    if settled_before(file.mtime, now):
        return file
    root.set_time(file.path, now - _BACK_NANOS)
    return msgspec.structs.replace(file, mtime=root.stat(file.path).st_mtime_ns)


class _Hashing(io.RawIOBase):
    """Passes bytes on to a file, and hashes them."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._digest = blake3()

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        self._digest.update(data)
        return self._file.write(data)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def _convert(root: Rooted, wanted: Converted, repository: Repository) -> CheckedOut:
    with open(root.create(wanted.path), "wb") as file:
        digest = convert(wanted, repository, file)
        file.flush()
        about = os.fstat(file.fileno())
        return CheckedOut(wanted.path, about.st_size, about.st_mtime_ns, digest)


def convert(wanted: Converted, repository: Repository, file: BinaryIO) -> str:
    """Write a file that is made of an item, and return the digest of its bytes.

    Raises:
        InputError: A table cannot be had in the format.
        IntegrityError: The bytes of the item are not what they were, or a cell links to no file.
    """
    leaf, out = wanted.leaf, _Hashing(file)
    if isinstance(leaf, Value):
        out.write(msgspec.json.format(repository.reader().read(leaf.blob), indent=2) + b"\n")
        return out.hexdigest()
    source = source_of(wanted, repository)
    registry.codec(leaf.kind).export(source, leaf.meta, wanted.path.rpartition(".")[2], cast(BinaryIO, out))
    return out.hexdigest()


def source_of(wanted: Converted, repository: Repository) -> BlobSource:
    """Return the bytes of a table in the store, whose links are paths from the file that is made of it."""
    leaf = wanted.leaf
    suffix = registry.codec(leaf.kind).suffix if isinstance(leaf, Object) else ".json"
    return BlobSource(
        repository, leaf.blob, suffix, item=wanted.path, linked=wanted.linked, links_at=wanted.links_at
    )
