"""Reading the log of a folder: segments of each writer in order, checkpoints in the place of those that are gone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stook.format import salvage, segments
from stook.log.checkpoints import take_checkpoints
from stook.log.lines import WHOLE, Damage, Line, Reached, missing, segment_path, went_back
from stook.log.listing import folder_names, folder_segments, has_holes
from stook.log.news import Seen
from stook.log.segment_file import Content, LastLook, Look, iter_lines, read_after
from stook.model.position import Position
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.storage.locks import locked

__all__ = ["LOCK", "read_folder"]

LOCK: Final = ".lock"
"""The file in a writer's folder that is locked by who writes there."""

_Pieces = Generator[Line | Damage | Reached, None, Seen | None]
_BEGIN: Final = Position(1, len(segments.MAGIC))


def read_folder(root: str, known: Mapping[str, Position]) -> _Pieces:
    """Yield the records after the known positions, and what cannot be read, in order for each writer.

    Args:
        root: The folder of the log.
        known: How far the log of each writer was read before.

    Returns:
        What the log looked like, where all of it is known now; None where some may not be.

    Raises:
        IntegrityError: What was known is not there (`log-went-back`).
        StorageError: The disk refused.
    """
    is_going_on = bool(known)
    with translate_os_errors(root):
        found = {writer: folder_segments(root, writer) for writer in folder_names(root)}
    for writer, position in known.items():
        if max(found.get(writer, []), default=0) < position.seq:
            raise went_back(f"{root}/{writer}")
    known = yield from _take_checkpoints(root, known, found)
    lasts: dict[str, LastLook] = {}
    for writer, present in found.items():
        look = yield from _read_writer(root, writer, known.get(writer, _BEGIN), present)
        lasts[writer] = (max(present, default=0), look)
    return Seen(root, lasts) if is_going_on or not any(found.values()) else None


def _take_checkpoints(
    root: str, known: Mapping[str, Position], found: Mapping[str, Sequence[int]]
) -> Generator[Line | Damage | Reached, None, Mapping[str, Position]]:
    """Yield the records of checkpoints, where there are any and they are needed; return what is known then."""
    following = {writer: _after(at).seq for writer, at in known.items()}
    is_cold = any(found.values()) and not any(position.seq for position in known.values())
    if not is_cold and not has_holes(found, following):
        return known
    now = yield from take_checkpoints(FolderStorage(Path(root).parent), found, following, is_cold=is_cold)
    more = {writer: Position(seq, _BEGIN.offset) for writer, seq in now.items()}
    return {
        **more,
        **{writer: at for writer, at in known.items() if more[writer].seq == following[writer]},
    }


def _read_writer(
    root: str, writer: str, known: Position, present: Sequence[int]
) -> Generator[Line | Damage, None, Look | None]:
    look = None
    position = _after(known)
    if present and position.seq > present[-1]:  # it is in a checkpoint, and may have been appended to since
        position = Position(present[-1], _BEGIN.offset)
    for seq in [seq for seq in present if seq >= position.seq]:
        if seq > position.seq:
            gone, position = position.seq, Position(seq, _BEGIN.offset)
            yield missing(writer, position, segment_path(root, writer, gone), seq - gone)
        look = yield from _read_segment(root, writer, position, is_last=seq == present[-1])
        position = Position(seq + 1, _BEGIN.offset)
    return look


def _read_segment(
    root: str, writer: str, known: Position, *, is_last: bool
) -> Generator[Line | Damage, None, Look]:
    path = segment_path(root, writer, known.seq)
    with translate_os_errors(path), _gone_is_back(path):
        content = read_after(path, known)
        may_be_torn = is_last and content.is_open
        if may_be_torn and any(_is_damage(piece) for piece in content.pieces()):
            del content  # both may be as large as a segment can be
            content = _read_settled(root, writer, path, known)
            may_be_torn = content.is_open
        pieces = content.pieces()
        if may_be_torn:
            pieces = (piece for piece in pieces if not isinstance(piece, salvage.Gap) or not piece.is_torn)
        yield from iter_lines(path, writer, known.seq, content, pieces)
    return content.look


def _read_settled(root: str, writer: str, path: str, known: Position) -> Content:
    """Read what seems damaged again while nobody writes: it may have been cut and written to just then."""
    try:
        descriptor = os.open(f"{root}/{writer}/{LOCK}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # nobody writes here, or nobody may know
        return read_after(path, known)
    with locked(descriptor, fcntl.LOCK_SH):
        return read_after(path, known)


def _after(known: Position) -> Position:
    """Return the position of what is to be read next."""
    return Position(known.seq + 1, _BEGIN.offset) if known.mark == WHOLE or not known.seq else known


@contextmanager
def _gone_is_back(path: str) -> Iterator[None]:
    """Take a segment that went while the log was read for one of a log that went back."""
    try:
        yield
    except FileNotFoundError:
        raise went_back(path) from None


def _is_damage(piece: tuple[bytes, int] | salvage.Gap) -> bool:
    return isinstance(piece, salvage.Gap) and not piece.is_torn
