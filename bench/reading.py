"""What giving data back costs: checkouts beside `tar` and `cp`, and the latest version among few and many bundles."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import msgspec

import stook
from bench.adding import MANY_FILES, SMALL_BYTES, make_files
from bench.measuring import (
    STOOK,
    Spent,
    by_turns,
    median_of,
    peak_mebibytes,
    quiet_environment,
    show,
    show_goal,
)
from stook.format import records
from stook.store import Store
from stook.store.checkout import checkout, status

ROUNDS = 5
_FEW_ROUNDS = 3
LARGE_BYTES = 2 << 30
_BLOCK = 8 << 20
_FEW, _MANY = 10, 100_000
_GETS = 200


def measure_many_files(folder: Path) -> None:
    """Check out 20,000 files of 10 KB, beside `tar xf` of the same; neither side is synced."""
    source, archive, store = folder / "source", folder / "a.tar", _open(folder)
    make_files(source)
    subprocess.run(["tar", "cf", archive, "-C", source, "."], check=True)
    bundle = store.add("files", source)
    shutil.rmtree(source)
    out = folder / "out"

    def untar() -> None:
        out.mkdir()
        subprocess.run(["tar", "xf", archive, "-C", out], check=True)

    tar, ours = by_turns(ROUNDS, lambda: _clear(out), untar, lambda: checkout(store, bundle, out))
    show(f"tar xf of {MANY_FILES} x {SMALL_BYTES} bytes", tar)
    show("checkout, beside tar", ours, tar)
    show_goal("wall, beside tar", ours.wall / tar.wall, 1.3)
    _show_peak(folder, "files")
    show("status() in process", median_of(ROUNDS, lambda: status(out)))


def measure_large_file(folder: Path) -> None:
    """Check out one file of 2 GiB that does not compress, beside `cp`; neither side is synced."""
    source, store, out = folder / "large.bin", _open(folder), folder / "out"
    with source.open("wb") as file:
        for _ in range(LARGE_BYTES // _BLOCK):
            file.write(os.urandom(_BLOCK))
    bundle = store.add("large", source)

    def copy() -> None:
        out.mkdir()
        subprocess.run(["cp", source, out], check=True)

    cp, ours = by_turns(_FEW_ROUNDS, lambda: _clear(out), copy, lambda: checkout(store, bundle, out))
    show("cp of 2 GiB", cp)
    show("checkout, beside cp", ours, cp)
    show_goal("wall, beside cp", ours.wall / cp.wall, 1.5)
    _show_peak(folder, "large")


def measure_get_latest(folder: Path) -> None:
    """Get the latest version of a name, in process, with 10 bundles and with 100,000."""
    times = {count: _time_get(folder / str(count), count) for count in (_FEW, _MANY)}
    show(f"{_GETS} x store.get with {_FEW} bundles", times[_FEW])
    show(f"{_GETS} x store.get with {_MANY} bundles", times[_MANY], times[_FEW])
    show_goal("wall, beside few", times[_MANY].wall / times[_FEW].wall, 1.5)
    show_goal("one get of them", times[_MANY].wall / _GETS * 1000, 1, "ms")


def _time_get(folder: Path, count: int) -> Spent:
    store = stook.open(folder / "store", context="bench")
    template = store.add("name0", 1).record
    for at in range(0, count, 1000):
        payloads = [
            records.dump(
                msgspec.structs.replace(
                    template, id=store.repository.clock.new_id(), name=f"name{number % 1000}"
                )
            )
            for number in range(at, min(at + 1000, count))
        ]
        store.repository.log.append(payloads)
    store.get("name0")
    return median_of(ROUNDS, lambda: [store.get(f"name{number % 10}") for number in range(_GETS)])


def _open(folder: Path) -> Store:
    return stook.open(folder / "store", context="bench")


def _clear(out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    os.sync()


def _show_peak(folder: Path, name: str) -> None:
    """Print how much memory a checkout by a process of its own takes; the goal is that of adding."""
    command: list[str | Path] = [STOOK, "checkout", "--context", "bench", name, folder / "peak"]
    show_goal(
        "most memory of `stook checkout`", peak_mebibytes(command, quiet_environment(folder)), 300, "MiB"
    )
    shutil.rmtree(folder / "peak")
