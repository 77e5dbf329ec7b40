"""Files and folders on their way into a store; what is as it was when last read is not read again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook.errors import InputError
from stook.format import trees
from stook.model.paths import find_path_problem
from stook.model.tree import File, Folder, FolderFile
from stook.store.intake.scan import (
    Scan,
    State,
    check_regular,
    is_executable,
    scan_folder,
    state_of,
    unreadable,
)
from stook.store.intake.snapshots import SeenFile, Snapshot, Snapshots

if TYPE_CHECKING:
    from stook.chunks import ChunkWriter

__all__ = ["encode_path", "find_digest"]

_MANY_FILES = 64
_MANY_BYTES = 1024 * 1024
_ID_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Source:
    """A file or a folder: the folder that its paths begin at, its own name, its path, and what is in it."""

    base: str
    name: str
    root: str
    is_folder: bool
    scan: Scan


def encode_path(path: Path, writer: ChunkWriter, snapshots: Snapshots | None = None) -> File | Folder:
    """Write a file, or a folder with all that is in it.

    Args:
        path: The file or folder; its name is kept.
        writer: Takes the bytes.
        snapshots: What was read before; with none everything is read.

    Raises:
        InputError: There is no such file, or it is neither file nor folder, or something in it cannot be kept.
    """
    began = snapshots.time() if snapshots else 0
    source = _look_at(path)
    before = snapshots.find(source.root) if snapshots else None
    known = _find_known(source, before, writer)
    files = [
        _reuse(known[at], writer) if at in known else _read(source, at, state, writer)
        for at, state in source.scan.files
    ]
    node = _node(source, files)
    is_as_before = before is not None and before.empty == source.scan.empty and before.files == files
    if (
        snapshots is not None
        and _is_worth_keeping(source)
        and not (is_as_before and len(known) == len(files))
    ):
        digest = trees.digest_tree(node)
        snapshots.keep(source.root, began, digest, files, source.scan.empty, before=before)
    return node


def find_digest(path: Path, snapshots: Snapshots, has_all: Callable[[Collection[bytes]], bool]) -> str | None:
    """Return the digest of a file or folder that is in every way as it was when last read; None where it is not.

    Args:
        path: The file or folder.
        snapshots: What was read before.
        has_all: Tells whether the store has chunks; None is returned where it has lost any.

    Raises:
        InputError: It is not there, or something in it cannot be looked at.
    """
    source = _look_at(path)
    before = snapshots.find(source.root)
    if before is None or before.empty != source.scan.empty:
        return None
    is_same = [(seen.path, seen.state) for seen in before.files] == source.scan.files
    if not is_same or not all(before.is_settled(seen.state) for seen in before.files):
        return None
    return before.digest if has_all([id_ for seen in before.files for id_ in _ids(seen)]) else None


def _look_at(path: Path) -> _Source:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            root = str(path.resolve())
            return _Source(root, os.path.basename(root), root, True, scan_folder(str(path)))
    except FileNotFoundError as error:
        raise InputError(
            f"there is no file or folder {path}", kind="no-such-file", hint="check the path", path=str(path)
        ) from error
    except (OSError, ValueError) as error:
        raise unreadable(str(path), error) from error
    check_regular(str(path), status.st_mode)
    root = os.path.abspath(path)
    return _Source(os.path.dirname(root), path.name, root, False, Scan([(path.name, state_of(status))]))


def _find_known(source: _Source, before: Snapshot | None, writer: ChunkWriter) -> dict[str, SeenFile]:
    """Return the files that are as they were and whose chunks can be relied on, by path."""
    if before is None:
        return {}
    states = dict(source.scan.files)
    same = [
        seen for seen in before.files if states.get(seen.path) == seen.state and before.is_settled(seen.state)
    ]
    stored = writer.known([id_ for seen in same for id_ in _ids(seen)])
    return {seen.path: seen for seen in same if all(id_ in stored for id_ in _ids(seen))}


def _ids(seen: SeenFile) -> Iterator[bytes]:
    blob, listing = seen.blob, seen.listing
    if blob.listing is not None:
        for start in range(0, len(listing), _ID_BYTES):
            yield listing[start : start + _ID_BYTES]
    elif blob.chunks is not None:
        yield from map(bytes.fromhex, blob.chunks)
    elif blob.data is None:
        yield bytes.fromhex(blob.digest)


def _reuse(seen: SeenFile, writer: ChunkWriter) -> SeenFile:
    """Count what is inline against the writer's budget, as it would be if it were read again."""
    if seen.blob.data is not None:
        return msgspec.structs.replace(seen, blob=writer.add_bytes(seen.blob.data))
    if seen.blob.listing is not None:
        return msgspec.structs.replace(
            seen, blob=msgspec.structs.replace(seen.blob, listing=writer.add_bytes(seen.listing))
        )
    return seen


def _read(source: _Source, at: str, state: State, writer: ChunkWriter) -> SeenFile:
    path = f"{source.base}/{at}"
    _check_name(at, path)
    blob, listing, status = writer.read_file(path, state)
    return SeenFile(at, state if status is None else state_of(status), blob, listing)


def _node(source: _Source, files: Sequence[SeenFile]) -> File | Folder:
    _check_name(source.name, source.root)
    if not source.is_folder:
        return File(source.name, files[0].blob, is_executable(files[0].state))
    for at in source.scan.empty:
        _check_name(at, f"{source.base}/{at}")
    kept = [FolderFile(seen.path, seen.blob, is_executable(seen.state)) for seen in files]
    return Folder(source.name, tuple(kept), tuple(source.scan.empty))


def _is_worth_keeping(source: _Source) -> bool:
    """Tell whether reading it again would take longer than reading a snapshot."""
    files = source.scan.files
    return len(files) >= _MANY_FILES or sum(state[0] for _, state in files) >= _MANY_BYTES


def _check_name(relative: str, path: str) -> None:
    problem = find_path_problem(relative)
    if problem:
        raise InputError(
            f"the file name {path!r} cannot be kept: {problem}", kind="bad-path", hint="rename the file"
        )
