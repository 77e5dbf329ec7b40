"""Short files on their way into packs: what is not tried twice, and what is not asked twice."""

from __future__ import annotations

import os
import random
from pathlib import Path

from stook.chunks import ChunkWriter, MemoryIndex
from stook.chunks.compress import compress_chunks
from stook.chunks.write import Seen
from stook.format.packs import CODEC_RAW, CODEC_ZSTD
from stook.storage import open_storage

CHANCE = random.Random(3)
ROWS = b"".join(b"%d,%d,2011-03-04\n" % (n, CHANCE.randrange(999)) for n in range(800))


def test_text_among_what_does_not_compress_is_compressed() -> None:
    """After many raw chunks less of each is tried, yet the first that is worth it is found, and all after it."""
    dense = [(b"d", CHANCE.randbytes(10_000)) for _ in range(20)]
    packed = compress_chunks([*dense, (b"t", ROWS), *dense, (b"t", ROWS)])
    assert [codec for id_, codec, *_ in packed if id_ == b"t"] == [CODEC_ZSTD, CODEC_ZSTD]
    assert {codec for id_, codec, *_ in packed if id_ == b"d"} == {CODEC_RAW}


def test_a_file_is_what_it_is_now_whatever_was_seen(tmp_path: Path) -> None:
    """A status that holds no more, of a shorter, longer or older file, costs a second look and nothing else."""
    path = tmp_path / "file"
    writer = ChunkWriter(open_storage("memory:"), MemoryIndex())
    path.write_bytes(b"a" * 5000)
    seen = _seen(path.stat())
    assert writer.read_file(path, seen) == (writer.add_bytes(b"a" * 5000), b"", None)
    for content in (b"b" * 4000, b"c" * 6000, b"d" * 5000, b"e" * 300_000):
        path.write_bytes(content)
        os.utime(path, ns=(1, 1))
        read = writer.read_file(path, seen)
        assert read.blob == writer.add_bytes(content)
        assert read.status is not None
        assert _seen(read.status) == _seen(path.stat())


def _seen(found: os.stat_result) -> Seen:
    """Return all of a status but when the file was last read, which reading changes."""
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev, found.st_mode
