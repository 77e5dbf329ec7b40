"""Buffers that are lent again, and packs made of views of them."""

from __future__ import annotations

import os

from stook.chunks.assembly import Assembly
from stook.chunks.blocks import BLOCK_BYTES, BlockPool
from stook.chunks.compress import Packed
from stook.format.packs import CODEC_RAW, CODEC_ZSTD, MAGIC, parse_pack

KIB = 1024


def _address(view: memoryview) -> int:
    return id(view.obj)


def test_a_block_is_lent_again_when_no_view_of_it_is_left() -> None:
    """While any part of a block is looked at it is nobody else's; after that it is taken before a new one."""
    pool = BlockPool()
    first = pool.take()
    assert len(first) == BLOCK_BYTES
    address, part = _address(first), first[7:9]
    del first
    second = pool.take()
    assert _address(second) != address
    del part
    third = pool.take()
    assert _address(third) == address
    assert len(third) == BLOCK_BYTES


def test_a_pool_that_is_cleared_leaves_views_alone() -> None:
    """What was lent stays as it is, and is never lent again."""
    pool = BlockPool()
    view = pool.take()
    view[:4] = b"kept"
    pool.clear()
    pool.take()[:4] = b"lost"
    assert bytes(view[:4]) == b"kept"


def _chunk(size: int, codec: int = CODEC_RAW) -> Packed:
    return os.urandom(32), codec, size + (codec == CODEC_ZSTD), memoryview(os.urandom(size))


def _assemble(assembly: Assembly, chunks: list[Packed]) -> list[bytes | memoryview]:
    for chunk in chunks:
        assembly.add(chunk)
    return assembly.finish()


def test_a_pack_of_all_sizes_is_a_pack() -> None:
    """Chunks of any size and codec, in any order, make a pack that its index describes, each where it says."""
    sizes = [1, 40 * KIB, 5, 5, 3000 * KIB, *[20 * KIB] * 120, 40 * KIB, 900 * KIB, 7]
    chunks = [_chunk(size, codec) for size in sizes for codec in (CODEC_RAW, CODEC_ZSTD)]
    assembly = Assembly(BlockPool())
    assert assembly.is_empty
    pack = b"".join(_assemble(assembly, chunks))
    assert not assembly.is_empty
    entries = parse_pack(pack)
    assert entries == assembly.entries
    stored = [(entry.id, entry.codec, pack[entry.offset : entry.offset + entry.stored]) for entry in entries]
    assert stored == [(id_, codec, bytes(data)) for id_, codec, _, data in chunks]
    assert pack.startswith(MAGIC)


def test_large_raw_chunks_are_not_copied() -> None:
    """A large raw chunk is a piece as it came, whatever is between; the small ones are few pieces."""
    large = [_chunk(100 * KIB) for _ in range(3)]
    pieces = _assemble(
        Assembly(BlockPool()), [chunk for raw in large for chunk in (raw, _chunk(9), _chunk(9))]
    )
    assert [piece for piece in pieces if any(piece is raw[3] for raw in large)] == [raw[3] for raw in large]
    assert len(pieces) == 7
    assert len(_assemble(Assembly(BlockPool()), [_chunk(100) for _ in range(5000)])) == 1


def test_small_chunks_beyond_a_block_keep_their_bytes() -> None:
    """What is copied to a block is never written over while the pack is not written."""
    chunks = [_chunk(16 * KIB) for _ in range(1200)]
    pool = BlockPool()
    first, second = Assembly(pool), Assembly(pool)
    packs = [_assemble(first, chunks), _assemble(second, chunks[::-1])]
    for pieces, assembly in zip(packs, (first, second), strict=True):
        assert parse_pack(b"".join(pieces)) == assembly.entries
    data = b"".join(packs[0])
    assert [data[entry.offset : entry.offset + entry.stored] for entry in first.entries] == [
        bytes(chunk[3]) for chunk in chunks
    ]


def test_few_raw_chunks_do_not_keep_many_blocks() -> None:
    """When very many blocks are held for a chunk in each, further chunks are copied, and their blocks are free."""
    pool = BlockPool()
    assembly = Assembly(pool)
    for number in range(100):
        block = pool.take()
        block[:4] = number.to_bytes(4, "little")
        assembly.add((number.to_bytes(32, "little"), CODEC_RAW, 40 * KIB, block[: 40 * KIB]))
        del block
    assert len(pool._blocks) < 40
    pack = b"".join(assembly.finish())
    starts = [int.from_bytes(pack[entry.offset : entry.offset + 4], "little") for entry in parse_pack(pack)]
    assert starts == list(range(100))
