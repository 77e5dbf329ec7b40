"""Packs: a magic, chunks one after another, an index of them, and a trailer that makes the index findable.

The index is at the end, so a pack is written in one pass and its index read by one range request.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from typing import Final

import msgspec
from blake3 import blake3

from stook.errors import FormatError
from stook.format.limits import MAX_CHUNK

__all__ = [
    "CODEC_RAW",
    "CODEC_ZSTD",
    "ENTRY_BYTES",
    "MAGIC",
    "TRAILER_BYTES",
    "Location",
    "PackEnd",
    "PackEntry",
    "Trailer",
    "build_footer",
    "is_pack_name",
    "pack_key",
    "parse_index",
    "parse_pack",
    "parse_trailer",
]

MAGIC: Final = b"STOOKPK1"
INDEX_MAGIC: Final = b"STOOKIX1"
CODEC_RAW: Final = 0
CODEC_ZSTD: Final = 1
_ENTRY = struct.Struct("<32sQIIB")
_TRAILER = struct.Struct("<I32s8s")
ENTRY_BYTES: Final = _ENTRY.size
TRAILER_BYTES: Final = _TRAILER.size
MAX_CHUNKS: Final = 1_000_000
"""The most chunks of one pack that are read: a pack is closed at 64 MiB, and holds some thousand."""
PackEnd = tuple[str, int]
"""A pack by name, and a position in it before which all chunks end that someone needs of it."""
_NAME = re.compile(r"(?:data|meta)/[0-9a-f]{64}", re.ASCII)


class PackEntry(msgspec.Struct, frozen=True, gc=False):
    """One chunk in a pack.

    Attributes:
        id: BLAKE3 of the chunk before compression, 32 bytes.
        offset: Where its stored bytes begin in the pack file.
        stored: How many stored bytes there are.
        size: Bytes of the chunk before compression.
        codec: `CODEC_RAW` or `CODEC_ZSTD`.
    """

    id: bytes
    offset: int
    stored: int
    size: int
    codec: int


class Location(msgspec.Struct, frozen=True, gc=False):
    """Where a chunk is: the pack by name, and what its entry there says."""

    pack: str
    offset: int
    stored: int
    size: int
    codec: int


class Trailer(msgspec.Struct, frozen=True):
    """What a pack's last bytes say: where its index is, and the index's BLAKE3."""

    count: int
    digest: bytes

    @property
    def index_bytes(self) -> int:
        """Bytes of the index."""
        return self.count * ENTRY_BYTES


def is_pack_name(name: str) -> bool:
    """Tell whether this is the name of a pack: `data/` or `meta/` and 64 hex digits."""
    return _NAME.fullmatch(name) is not None


def pack_key(name: str) -> str:
    """Return the storage key of a pack.

    Args:
        name: Area and digest, such as `"data/3f…"`.

    Raises:
        FormatError: This is no name of a pack.
    """
    if not is_pack_name(name):
        raise _error(f"{name!r:.100} is not the name of one")
    area, digest = name.split("/")
    return f"packs/{area}/{digest[:2]}/{digest}.pack"


def build_footer(entries: Sequence[PackEntry]) -> bytes:
    """Return the index and the trailer that end a pack of these chunks."""
    index = b"".join([_ENTRY.pack(e.id, e.offset, e.stored, e.size, e.codec) for e in entries])
    return index + _TRAILER.pack(len(entries), blake3(index).digest(), INDEX_MAGIC)


def parse_trailer(tail: bytes, pack_size: int) -> Trailer:
    """Read a trailer.

    Args:
        tail: The pack's last bytes, at least `TRAILER_BYTES` of them.
        pack_size: Bytes of the whole pack.

    Raises:
        FormatError: It is no trailer, or does not fit a pack of that size.
    """
    if len(tail) < TRAILER_BYTES:
        raise _error("it is too short")
    count, digest, magic = _TRAILER.unpack_from(tail, len(tail) - TRAILER_BYTES)
    if magic != INDEX_MAGIC:
        raise _error("it does not end with the magic of one")
    if count > MAX_CHUNKS or count * ENTRY_BYTES > pack_size - TRAILER_BYTES - len(MAGIC):
        raise _error(f"it cannot hold the {count} chunks that it counts")
    return Trailer(count, digest)


def parse_index(index: bytes, trailer: Trailer, pack_size: int) -> tuple[PackEntry, ...]:
    """Read an index and check that it describes a pack of that size without gap or overlap.

    Raises:
        FormatError: It does not.
    """
    if len(index) != trailer.index_bytes or blake3(index).digest() != trailer.digest:
        raise _error("its index is damaged")
    entries = tuple([PackEntry(*fields) for fields in _ENTRY.iter_unpack(index)])
    end = len(MAGIC)
    for entry in entries:
        if entry.offset != end or not _is_sound(entry):
            raise _error(f"its index is wrong about the chunk {entry.id.hex()}")
        end += entry.stored
    if end != pack_size - TRAILER_BYTES - len(index):
        raise _error("its index does not cover it")
    return entries


def parse_pack(data: bytes) -> tuple[PackEntry, ...]:
    """Read the index of a whole pack.

    Raises:
        FormatError: It is no pack.
    """
    if not data.startswith(MAGIC):
        raise _error("it does not begin with the magic of one")
    trailer = parse_trailer(data, len(data))
    end = len(data) - TRAILER_BYTES
    return parse_index(data[end - trailer.index_bytes : end], trailer, len(data))


def _is_sound(entry: PackEntry) -> bool:
    if entry.codec == CODEC_RAW:
        return 0 < entry.size == entry.stored <= MAX_CHUNK
    return entry.codec == CODEC_ZSTD and 0 < entry.stored < entry.size <= MAX_CHUNK


def _error(problem: str) -> FormatError:
    return FormatError(
        f"this is not a pack: {problem}",
        kind="bad-pack",
        hint="stook verify --deep",
    )
