"""Chunks of arbitrary content: whatever goes in comes out, from any position."""

from __future__ import annotations

import io
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from stook.chunks import ChunkReader, ChunkWriter, MemoryIndex
from stook.chunks.split import WHOLE_BYTES
from stook.errors import FormatError, IntegrityError
from stook.format.packs import pack_key, parse_pack
from stook.storage import open_storage

edges = st.sampled_from([0, 128, 4096, WHOLE_BYTES, 2 * WHOLE_BYTES, 1024 * 1024])
sizes = st.builds(lambda edge, by: max(0, edge + by), edges, st.integers(-2, 2)) | st.integers(0, 700_000)


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """Noise, repetition and runs of zeros, with sizes around the bounds."""
    source = random.Random(draw(st.integers(0, 2**32)))
    data = b""
    for _ in range(draw(st.integers(1, 3))):
        size = draw(sizes)
        kind = draw(st.sampled_from(["noise", "zeros", "text"]))
        data += {"noise": source.randbytes, "zeros": bytes, "text": lambda n: (b"%d," % n * n)[:n]}[kind](
            size
        )
    return data


@given(contents(), st.data())
@settings(max_examples=60, deadline=None)
def test_any_range_of_any_content_comes_back(data: bytes, draw: st.DataObject) -> None:
    """The whole and every range are what was stored, from a blob, and from a file over it."""
    storage, index = open_storage("memory:"), MemoryIndex()
    writer = ChunkWriter(storage, index)
    blob = writer.add_stream(io.BytesIO(data))
    writer.flush()
    reader = ChunkReader(storage, index)
    assert reader.read(blob) == data
    with reader.open(blob) as file:
        for _ in range(5):
            start = draw.draw(st.integers(0, len(data) + 3))
            length = draw.draw(st.integers(0, 300_000))
            assert reader.read_range(blob, start, length) == data[start : start + length]
            file.seek(start)
            assert file.read(length) == data[start : start + length]


@given(contents(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_pack_gives_the_right_bytes_or_an_error(data: bytes, draw: st.DataObject) -> None:
    """With any byte of any pack changed, a reader returns what was stored or raises; never other bytes."""
    storage, index = open_storage("memory:"), MemoryIndex()
    writer = ChunkWriter(storage, index)
    blob = writer.add_bytes(data)
    names = writer.flush()
    for name in names:
        pack = bytearray(storage.get(pack_key(name)).data)
        pack[draw.draw(st.integers(0, len(pack) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
        storage.delete(pack_key(name))
        storage.put_new(pack_key(name), bytes(pack))
        try:
            entries = parse_pack(bytes(pack))
        except FormatError:
            continue
        index.add(name, entries)
    try:
        assert ChunkReader(storage, index).read(blob) == data
    except IntegrityError:
        assert names
