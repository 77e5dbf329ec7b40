"""A segment in a folder, read from where it is known."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from blake3 import blake3

from stook.format import salvage, segments
from stook.format.limits import FRAME_HEADER, MAX_SEGMENT
from stook.format.salvage import Gap
from stook.log.lines import Damage, Line, went_back
from stook.model.position import Position

__all__ = ["Content", "LastLook", "Look", "find_look", "iter_lines", "look_of", "read_after"]

_DAMAGED_MARK: Final = 16

Look = tuple[int, int, int]
"""A file's inode, size and time of change, by which one that was written to is told."""

LastLook = tuple[int, Look | None]
"""The number of a writer's last segment and how it looks; 0 and None where there is none."""


class Content(msgspec.Struct, frozen=True):
    """What a segment holds after a known position.

    Attributes:
        data: The segment, unsealed, or a part of it.
        start: The byte of the segment, unsealed, from which on it is new.
        look: The file's, from before it was read.
        begin: Where in `data` that byte is.
        is_open: A commit may be under way at the end, or torn there.
        problem: Why there is no more of it, where there should be.
        most: How many records can be in it.
    """

    data: bytes
    start: int
    look: Look
    begin: int = 0
    is_open: bool = False
    problem: str = ""
    most: int = sys.maxsize

    def pieces(self) -> Iterable[tuple[bytes, int] | Gap]:
        """Return what is new, and the gaps in it, with positions in `data`; it can be iterated again."""
        return salvage.Pieces(self.data, self.begin, self.most)


def look_of(found: os.stat_result) -> Look:
    """Return how a file with this status looks."""
    return found.st_ino, found.st_size, found.st_mtime_ns


def find_look(path: str, *, follow_links: bool = True) -> Look | None:
    """Return how a file or folder looks now, or None where there is none. Raises OSError."""
    try:
        return look_of(os.stat(path, follow_symlinks=follow_links))
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_after(path: str, known: Position) -> Content:
    """Return what a segment has after a position, having checked that the position is one in it.

    Raises:
        IntegrityError: It is none (`log-went-back`).
        FileNotFoundError: There is no such segment.
        OSError: It cannot be read.
    """
    with open(path, "rb", buffering=0, opener=_open_plain) as file:
        look = look_of(os.fstat(file.fileno()))
        if len(known.mark) == _DAMAGED_MARK:
            if _mark_of_damaged(path) != known.mark:
                raise went_back(path)
            return Content(b"", known.offset, look)
        if look[1] > MAX_SEGMENT:
            return Content(b"", known.offset, look, problem="it is too large")
        head = file.read(len(segments.MAGIC))
        if head == segments.MAGIC:
            start = _start_of_record(known)
            file.seek(start)
            data = file.read()
            begin = known.offset - start
            _check_record(path, data, 0, begin, known.mark)
            most = salvage.find_most(data, data)
            return Content(data, known.offset, look, begin, is_open=True, most=most)
        file.seek(0)
        raw = file.read()
    data, problem = salvage.unseal_some(raw)
    most = salvage.find_most(raw, data)
    if segments.is_sealed(raw):
        start = _start_of_record(known)
        if problem and (len(data) < known.offset or not data.startswith(known.mark, start)):
            return Content(b"", known.offset, look, problem=problem)
        _check_record(path, data, start, known.offset, known.mark)
        return Content(data, known.offset, look, known.offset, problem=problem, most=most)
    if known.mark:
        raise went_back(path)
    start = known.offset if known.offset > len(segments.MAGIC) else 0
    return Content(data, start, look, start, problem=problem, most=most)


def _open_plain(path: str, flags: int) -> int:
    """Open a file that is no link, without waiting for ever for a pipe that someone put there. Raises OSError."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _start_of_record(known: Position) -> int:
    """Return where the last known record begins, or where the first one will."""
    length = int.from_bytes(known.mark[:4], "little")
    return known.offset - FRAME_HEADER - length if known.mark else known.offset


def _check_record(path: str, data: bytes, start: int, end: int, mark: bytes) -> None:
    """See that a record that is known is where it was."""
    if len(data) < end or not data.startswith(mark, start):
        raise went_back(path)


def iter_lines(
    path: str, writer: str, seq: int, content: Content, pieces: Iterable[tuple[bytes, int] | Gap]
) -> Iterator[Line | Damage]:
    """Yield the records of what was read of a segment, and its damage.

    Args:
        path: The file.
        writer: Whose segment it is.
        seq: The segment's number.
        content: What was read.
        pieces: Those of `content`.

    Raises:
        OSError: The file cannot be read.
    """
    end, problem = content.begin, content.problem
    before = content.start - content.begin
    for piece in pieces:
        if not isinstance(piece, Gap):
            payload, after = piece
            mark = content.data[end : end + FRAME_HEADER]
            end = after
            yield Line(writer, Position(seq, before + end, mark), payload)
        elif piece.end == len(content.data):
            problem = problem or "what is there is no record"
        else:
            start, end = before + piece.start, piece.end
            place = f"the log segment {path} is damaged from byte {start} to byte {before + end}"
            yield Damage(writer, Position(seq, before + end), place)
    if problem:
        yield Damage(
            writer,
            _after_all(path, seq, before + end),
            f"the log segment {path} is damaged from byte {before + end} to its end: {problem}",
        )


def _after_all(path: str, seq: int, known: int) -> Position:
    """Return the position after a segment that cannot be read to its end. It holds while the file stays as it is."""
    return Position(seq, max(os.stat(path).st_size, known, len(segments.MAGIC)) + 1, _mark_of_damaged(path))


def _mark_of_damaged(path: str) -> bytes:
    found = os.stat(path)
    if found.st_size > MAX_SEGMENT:  # it may be of any size, and nobody reads it
        return blake3(repr((found.st_size, found.st_mtime_ns)).encode()).digest(_DAMAGED_MARK)
    return blake3().update_mmap(path).digest(_DAMAGED_MARK)
