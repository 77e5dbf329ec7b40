"""Small inputs that mean to take much memory or time: `python bombs.py CASE` has one read, and measures that."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

from stook.chunks.compress import decompress_chunk
from stook.errors import IntegrityError
from stook.format import aliases, condemned, manifests, packs, records, repository, salvage, segments, values

_ONE = b"1" * 64
_BLOB = b'{"size":1,"digest":"%s","data":"YQ=="}' % _ONE
_TREE = b'{"k":"value","digest":"%s","blob":%s}' % (_ONE, _BLOB)
_NODES = b'{"k":"list","nodes":['
_SAME_HASH = 2**61 - 1
"""Python's hash of an int is what is left when it is divided by this."""


def _deep(opening: bytes, end: bytes = b"]") -> bytes:
    return opening * 500_000 + end * 500_000


def _colliding(form: bytes) -> bytes:
    return b",".join(form % (_SAME_HASH * number) for number in range(1, 60_000))


def _paths() -> bytes:
    below = b"/".join([b"a"] * 2000)
    return b",".join(b'["%d/%s",%s,false]' % (number, below, _BLOB) for number in range(500))


def _zeros(size: int, declared: int) -> bytes:
    """Return a zstd frame of so many bytes, all alike, that says it has others."""
    block = 128 * 1024
    blocks = [
        ((block << 3) | 2 | (at + block >= size)).to_bytes(3, "little") + b"x" for at in range(0, size, block)
    ]
    return b"\x28\xb5\x2f\xfd\xe0" + declared.to_bytes(8, "little") + b"".join(blocks)


def _huge_window() -> bytes:
    """Return a zstd frame that asks for a window of terabytes."""
    return b"\x28\xb5\x2f\xfd\x00\xf8" + _zeros(2**30, 0)[13:]


def _salvage(data: bytes) -> None:
    for _ in salvage.iter_pieces(salvage.unseal_some(data)[0]):
        pass
    salvage.find_end(data)


def _false_frames(count: int) -> bytes:
    return segments.MAGIC + ((65536).to_bytes(4, "little") + bytes(16) + b'{"type":') * count


CASES: dict[str, Callable[[], object]] = {
    "arrays": lambda: values.load(_deep(b"[")),
    "objects": lambda: values.load(_deep(b'{"a":', b"}")),
    "tuples": lambda: values.load(_deep(b'{"$":"tuple","v":[', b"]}")),
    "digits": lambda: values.load(b"9" * 4_000_000),
    "exponent": lambda: values.load(b"1e" + b"9" * 4_000_000),
    "int": lambda: values.load(b'{"$":"int","v":"%s"}' % (b"9" * 4_000_000)),
    "decimal": lambda: values.load(b'{"$":"decimal","v":"1E+%s"}' % (b"9" * 4_000_000)),
    "set": lambda: values.load(b'{"$":"set","v":[%s]}' % _colliding(b'{"$":"int","v":"%d"}')),
    "dict": lambda: values.load(b'{"$":"dict","v":[%s]}' % _colliding(b'[{"$":"int","v":"%d"},0]')),
    "params": lambda: manifests.load(b'{"tree":%s,"params":{"a":%s}}' % (_TREE, _deep(b"["))),
    "nodes": lambda: manifests.load(b'{"tree":%s%s%s}' % (_NODES * 200_000, _TREE, b"]}" * 200_000)),
    "listings": lambda: manifests.load(
        b'{"tree":{"k":"file","name":"x","blob":' + b'{"size":32,"list":' * 200_000
    ),
    "paths": lambda: manifests.load(b'{"tree":{"k":"folder","name":"d","files":[%s],"empty":[]}}' % _paths()),
    "record": lambda: records.load(_deep(b"[")),
    "alias": lambda: aliases.load(_deep(b"["), "aliases/c/n/a.json"),
    "condemned": lambda: condemned.load(_deep(b"[")),
    "identity": lambda: repository.load(_deep(b"[")),
    "pack": lambda: packs.parse_trailer(b"\xff" * 4 + bytes(32) + packs.INDEX_MAGIC, 2**31),
    "segment": lambda: segments.unseal(_zeros(2**30, 2**30)),
    "segment that declares less": lambda: segments.unseal(_zeros(2**30, 1000)),
    "segment without end": lambda: _salvage(_zeros(2**30, 2**28)),
    "salvaged segment": lambda: _salvage(_zeros(2**30, 2**64 - 1)),
    "window": lambda: _salvage(_huge_window()),
    "chunk": lambda: decompress_chunk(_zeros(2**30, 2**30), 2**24, packs.CODEC_ZSTD),
    "chunk that declares less": lambda: decompress_chunk(_zeros(2**30, 1000), 1000, packs.CODEC_ZSTD),
    "frames": lambda: _salvage(_false_frames(1_000_000)),
    "openings": lambda: _salvage(segments.MAGIC + b'{"type":' * 1_000_000),
    "zeros": lambda: _salvage(segments.MAGIC + bytes(8_000_000)),
}


def main() -> None:
    """Have a case read; print by how many kilobytes the process grew at most, and the seconds that it took."""
    case = CASES[sys.argv[1]]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    try:
        case()
    except IntegrityError as error:
        if len(error.message) > 1000:
            raise
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, time.process_time() - started)  # noqa: T201


if __name__ == "__main__":
    main()
