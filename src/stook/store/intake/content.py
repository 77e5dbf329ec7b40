"""Files that are no path yet: what is read from a stream, and folders put together of files from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from stook.errors import InputError
from stook.model.paths import find_path_problem
from stook.model.tree import Blob, File, Folder, FolderFile

if TYPE_CHECKING:
    from stook.chunks import ChunkWriter

__all__ = ["Files", "Stream", "encode_files", "encode_stream"]


class Stream(msgspec.Struct, frozen=True):
    """A file that is read while it is kept.

    Attributes:
        name: The name that it shall have.
        open: Opens it at its start, as a context manager.
    """

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


class Files(msgspec.Struct, frozen=True):
    """A folder put together of files.

    Attributes:
        name: The folder's name.
        files: Each file by its path in the folder: a path on this machine, or a stream.
    """

    name: str
    files: Mapping[str, Path | Stream]


def encode_stream(stream: Stream, writer: ChunkWriter) -> File:
    """Write a stream and return it as a file.

    Raises:
        InputError: The name cannot be kept.
        StorageError: The stream broke off.
    """
    name = _checked(stream.name, parts=1)
    return File(name, _write(stream, writer))


def encode_files(files: Files, writer: ChunkWriter) -> Folder:
    """Write files and return them as a folder.

    Raises:
        InputError: A name cannot be kept, or is also a folder's, or a file cannot be read.
        StorageError: A stream broke off.
    """
    _refuse_overlap(files)
    kept = [
        FolderFile(_checked(path), _write(file, writer), _is_executable(file))
        for path, file in sorted(files.files.items())
    ]
    return Folder(_checked(files.name, parts=1), tuple(kept))


def _write(file: Path | Stream, writer: ChunkWriter) -> Blob:
    if isinstance(file, Path):
        return writer.add_file(file)
    try:
        with file.open() as reader:
            return writer.add_stream(reader)
    except OSError as error:
        raise InputError(
            f"cannot read {file.name}: {error.strerror or error}", kind="unreadable", hint="check what it is"
        ) from error


def _is_executable(file: Path | Stream) -> bool:
    return isinstance(file, Path) and bool(file.stat().st_mode & 0o100)


def _checked(path: str, *, parts: int = 0) -> str:
    problem = find_path_problem(path)
    if not problem and parts and path.count("/") >= parts:
        problem = "it has a slash in it"
    if problem:
        raise InputError(
            f"the file name {path!r} cannot be kept: {problem}", kind="bad-path", hint="rename the file"
        )
    return path


def _refuse_overlap(files: Files) -> None:
    for path in files.files:
        above = path.rpartition("/")[0]
        while above:
            if above in files.files:
                raise InputError(
                    f"{above!r} would be both a file and a folder in {files.name}",
                    kind="bad-path",
                    hint="leave one of them out",
                )
            above = above.rpartition("/")[0]
