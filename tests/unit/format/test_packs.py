"""Packs: index and trailer, and what is refused."""

from __future__ import annotations

import pytest
from blake3 import blake3

from stook.errors import FormatError
from stook.format import packs
from stook.format.limits import MAX_CHUNK
from stook.format.packs import CODEC_RAW, CODEC_ZSTD, PackEntry

FIRST = PackEntry(blake3(b"first").digest(), 8, 5, 5, CODEC_RAW)
SECOND = PackEntry(blake3(b"second" * 9).digest(), 13, 7, 54, CODEC_ZSTD)


def _pack(*entries: PackEntry, body: bytes = b"firstSECOND!") -> bytes:
    return packs.MAGIC + body + packs.build_footer(entries)


def test_the_index_of_a_pack_comes_back() -> None:
    """Entries are read as they were written, from a whole pack and from its tail."""
    data = _pack(FIRST, SECOND)
    assert packs.parse_pack(data) == (FIRST, SECOND)
    trailer = packs.parse_trailer(data[-packs.TRAILER_BYTES :], len(data))
    assert (trailer.count, trailer.index_bytes) == (2, 98)
    assert packs.parse_pack(_pack(body=b"")) == ()


def test_sizes_of_the_layout_are_the_specified_ones() -> None:
    """An entry takes 49 bytes and the trailer 44."""
    assert (packs.ENTRY_BYTES, packs.TRAILER_BYTES) == (49, 44)


@pytest.mark.parametrize(
    "entries",
    [
        [SECOND],
        [FIRST],
        [SECOND, FIRST],
        [FIRST, PackEntry(SECOND.id, 14, 6, 54, CODEC_ZSTD)],
        [FIRST, PackEntry(SECOND.id, 13, 7, MAX_CHUNK + 1, CODEC_ZSTD)],
        [FIRST, PackEntry(SECOND.id, 13, 7, 7, CODEC_ZSTD)],
        [FIRST, PackEntry(SECOND.id, 13, 7, 8, CODEC_RAW)],
        [FIRST, PackEntry(SECOND.id, 13, 7, 54, 2)],
        [FIRST, SECOND, PackEntry(SECOND.id, 20, 0, 0, CODEC_RAW)],
    ],
)
def test_an_index_that_does_not_fit_its_pack_is_refused(entries: list[PackEntry]) -> None:
    """Gaps, overlaps, wrong order, sizes out of bounds and unknown codecs are a FormatError."""
    with pytest.raises(FormatError) as caught:
        packs.parse_pack(_pack(*entries))
    assert caught.value.kind == "bad-pack"


def test_every_damaged_byte_outside_the_chunks_is_found() -> None:
    """A flipped bit in the magic, the index or the trailer is a FormatError; so is a pack cut anywhere."""
    data = _pack(FIRST, SECOND)
    for at in [*range(8), *range(20, len(data))]:
        damaged = bytearray(data)
        damaged[at] ^= 1
        with pytest.raises(FormatError):
            packs.parse_pack(bytes(damaged))
    for size in range(len(data)):
        with pytest.raises(FormatError):
            packs.parse_pack(data[:size])


def test_a_count_beyond_the_pack_is_refused_before_anything_is_read() -> None:
    """A trailer cannot make a reader ask for more bytes than the pack has."""
    tail = (2**32 - 1).to_bytes(4, "little") + bytes(32) + b"STOOKIX1"
    with pytest.raises(FormatError, match="cannot hold"):
        packs.parse_trailer(tail, 1000)


@pytest.mark.parametrize(
    "name", ["data/../x", "other/" + "0" * 64, "data/" + "A" * 64, "data/" + "0" * 65, ""]
)
def test_only_names_of_packs_become_keys(name: str) -> None:
    """A name from a record cannot reach another object."""
    with pytest.raises(FormatError):
        packs.pack_key(name)
    assert packs.pack_key("meta/" + "0f" * 32) == f"packs/meta/0f/{'0f' * 32}.pack"
