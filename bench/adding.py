"""What keeping data costs, beside `cp` and beside a bare loop that does the least a durable store can do."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from blake3 import blake3

import stook
from bench.measuring import median_of, peak_mebibytes, show, spend

MANY_FILES = 20_000
SMALL_BYTES = 10_000
LARGE_BYTES = 2 << 30
TINY_BUNDLES = 2_000
_BLOCK = 8 << 20
_TIMES = 5
_FEW_TIMES = 3


def measure_many_files(folder: Path) -> None:
    """Add a folder of 20,000 files of 10 KB."""
    source, copy, packed, kept = (folder / name for name in ("source", "copy", "appended", "store"))
    make_files(source)
    copied = median_of(_TIMES, lambda: copy_folder(source, copy), lambda: shutil.rmtree(copy))
    loop = median_of(_TIMES, lambda: append_all(source, packed), packed.unlink)
    show(f"cp -r of {MANY_FILES} x {SMALL_BYTES} bytes", copied)
    show("read + BLAKE3 + append + fsync", loop)
    first = median_of(_TIMES, lambda: stook.open(kept).add("files", source), lambda: shutil.rmtree(kept))
    show("store.add, beside cp -r", first, copied)
    show("store.add, beside the loop", first, loop)


def measure_large_file(folder: Path) -> None:
    """Add a file of 2 GiB that does not compress, and one that does."""
    for kind, blocks in (("incompressible", random_blocks), ("compressible", text_blocks)):
        source, copy, kept = folder / f"{kind}.bin", folder / "copy", folder / kind
        write_blocks(source, blocks(LARGE_BYTES), LARGE_BYTES)
        copied = median_of(_FEW_TIMES, partial(copy_durably, source, copy), copy.unlink)
        show(f"cp and sync of 2 GiB, {kind}", copied)
        added = median_of(_FEW_TIMES, partial(_add_alone, kept, source))
        show("store.add, beside cp", added, copied)
        print(f"  {'CPU seconds a GB':<44}{added.cpu / LARGE_BYTES * 1e9:9.3f}")
        print(f"  {'most memory held':<44}{peak_mebibytes():9.0f} MiB")
        print(f"  {'takes in the store':<44}{folder_bytes(kept) / LARGE_BYTES:9.3f} of its size")
        source.unlink()
        shutil.rmtree(kept)


def measure_tiny_bundles(folder: Path) -> None:
    """Make 2,000 bundles of one small value each, every one durable when its call returns."""
    store = stook.open(folder / "store")
    bound = spend(lambda: append_with_fsync(folder / "appended", TINY_BUNDLES))
    show(f"{TINY_BUNDLES} appends of 400 bytes, each with fsync", bound)
    made = spend(lambda: [store.add("tiny", {"number": number}) for number in range(TINY_BUNDLES)])
    show(f"{TINY_BUNDLES} x store.add of a small value", made, bound)


def _add_alone(kept: Path, source: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    stook.open(kept).add("large", source)


def make_files(folder: Path) -> None:
    """Write the small files, 200 to a folder."""
    for number in range(MANY_FILES):
        path = folder / f"{number // 200:03d}" / f"{number:05d}.bin"
        if number % 200 == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(os.urandom(SMALL_BYTES))


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder, not durably."""
    subprocess.run(["cp", "-r", source, target], check=True)


def append_all(source: Path, target: Path) -> None:
    """Hash every file and append it to one, durable in the end."""
    with open(target, "xb") as out:
        for root, _, names in os.walk(source):
            for name in names:
                with open(os.path.join(root, name), "rb") as file:
                    data = file.read()
                blake3(data).digest()
                out.write(data)
        out.flush()
        os.fsync(out.fileno())


def append_with_fsync(target: Path, times: int) -> None:
    """Append small records to a file, each durable before the next."""
    record = os.urandom(400)
    with open(target, "xb", buffering=0) as out:
        for _ in range(times):
            out.write(record)
            os.fsync(out.fileno())


def copy_durably(source: Path, target: Path) -> None:
    """Copy a file and wait until the disk has it."""
    subprocess.run(["cp", source, target], check=True)
    subprocess.run(["sync", target], check=True)


def random_blocks(size: int = 1 << 30) -> Iterator[bytes]:
    """Yield so many bytes in blocks in which nothing repeats."""
    for _ in range(size // _BLOCK):
        yield os.urandom(_BLOCK)


def text_blocks(size: int = 1 << 30, seed: int = 7) -> Iterator[bytes]:
    """Yield blocks like a table in CSV, no two the same: one block with its digits exchanged by turns."""
    chance = random.Random(seed)
    row = b"%d,%d,2011-%02d-%02d %02d:%02d,%d.%02d,United Kingdom\n"
    rows = [
        row % tuple(chance.randrange(top) for top in (99999, 9999, 12, 28, 24, 60, 100, 100))
        for _ in range(200_000)
    ]
    block = b"".join(rows)[:_BLOCK]
    for _ in range(-(-size // len(block))):
        digits = bytes(chance.sample(b"0123456789", 10))
        yield block.translate(bytes.maketrans(b"0123456789", digits))


def write_blocks(path: Path, blocks: Iterator[bytes], size: int = 1 << 30) -> None:
    """Write blocks to a file, durably."""
    with open(path, "xb") as out:
        for block in blocks:
            out.write(block)
        out.truncate(size)
        out.flush()
        os.fsync(out.fileno())


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
