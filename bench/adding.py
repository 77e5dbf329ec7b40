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
from bench.measuring import STOOK, by_turns, peak_mebibytes, quiet_environment, show, show_goal

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

    def clear() -> None:
        packed.unlink(missing_ok=True)
        for path in (copy, kept):
            shutil.rmtree(path, ignore_errors=True)
        os.sync()

    copied, loop, first = by_turns(
        _TIMES,
        clear,
        lambda: copy_folder(source, copy),
        lambda: append_all(source, packed),
        lambda: stook.open(kept).add("files", source),
    )
    show(f"cp -r of {MANY_FILES} x {SMALL_BYTES} bytes, not synced", copied)
    show("read + BLAKE3 + append + fsync", loop)
    show("store.add, beside cp -r", first, copied)
    show("store.add, beside the loop", first, loop)
    show_goal("wall, beside the loop", first.wall / loop.wall, 1.5)


def measure_large_file(folder: Path) -> None:
    """Add a file of 2 GiB that does not compress, and one that does."""
    for kind, blocks, goal in (("incompressible", random_blocks, 0.9), ("compressible", text_blocks, 2.2)):
        source, copy, home = folder / f"{kind}.bin", folder / "copy", folder / kind
        write_blocks(source, blocks(LARGE_BYTES), LARGE_BYTES)
        environment = quiet_environment(home)
        add = partial(stook_add, home / "store", source)
        copied, added = by_turns(
            _FEW_TIMES, partial(_clear, home, copy), partial(copy_durably, source, copy), add
        )
        show(f"cp and sync of 2 GiB, {kind}", copied)
        show("store.add, beside cp", added, copied)
        show_goal("wall, beside cp", added.wall / copied.wall, 1.5)
        show_goal("CPU", added.cpu / LARGE_BYTES * 1e9, goal, "s a GB")
        print(f"  {'takes in the store':<44}{folder_bytes(home / 'store') / LARGE_BYTES:9.3f} of its size")
        _clear(home, copy)
        peak = peak_mebibytes([STOOK, "add", "large", source], environment)
        show_goal("most memory of `stook add`", peak, 300, "MiB")
        source.unlink()
        _clear(home, copy)


def measure_tiny_bundles(folder: Path) -> None:
    """Make 2,000 bundles of one small value each, every one durable when its call returns."""
    kept, appended = folder / "store", folder / "appended"

    def clear() -> None:
        appended.unlink(missing_ok=True)
        shutil.rmtree(kept, ignore_errors=True)

    bound, made = by_turns(
        _TIMES, clear, lambda: append_with_fsync(appended, TINY_BUNDLES), lambda: _add_tiny(kept)
    )
    show(f"{TINY_BUNDLES} appends of 400 bytes, each with fsync", bound)
    show(f"{TINY_BUNDLES} x store.add of a small value", made, bound)
    show_goal("wall", made.wall, 1, "s")


def _add_tiny(kept: Path) -> None:
    store = stook.open(kept)
    for number in range(TINY_BUNDLES):
        store.add("tiny", {"number": number})


def _clear(home: Path, copy: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    copy.unlink(missing_ok=True)
    os.sync()


def stook_add(kept: Path, source: Path) -> None:
    """Add a file to a store."""
    stook.open(kept).add("large", source)


def make_files(folder: Path, count: int = MANY_FILES, size: int = SMALL_BYTES) -> None:
    """Write the small files, 200 to a folder."""
    for number in range(count):
        path = folder / f"{number // 200:03d}" / f"{number:05d}.bin"
        if number % 200 == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(os.urandom(size))


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
