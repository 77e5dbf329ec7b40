"""Files of bundles onto the disk, many at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from stook.errors import IntegrityError
from stook.model.paths import find_path_problem
from stook.model.tree import FolderFile
from stook.store.reading.rooted import Rooted

if TYPE_CHECKING:
    from stook.chunks import ChunkReader

__all__ = ["check_path", "folders_above", "iter_written"]


def iter_written(
    root: Rooted, files: Sequence[FolderFile], reader: ChunkReader
) -> Iterator[tuple[FolderFile, int]]:
    """Write files that must not exist into folders that must; yield each with its descriptor, open until the next.

    Raises:
        IntegrityError: The bytes of a file are not what they were; it is named.
        OSError: The disk refused.
    """
    many = reader.iter_many(file.blob for file in files)
    try:
        for number, pieces in many:
            file = files[number]
            descriptor = root.create(file.path, 0o777 if file.executable else 0o666)
            try:
                _write_pieces(descriptor, pieces)
                yield file, descriptor
            finally:
                os.close(descriptor)
    except IntegrityError as error:
        path = next((file.path for file in files if file.blob.digest == error.facts.get("blob")), "")
        if not path or len(files) == 1:
            raise
        raise type(error)(
            f"{path}: {error.message}", kind=error.kind, hint=error.hint, **error.facts
        ) from error


def _write_pieces(descriptor: int, pieces: Iterable[bytes | memoryview]) -> None:
    """Write all of some bytes to a file."""
    for piece in pieces:
        written = os.write(descriptor, piece)
        while written < len(piece):
            written += os.write(descriptor, memoryview(piece)[written:])


def check_path(path: str) -> str:
    """Return the path of a bundle's file.

    Raises:
        IntegrityError: It leads out of the folder that it is to be written to, or cannot be written.
    """
    problem = find_path_problem(path)
    if problem:
        raise IntegrityError(
            f"a bundle names the file {path!r:.200}, which is not written anywhere: {problem}",
            kind="hostile-path",
            hint="do not trust where this bundle came from",
        )
    return path


def folders_above(paths: Iterable[str]) -> list[str]:
    """Return all folders that paths lie in, each after those above it; a path that ends with `/` is a folder's."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return sorted(found)
