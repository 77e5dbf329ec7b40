"""Bytes in content-defined pieces: split, hash, compress, pack, and read back."""

from stook.chunks.index import ChunkIndex, MemoryIndex, read_pack_index
from stook.chunks.read import ChunkReader
from stook.chunks.sink import Sink
from stook.chunks.write import ChunkWriter
from stook.format.packs import Location, PackEntry

__all__ = [
    "ChunkIndex",
    "ChunkReader",
    "ChunkWriter",
    "Location",
    "MemoryIndex",
    "PackEntry",
    "Sink",
    "read_pack_index",
]
