"""What it costs to read back every byte of a store, beside BLAKE3 alone over the same files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from blake3 import blake3

import stook
from bench.adding import random_blocks
from bench.measuring import by_turns, show, show_goal
from stook.store.verify import verify

BUNDLES = 2
_ROUNDS = 5
_BLOCK = 1 << 20


def measure_verify(folder: Path) -> None:
    """Verify 2 GiB of content that does not compress, deeply and shallowly; by turns with the hash, medians of five."""
    store = stook.open(folder / "store", context="bench")
    source = folder / "source.bin"
    for number in range(BUNDLES):
        write(source, random_blocks())
        store.add(f"large{number}", source)
        source.unlink()
    packs = sorted((folder / "store").glob("packs/*/*/*.pack"))
    bound, deep, shallow = by_turns(
        _ROUNDS,
        lambda: None,
        partial(hash_all, packs),
        partial(verify, store, deep=True),
        partial(verify, store),
    )
    show(f"BLAKE3 of {len(packs)} packs, {count_threads()} threads", bound)
    show("verify --deep", deep, bound)
    show("verify", shallow, bound)
    show_goal("speed of the hash that --deep reaches", bound.wall / deep.wall, 0.7, at_least=True)


def hash_all(packs: list[Path]) -> None:
    """Hash files, one a thread, in the blocks that are quickest."""
    with ThreadPoolExecutor(count_threads()) as pool:
        list(pool.map(hash_file, packs))


def hash_file(path: Path) -> bytes:
    """Hash a file."""
    digest, block = blake3(), memoryview(bytearray(_BLOCK))
    with open(path, "rb", buffering=0) as file:
        while got := file.readinto(block):
            digest.update(block[:got])
    return digest.digest()


def count_threads() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def write(path: Path, blocks: Iterator[bytes]) -> None:
    """Write blocks to a file."""
    with open(path, "xb") as out:
        for block in blocks:
            out.write(block)
