"""A segment in a folder, read from where it is known."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from stook.format import salvage, segments
from stook.format.limits import FRAME_HEADER, MAX_SEGMENT
from stook.format.salvage import Gap
from stook.log.lines import Damage, Line, went_back
from stook.model.position import Position

__all__ = ["Content", "Look", "iter_lines", "look_at", "read_after"]

_DAMAGED_MARK: Final = 16

Look = tuple[int, int, int]
"""A file's inode, size and time of change, by which one that was written to is told."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a segment holds after a known position.

    Attributes:
        data: Frames, as far as they are sound.
        start: The byte of the segment, unsealed, at which `data` begins.
        look: The file's, from before it was read.
        is_open: A commit may be under way at the end, or torn there.
        problem: Why there is no more of it, where there should be.
    """

    data: bytes
    start: int
    look: Look
    is_open: bool = False
    problem: str = ""


def look_at(file: int | str) -> Look:
    """Return how a file looks now, given its descriptor or path. Raises OSError."""
    stat = os.stat(file)
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def read_after(path: str, known: Position) -> Content:
    """Return what a segment has after a position, having checked that the position is one in it.

    Raises:
        IntegrityError: It is none (`log-went-back`).
        FileNotFoundError: There is no such segment.
        OSError: It cannot be read.
    """
    with open(path, "rb") as file:
        look = look_at(file.fileno())
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
            data = _after_record(path, file.read(), 0, known.offset - start, known.mark)
            return Content(data, known.offset, look, is_open=True)
        raw = head + file.read()
    data, problem = salvage.unseal_some(raw)
    if segments.is_sealed(raw):
        start = _start_of_record(known)
        if problem and (len(data) < known.offset or not data.startswith(known.mark, start)):
            return Content(b"", known.offset, look, problem=problem)
        data = _after_record(path, data, start, known.offset, known.mark)
        return Content(data, known.offset, look, problem=problem)
    if known.mark:
        raise went_back(path)
    start = known.offset if known.offset > len(segments.MAGIC) else 0
    return Content(data[start:], start, look, problem=problem)


def _start_of_record(known: Position) -> int:
    """Return where the last known record begins, or where the first one will."""
    length = int.from_bytes(known.mark[:4], "little")
    return known.offset - FRAME_HEADER - length if known.mark else known.offset


def _after_record(path: str, data: bytes, start: int, end: int, mark: bytes) -> bytes:
    """Return what comes after a record that is known, having checked that it is there."""
    if len(data) < end or not data.startswith(mark, start):
        raise went_back(path)
    return data[end:]


def iter_lines(
    path: str, writer: str, seq: int, content: Content, pieces: Sequence[tuple[bytes, int] | Gap]
) -> Iterator[Line | Damage]:
    """Yield the records of what was read of a segment, and its damage.

    Args:
        path: The file.
        writer: Whose segment it is.
        seq: The segment's number.
        content: What was read.
        pieces: Those of `content.data`.

    Raises:
        OSError: The file cannot be read.
    """
    end, problem = 0, content.problem
    for piece in pieces:
        if not isinstance(piece, Gap):
            payload, after = piece
            mark = content.data[end : end + FRAME_HEADER]
            end = after
            yield Line(writer, Position(seq, content.start + end, mark), payload)
        elif piece.end == len(content.data):
            problem = problem or "what is there is no record"
        else:
            start, end = content.start + piece.start, piece.end
            place = f"the log segment {path} is damaged from byte {start} to byte {content.start + end}"
            yield Damage(writer, Position(seq, content.start + end), place)
    if problem:
        yield Damage(
            writer,
            _after_all(path, seq, content.start + end),
            f"the log segment {path} is damaged from byte {content.start + end} to its end: {problem}",
        )


def _after_all(path: str, seq: int, known: int) -> Position:
    """Return the position after a segment that cannot be read to its end. It holds while the file stays as it is."""
    return Position(seq, max(os.stat(path).st_size, known, len(segments.MAGIC)) + 1, _mark_of_damaged(path))


def _mark_of_damaged(path: str) -> bytes:
    return blake3().update_mmap(path).digest(_DAMAGED_MARK)
