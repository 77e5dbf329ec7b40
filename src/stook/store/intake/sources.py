"""Files and folders on their way into a store; what is as it was when last read is not read again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook.errors import InputError
from stook.model.paths import find_path_problem
from stook.model.tree import File, Folder, FolderFile
from stook.store.intake.scan import (
    Scan,
    State,
    check_regular,
    is_executable,
    look_at_folder,
    scan_file,
    scan_folder,
    state_of,
    unpack_state,
    unreadable,
)
from stook.store.intake.snapshots import SeenFile, Snapshot, Snapshots

if TYPE_CHECKING:
    from stook.chunks import ChunkWriter
    from stook.format.packs import PackEnd

__all__ = ["encode_path", "find_digest"]

_MANY_FILES = 64
_MANY_BYTES = 1024 * 1024
_ID_BYTES = 32
_FILES_AT_ONCE = 8192
_FILES_PER_PACK = 64  # to look for a pack costs about as much as to look up the chunks of so many


class _Place(msgspec.Struct, frozen=True):
    """Where a file or a folder is: the folder that its paths begin at, its own name, its path, and its status."""

    base: str
    name: str
    root: str
    status: os.stat_result

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    def scan(self) -> Scan:
        return scan_folder(self.root) if self.is_folder else scan_file(self.name, self.status)

    def look(self) -> bytes:
        return look_at_folder(self.root) if self.is_folder else self.scan().look


def encode_path(path: Path, writer: ChunkWriter, snapshots: Snapshots | None = None) -> File | Folder:
    """Write a file, or a folder with all that is in it.

    Args:
        path: The file or folder; its name is kept.
        writer: Takes the bytes.
        snapshots: What was read before, and is told what is read now; with none everything is read.

    Raises:
        InputError: There is no such file, or it is neither file nor folder, or something in it cannot be kept.
    """
    began = snapshots.time() if snapshots else 0
    place = _find_place(path)
    scan = place.scan()
    before = snapshots.find(place.root) if snapshots else None
    known = _find_known(scan, before, snapshots.files(before), writer) if snapshots and before else {}
    files = [
        _reuse(known[at], writer) if at in known else _read(place, at, state, writer)
        for at, state in scan.files
    ]
    node = _node(place, scan, files)
    if snapshots and _is_worth_keeping(scan):
        snapshots.note(place.root, node, files, scan, began=began, before=before)
    return node


def find_digest(
    path: Path, snapshots: Snapshots, has_packs: Callable[[Collection[PackEnd]], bool]
) -> str | None:
    """Return the digest of a file or folder that is in every way as it was when last read; None where it is not.

    Args:
        path: The file or folder.
        snapshots: What was read before.
        has_packs: Tells whether the store has packs; None is returned where it has lost any.

    Raises:
        InputError: It is not there, or something in it cannot be looked at.
    """
    place = _find_place(path)
    before = snapshots.find(place.root)
    if before is None or not before.is_settled or before.look != place.look():
        return None
    return before.digest if has_packs(before.packs) else None


def _find_place(path: Path) -> _Place:
    try:
        status = path.stat()
        # A file keeps the name that it was called by, though it be a link's; before it there may be `..` after a link.
        root = str(path.resolve() if stat.S_ISDIR(status.st_mode) else path.parent.resolve() / path.name)
    except FileNotFoundError as error:
        raise InputError(
            f"there is no file or folder {path}", kind="no-such-file", hint="check the path", path=str(path)
        ) from error
    except (OSError, ValueError) as error:
        raise unreadable(str(path), error) from error
    if stat.S_ISDIR(status.st_mode):
        return _Place(root, os.path.basename(root), root, status)
    check_regular(str(path), status.st_mode)
    return _Place(os.path.dirname(root), path.name, root, status)


def _find_known(
    scan: Scan, before: Snapshot, files: Sequence[SeenFile], writer: ChunkWriter
) -> dict[str, SeenFile]:
    """Return the files that are as they were and whose chunks can be relied on, by path."""
    states = dict(scan.files)
    same = [
        seen for seen in files if states.get(seen.path) == seen.state and before.is_settled_at(seen.state)
    ]
    if len(before.packs) * _FILES_PER_PACK < len(same) and writer.has_packs(before.packs):
        return {seen.path: seen for seen in same}
    known: dict[str, SeenFile] = {}
    for start in range(0, len(same), _FILES_AT_ONCE):
        some = same[start : start + _FILES_AT_ONCE]
        stored = writer.known([id_ for seen in some for id_ in _ids(seen)])
        known.update((seen.path, seen) for seen in some if stored.issuperset(_ids(seen)))
    return known


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


def _read(place: _Place, at: str, state: State, writer: ChunkWriter) -> SeenFile:
    path = f"{place.base}/{at}"
    _check_name(at, path)
    blob, listing, status = writer.read_file(path, unpack_state(state))
    return SeenFile(at, state if status is None else state_of(status), blob, listing)


def _node(place: _Place, scan: Scan, files: Sequence[SeenFile]) -> File | Folder:
    _check_name(place.name, place.root)
    if not place.is_folder:
        return File(place.name, files[0].blob, is_executable(files[0].state))
    for at in scan.empty:
        _check_name(at, f"{place.base}/{at}")
    kept = [FolderFile(seen.path, seen.blob, is_executable(seen.state)) for seen in files]
    return Folder(place.name, tuple(kept), tuple(scan.empty))


def _is_worth_keeping(scan: Scan) -> bool:
    """Tell whether reading it again would take longer than reading a snapshot."""
    return (
        len(scan.files) >= _MANY_FILES
        or sum(unpack_state(state)[0] for _, state in scan.files) >= _MANY_BYTES
    )


def _check_name(relative: str, path: str) -> None:
    problem = find_path_problem(relative)
    if problem:
        raise InputError(
            f"the file name {path!r} cannot be kept: {problem}", kind="bad-path", hint="rename the file"
        )
