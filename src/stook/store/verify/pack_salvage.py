"""The sound chunks of a pack that is damaged, and a pack of those."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from blake3 import blake3

from stook.chunks import PackEntry
from stook.chunks.compress import decompress_chunk
from stook.errors import FormatError, IntegrityError
from stook.format.limits import MAX_CHUNK
from stook.format.packs import (
    CODEC_RAW,
    CODEC_ZSTD,
    ENTRY_BYTES,
    MAGIC,
    TRAILER_BYTES,
    build_footer,
    parse_pack,
    parse_trailer,
)

__all__ = ["Salvage", "salvage"]

_ENTRY = struct.Struct("<32sQIIB")


@dataclass(frozen=True, slots=True)
class Salvage:
    """What can be had of a damaged pack.

    Attributes:
        sound: Its chunks that can be read, by where they are in it.
        lost: The ids of those that cannot, as far as they are known.
        pack: A pack of the sound ones, in their order and as they were stored; empty where there are none. If the
            damage was to nothing but the index or the magic, it is the pack as it was.
    """

    sound: tuple[PackEntry, ...]
    lost: frozenset[bytes]
    pack: bytes


def salvage(data: bytes, known: Iterable[PackEntry] = ()) -> Salvage:
    """Look what can be had of a pack.

    Args:
        data: Its bytes.
        known: What was in it, as far as that is remembered, for where its own index is damaged.
    """
    entries = {(entry.id, entry.offset): entry for entry in (*_find_index(data), *known)}.values()
    sound = sorted((*_iter_sound(data, entries), *_iter_unnamed(data, entries)), key=_by_offset)
    lost = frozenset(entry.id for entry in entries) - {entry.id for entry in sound}
    return Salvage(tuple(sound), lost, _rebuild(data, sound))


def _find_index(data: bytes) -> Sequence[PackEntry]:
    """Return the entries of a pack's index, or where that is damaged what is sound of it."""
    try:
        return parse_pack(MAGIC + data[len(MAGIC) :])
    except IntegrityError:
        return list(_iter_plausible(data))


def _iter_plausible(data: bytes) -> Iterator[PackEntry]:
    """Yield the entries whose chunks are sound, from the end of a pack back to where the last chunk ends."""
    at, end_of_chunks = len(data) - TRAILER_BYTES - ENTRY_BYTES, len(MAGIC)
    while at >= end_of_chunks:
        entry = PackEntry(*_ENTRY.unpack_from(data, at))
        if _can_be(entry, at) and any(_iter_sound(data, [entry])):
            end_of_chunks = max(end_of_chunks, entry.offset + entry.stored)
            yield entry
        at -= ENTRY_BYTES


def _iter_unnamed(data: bytes, entries: Collection[PackEntry]) -> Iterator[PackEntry]:
    """Yield chunks whose entry is damaged: what lies between two that are named, taken for one."""
    ends = [(entry.offset, entry.offset + entry.stored) for entry in entries]
    with suppress(FormatError):
        ends.append((len(data) - TRAILER_BYTES - parse_trailer(data, len(data)).index_bytes, len(data)))
    end = len(MAGIC)
    for start, next_end in sorted(ends):
        if 0 < start - end <= MAX_CHUNK:
            yield _name(memoryview(data)[end:start], end)
        end = max(end, next_end)


def _name(stored: memoryview, offset: int) -> PackEntry:
    """Return the entry that a chunk must have had; of bytes that are none it is one that nobody asks for."""
    import zstandard

    size, codec = len(stored), CODEC_RAW
    with suppress(zstandard.ZstdError):
        size, codec = zstandard.get_frame_parameters(stored).content_size, CODEC_ZSTD
    try:
        chunk = decompress_chunk(stored, size, codec)
    except IntegrityError:
        size, codec, chunk = len(stored), CODEC_RAW, bytes(stored)
    return PackEntry(blake3(chunk).digest(), offset, len(stored), size, codec)


def _can_be(entry: PackEntry, index_at: int) -> bool:
    return (
        entry.codec in {CODEC_RAW, CODEC_ZSTD}
        and len(MAGIC) <= entry.offset
        and 0 < entry.stored <= entry.size <= MAX_CHUNK
        and entry.offset + entry.stored <= index_at
    )


def _iter_sound(data: bytes, entries: Iterable[PackEntry]) -> Iterator[PackEntry]:
    view = memoryview(data)
    for entry in entries:
        stored = view[entry.offset : entry.offset + entry.stored]
        try:
            chunk = decompress_chunk(stored, entry.size, entry.codec)
        except IntegrityError:
            continue
        if blake3(chunk).digest() == entry.id:
            yield entry


def _rebuild(data: bytes, sound: Sequence[PackEntry]) -> bytes:
    if not sound:
        return b""
    pieces, moved, end = [MAGIC], [], len(MAGIC)
    for entry in sound:
        pieces.append(data[entry.offset : entry.offset + entry.stored])
        moved.append(msgspec.structs.replace(entry, offset=end))
        end += entry.stored
    return b"".join((*pieces, build_footer(moved)))


def _by_offset(entry: PackEntry) -> int:
    return entry.offset
