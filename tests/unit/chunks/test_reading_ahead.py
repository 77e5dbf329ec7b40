"""A blob as a file: who reads it from end to end is read ahead for, who jumps about is not."""

from __future__ import annotations

import io
import random

from hypothesis import given
from hypothesis import strategies as st

from stook.chunks import ChunkReader, ChunkWriter, MemoryIndex
from stook.chunks.file import BlobFile
from stook.storage import open_storage
from stook.testing import FaultyStorage

MIB = 1024 * 1024
KIB = 1024


class _Ranges:
    """Bytes, and which ranges of them were asked for."""

    def __init__(self, size: int) -> None:
        self.data = random.Random(1).randbytes(size)
        self.asked: list[tuple[int, int]] = []

    def read(self, start: int, length: int) -> bytes:
        """Return a range."""
        self.asked.append((start, length))
        return self.data[start : start + length]


def test_reading_on_asks_for_more_each_time() -> None:
    """From end to end the ranges double up to the most; they follow one another, and nothing is asked for twice."""
    ranges = _Ranges(4 * MIB)
    with io.BufferedReader(BlobFile(4 * MIB, ranges.read, MIB), 64 * KIB) as file:
        assert b"".join(iter(lambda: file.read(10_000), b"")) == ranges.data
    sizes = [length for _, length in ranges.asked if length]
    assert sizes[:6] == [64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB, MIB, MIB]
    assert max(sizes) == MIB
    assert all(b[0] == a[0] + a[1] for a, b in zip(ranges.asked[:5], ranges.asked[1:5], strict=False))
    assert len(sizes) < 10


def test_jumping_asks_for_no_more_than_is_wanted() -> None:
    """Reads here and there ask for what the buffer takes, also after a long reading from end to end."""
    ranges = _Ranges(4 * MIB)
    with io.BufferedReader(BlobFile(4 * MIB, ranges.read, MIB), 64 * KIB) as file:
        file.read(2 * MIB)
        ranges.asked.clear()
        for start in (3 * MIB + 5, 100, 3 * MIB - 1_000_000):
            file.seek(start)
            assert file.read(10) == ranges.data[start : start + 10]
    assert {length for _, length in ranges.asked} == {64 * KIB}


def test_on_a_disk_nothing_is_read_ahead() -> None:
    """Where a range costs no request, no more is asked for than what the buffer takes."""
    ranges = _Ranges(MIB)
    with io.BufferedReader(BlobFile(MIB, ranges.read), 64 * KIB) as file:
        assert b"".join(iter(lambda: file.read(10_000), b"")) == ranges.data
    assert {length for _, length in ranges.asked} == {64 * KIB}


def test_all_of_a_file_is_one_reading() -> None:
    """Who asks for all that is left gets it at once, not by kilobytes; at the end that is nothing."""
    ranges = _Ranges(MIB)
    with io.BufferedReader(BlobFile(MIB, ranges.read, MIB), 64 * KIB) as file:
        assert file.read(10) == ranges.data[:10]
        assert file.read() == ranges.data[10:]
        assert file.read() == b""
        assert file.tell() == MIB
    assert len([length for _, length in ranges.asked if length]) == 2


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 3000), st.none() | st.integers(0, 900)), max_size=30),
    st.integers(0, 2000),
)
def test_a_file_is_like_any_other(steps: list[tuple[int | None, int | None]], most_ahead: int) -> None:
    """Whatever is read where and in which order, it is what a file in memory gives."""
    ranges = _Ranges(2500)
    ours, plain = io.BufferedReader(BlobFile(2500, ranges.read, most_ahead), 64), io.BytesIO(ranges.data)
    for place, length in steps:
        if place is not None:
            assert ours.seek(place) == plain.seek(place)
        assert ours.read(length) == plain.read(length)
        assert ours.tell() == plain.tell()


def test_a_blob_over_a_network_comes_in_megabytes() -> None:
    """A large blob that is read through a file takes few requests; one read in the middle of it takes one small one."""
    storage, index = FaultyStorage(open_storage("memory:")), MemoryIndex()
    data = random.Random(1).randbytes(24 * MIB)
    writer = ChunkWriter(storage, index)
    blob = writer.add_bytes(data)
    writer.flush()
    before = len(storage.log)
    with ChunkReader(storage, index).open(blob) as file:
        assert b"".join(iter(lambda: file.read(50_000), b"")) == data
    assert len(storage.log) - before < 12
    with ChunkReader(storage, index).open(blob) as file:
        before = len(storage.log)
        file.seek(5 * MIB)
        assert file.read(100) == data[5 * MIB :][:100]
    assert len(storage.log) - before == 1
