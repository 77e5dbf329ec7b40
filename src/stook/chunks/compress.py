"""Chunks as they are stored: one zstd frame each where that pays, raw where it does not."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import zstandard
from blake3 import blake3

from stook.errors import IntegrityError
from stook.format.limits import MAX_CHUNK
from stook.format.packs import CODEC_RAW, CODEC_ZSTD

__all__ = ["Packed", "compress_chunks", "decompress_chunk", "unpack_chunk"]

# Of zstd's fastest strategy, tables that stay in the processor's first cache and no short matches: for tables of text
# a tenth less time than level 1 for at most a fiftieth more bytes.
_WINDOW_LOG, _HASH_LOG, _MIN_MATCH = 18, 13, 7
_WORTH_IT = 0.97
_SAMPLED_FROM = 256 * 1024
_SAMPLE_BYTES = 24 * 1024
# Where many chunks in a row were not worth it, as of images or of what is compressed already, of the next ones less is
# tried; but any gain in that little counts, so that the first that is worth it is not missed.
_RAW_RUN = 8
_PROBED_FROM = 4 * 1024
_PROBE_BYTES = 1024

Bytes = bytes | memoryview
Packed = tuple[bytes, int, int, Bytes]
"""Id, codec, bytes before compression, stored bytes."""

_local = threading.local()


def compress_chunks(chunks: Sequence[tuple[bytes, Bytes]]) -> list[Packed]:
    """Return chunks as they are to be stored; raw ones are the very buffers that were given."""
    compressor = _compressor()
    packed: list[Packed] = []
    run = 0
    for id_, data in chunks:
        if run >= _RAW_RUN and _seems_dense(compressor, data):
            packed.append((id_, CODEC_RAW, len(data), data))
            continue
        one = _compress(compressor, id_, data)
        run = run + 1 if one[1] == CODEC_RAW else 0
        packed.append(one)
    return packed


def decompress_chunk(stored: Bytes, size: int, codec: int) -> bytes:
    """Return a chunk's bytes, never more than `size` whatever the stored bytes claim.

    Raises:
        IntegrityError: They are not `size` bytes, or cannot be decompressed.
    """
    if codec == CODEC_RAW and len(stored) == size:
        return bytes(stored)
    if codec != CODEC_ZSTD or not 0 < size <= MAX_CHUNK:
        raise _damaged("its sizes do not fit")
    try:
        if zstandard.get_frame_parameters(stored).content_size != size:
            raise _damaged("its sizes do not fit")
        return _decompressor().decompress(stored, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise _damaged(str(error)) from error


def unpack_chunk(id_: bytes, stored: Bytes, size: int, codec: int) -> Bytes:
    """Return the same, held against the chunk's id. Raises IntegrityError also where it differs."""
    data = stored if codec == CODEC_RAW and len(stored) == size else decompress_chunk(stored, size, codec)
    if blake3(data).digest() != id_:
        raise IntegrityError("its bytes are not what they were", kind="damaged-chunk")
    return data


def _compress(compressor: zstandard.ZstdCompressor, id_: bytes, data: Bytes) -> Packed:
    size = len(data)
    if size >= _SAMPLED_FROM:
        sample = _sample(data, _SAMPLE_BYTES)
        if len(compressor.compress(sample)) > _WORTH_IT * len(sample):
            return id_, CODEC_RAW, size, data
    compressed = compressor.compress(data)
    if len(compressed) > _WORTH_IT * size:
        return id_, CODEC_RAW, size, data
    return id_, CODEC_ZSTD, size, compressed


def _seems_dense(compressor: zstandard.ZstdCompressor, data: Bytes) -> bool:
    """Tell whether nothing at all is gained in a few bytes of a chunk."""
    if not _PROBED_FROM <= len(data) < _SAMPLED_FROM:
        return False
    sample = _sample(data, _PROBE_BYTES)
    return len(compressor.compress(sample)) >= len(sample)


def _sample(data: Bytes, size: int) -> bytes:
    """Return about so many bytes: of the beginning, the middle and the end."""
    third, middle = size // 3, len(data) // 2
    return b"".join((data[:third], data[middle : middle + third], data[len(data) - third :]))


def _compressor() -> zstandard.ZstdCompressor:
    """Return this thread's compressor; making one takes longer than compressing a small chunk."""
    compressor: zstandard.ZstdCompressor | None = getattr(_local, "compressor", None)
    if compressor is None:
        parameters = zstandard.ZstdCompressionParameters(
            strategy=zstandard.STRATEGY_FAST,
            window_log=_WINDOW_LOG,
            hash_log=_HASH_LOG,
            chain_log=_HASH_LOG,
            search_log=1,
            min_match=_MIN_MATCH,
            target_length=0,
        )
        compressor = _local.compressor = zstandard.ZstdCompressor(compression_params=parameters)
    return compressor


def _decompressor() -> zstandard.ZstdDecompressor:
    decompressor: zstandard.ZstdDecompressor | None = getattr(_local, "decompressor", None)
    if decompressor is None:
        decompressor = _local.decompressor = zstandard.ZstdDecompressor()
    return decompressor


def _damaged(problem: str) -> IntegrityError:
    return IntegrityError(f"a chunk is damaged: {problem}", kind="damaged-chunk", hint="stook verify --deep")
