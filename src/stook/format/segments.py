"""Segments of the log: a magic, then framed records; a sealed segment is one zstd frame around all of that."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from blake3 import blake3

from stook.errors import FormatError, InputError
from stook.format.limits import FRAME_HEADER, MAX_PAYLOAD, MAX_SEGMENT

__all__ = ["MAGIC", "frame", "frames", "is_sealed", "iter_frames", "seal", "seal_pieces", "unseal"]

MAGIC: Final = b"STOOKLG1"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_MAX_COMMIT = MAX_SEGMENT // 2  # so that with what is in an open segment it is still one that readers take
_HEADER = struct.Struct("<I16s")


def frame(payload: bytes) -> bytes:
    """Return a payload with its length and checksum before it.

    Raises:
        InputError: It is empty or longer than a record may be.
    """
    if not 0 < len(payload) <= MAX_PAYLOAD:
        raise InputError(
            f"a record of {len(payload)} bytes is more than the log takes ({MAX_PAYLOAD})",
            kind="record-too-large",
            hint="keep long params and tags as data of the bundle",
        )
    return _HEADER.pack(len(payload), blake3(payload).digest(16)) + payload


def frames(payloads: Sequence[bytes]) -> bytes:
    """Return payloads framed, for one commit.

    Raises:
        InputError: One of them cannot be framed, or they are too much for one segment.
    """
    data = b"".join(map(frame, payloads))
    if len(data) > _MAX_COMMIT:
        raise InputError(
            f"{len(payloads)} records of {len(data)} bytes are more than one commit takes ({_MAX_COMMIT})",
            kind="commit-too-large",
            hint="do it in several parts",
        )
    return data


def iter_frames(data: bytes, start: int = 0) -> Iterator[tuple[bytes, int]]:
    """Yield each whole payload and the position after it; stop at the first that is torn or damaged.

    Args:
        data: A segment or a part of one.
        start: Position of a frame. The magic is not a frame: begin after it.
    """
    while start + FRAME_HEADER <= len(data):
        length, checksum = _HEADER.unpack_from(data, start)
        end = start + FRAME_HEADER + length
        if not 0 < length <= MAX_PAYLOAD or end > len(data):
            return
        payload = data[start + FRAME_HEADER : end]
        if blake3(payload).digest(16) != checksum:
            return
        yield payload, end
        start = end


def is_sealed(data: bytes) -> bool:
    """Tell from its first bytes whether a segment is sealed."""
    return data.startswith(_ZSTD_MAGIC)


def seal(data: bytes) -> bytes:
    """Return a whole segment compressed."""
    return seal_pieces([data], len(data))


def seal_pieces(pieces: Iterable[bytes], size: int) -> bytes:
    """Return a whole segment compressed, given its pieces in order and their bytes in all."""
    import zstandard

    stream = zstandard.ZstdCompressor(level=6, write_checksum=True).compressobj(size=size)
    return b"".join([*map(stream.compress, pieces), stream.flush()])


def unseal(data: bytes) -> bytes:
    """Return a segment as it was before it was sealed, if it is; always with its magic.

    Raises:
        FormatError: It is no segment, or larger than one may be.
    """
    if is_sealed(data):
        data = _decompress(data)
    if not data.startswith(MAGIC):
        raise _error("it does not begin with the magic of one")
    if len(data) > MAX_SEGMENT:
        raise _error("it is too large")
    return data


def _decompress(data: bytes) -> bytes:
    import zstandard  # reading the open segment, as every command does, needs none

    try:
        size = zstandard.get_frame_parameters(data).content_size
        if size > MAX_SEGMENT:  # also where the size is unknown
            raise _error("it is too large, or does not say how large it is")
        return zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise _error(str(error)) from error


def _error(problem: str) -> FormatError:
    return FormatError(
        f"this is not a segment of a log: {problem}",
        kind="bad-segment",
        hint="stook verify",
    )
