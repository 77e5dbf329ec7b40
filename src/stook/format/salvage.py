"""What can still be read of a segment that is damaged, and whether it is: a torn commit is no damage."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Final

import msgspec
from blake3 import blake3

from stook.errors import FormatError
from stook.format.limits import FRAME_HEADER, MAX_PAYLOAD, MAX_SEGMENT
from stook.format.segments import MAGIC, is_sealed, iter_frames, unseal

__all__ = ["Gap", "Pieces", "find_end", "find_most", "iter_pieces", "unseal_some", "unseal_start"]

_OPENING: Final = b'{"type":'
_HOLE: Final = bytes(16)
_FACTOR: Final = 4
_STEP: Final = 128
_FEW_RECORDS: Final = 1000
_LEAST_STORED: Final = 8
_LEAST_FRAME: Final = 96


class Gap(msgspec.Struct, frozen=True):
    """Bytes of a segment that are no frame.

    Attributes:
        start: Where they begin.
        end: Where the next frame begins, or where the segment ends.
        is_torn: They end the segment and look like a commit that a crash cut short, not like one that was changed.
    """

    start: int
    end: int
    is_torn: bool


class Pieces(msgspec.Struct, frozen=True):
    """The pieces of a segment, to be iterated as often as needed: many small ones take more memory than the segment.

    Attributes:
        data: A segment, unsealed, or a part of one.
        start: Where the first frame should be.
        most: How many frames it has at the most, see `find_most`.
    """

    data: bytes
    start: int = 0
    most: int = sys.maxsize

    def __iter__(self) -> Iterator[tuple[bytes, int] | Gap]:
        return iter_pieces(self.data, self.start, self.most)


def find_most(raw: bytes, data: bytes) -> int:
    """Return how many frames a segment can have at the most, however small they are.

    Each has a checksum of its own, which cannot be compressed, and records have ids. Few bytes with millions of frames
    were made by someone who wants them to take hours.

    Args:
        raw: The segment as it is stored.
        data: The same, unsealed.
    """
    return _FEW_RECORDS + min(len(raw) // _LEAST_STORED, len(data) // _LEAST_FRAME)


def iter_pieces(data: bytes, start: int = 0, most: int = sys.maxsize) -> Iterator[tuple[bytes, int] | Gap]:
    """Yield each whole payload with the position after it, and each gap between them.

    After what is no frame the next is looked for by how a record begins. No more than a few times the length of `data`
    is hashed, whatever is in it.

    Args:
        data: A segment, unsealed, or a part of one.
        start: Where the first frame should be.
        most: How many frames are taken at the most; where there are more, all that follows is a gap.
    """
    budget = _FACTOR * len(data)
    while start < len(data):
        for payload, end in islice(iter_frames(data, start), most):
            yield payload, end
            start = end
            most -= 1
        if start == len(data):
            return
        if not most:
            yield Gap(start, len(data), is_torn=False)
            return
        after, budget = _find_frame(data, start + 1, budget)
        yield Gap(start, after, is_torn=after == len(data) and budget > 0 and _is_torn(data, start))
        start = after


def find_end(data: bytes) -> int | None:
    """Return where the next frame is to be appended to an open segment; None where it is damaged.

    That is before a torn commit, where there is one.
    """
    if not data.startswith(MAGIC):
        return None
    end = len(MAGIC)
    for piece in iter_pieces(data, end):
        if isinstance(piece, Gap):
            return piece.start if piece.is_torn else None
        end = piece[1]
    return end


def unseal_start(data: bytes, limit: int) -> bytes:
    """Return what the first bytes of a sealed segment decompress to, `limit` bytes at the most."""
    return _decompress_some(data, limit) if is_sealed(data) else b""


def unseal_some(data: bytes) -> tuple[bytes, str]:
    """Return a segment as it was before it was sealed, or as much of it as there is, and why that is not all.

    Where only its magic is damaged it is returned as it is: its frames can be found all the same.
    """
    if not is_sealed(data) and 0 < len(data) <= MAX_SEGMENT:
        return data, ""
    try:
        return unseal(data), ""
    except FormatError as error:
        return (_decompress_some(data) if is_sealed(data) else b""), error.message


def _find_frame(data: bytes, start: int, budget: int) -> tuple[int, int]:
    """Return where the next frame is, or the end, and how many more bytes may be hashed."""
    at = start + FRAME_HEADER
    while budget > 0 and (at := data.find(_OPENING, at)) >= 0:
        begin = at - FRAME_HEADER
        length = int.from_bytes(data[begin : begin + 4], "little")
        if len(_OPENING) <= length <= MAX_PAYLOAD and at + length <= len(data):
            budget -= length
            if blake3(data[at : at + length]).digest(16) == data[begin + 4 : at]:
                return begin, budget
        at += 1
    return len(data), budget


def _is_torn(data: bytes, start: int) -> bool:
    """Tell whether a crash may have left the last frame so: cut short, or with a hole where its bytes did not arrive.

    One that is all there by its length, or by its checksum, was whole once.
    """
    begin = start + FRAME_HEADER
    length = int.from_bytes(data[start : start + 4], "little")
    if 0 < length <= MAX_PAYLOAD and begin + length <= len(data):
        return _HOLE in data[start : begin + length]
    return len(data) - begin > MAX_PAYLOAD or blake3(data[begin:]).digest(16) != data[start + 4 : begin]


def _decompress_some(data: bytes, limit: int = MAX_SEGMENT) -> bytes:
    """Return what a damaged sealed segment decompresses to, as far as that goes; what comes out may be wrong."""
    import zstandard

    stream = zstandard.ZstdDecompressor(max_window_size=MAX_SEGMENT).decompressobj()
    found = io.BytesIO()
    for start in range(0, len(data), _STEP):  # in small steps: one that fails gives nothing
        try:
            piece = stream.decompress(data[start : start + _STEP])
        except zstandard.ZstdError:
            break
        found.write(piece[: limit - found.tell()])
        if stream.eof or found.tell() == limit:
            break
    return found.getvalue()
