"""What giving data back costs: checkouts beside `tar` and `cp`, and the latest version among few and many bundles."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

import stook
from bench.adding import MANY_FILES, SMALL_BYTES, make_files
from bench.measuring import Spent, quiet_environment, show, spend, spend_command
from stook.format import records
from stook.store import Store
from stook.store.checkout import checkout, status

ROUNDS = 5
LARGE_BYTES = 2 << 30
_BLOCK = 8 << 20
_FEW, _MANY = 10, 100_000
_GETS = 200
_CHECK_OUT = """
import resource, sys, stook
from stook.store.checkout import checkout
store = stook.open(sys.argv[1], context="bench")
checkout(store, store.get(sys.argv[2]), sys.argv[3])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


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

    tar, ours = _by_turns(untar, lambda: checkout(store, bundle, out), out)
    show(f"tar xf of {MANY_FILES} x {SMALL_BYTES} bytes", tar)
    show("checkout, beside tar", ours, tar)
    _show_peak(folder, "files")
    _measure_status(folder)


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

    cp, ours = _by_turns(copy, lambda: checkout(store, bundle, out), out)
    show("cp of 2 GiB", cp)
    show("checkout, beside cp", ours, cp)
    _show_peak(folder, "large")


def measure_get_latest(folder: Path) -> None:
    """Get the latest version of a name, in process, with 10 bundles and with 100,000."""
    times = {count: _time_get(folder / str(count), count) for count in (_FEW, _MANY)}
    show(f"{_GETS} x store.get with {_FEW} bundles", times[_FEW])
    show(f"{_GETS} x store.get with {_MANY} bundles", times[_MANY], times[_FEW])
    print(f"  {'one get of them':<44}{times[_MANY].wall / _GETS * 1000:9.3f} ms")


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
    return _median(
        [spend(lambda: [store.get(f"name{number % 10}") for number in range(_GETS)]) for _ in range(ROUNDS)]
    )


def _measure_status(folder: Path) -> None:
    """Print what `stook status` of the unchanged checkout costs beyond its start."""
    environment = quiet_environment(folder)
    program = Path(sys.executable).with_name("stook")
    commands: dict[str, list[str | Path]] = {
        "stook config": [program, "config"],
        "stook status": [program, "status", folder / "out"],
    }
    spent = {
        name: _median([spend_command(command, environment) for _ in range(ROUNDS)])
        for name, command in commands.items()
    }
    show("stook config, a start", spent["stook config"])
    show("stook status of them, unchanged", spent["stook status"], spent["stook config"])
    show("status() in process", _median([spend(lambda: status(folder / "out")) for _ in range(ROUNDS)]))


def _open(folder: Path) -> Store:
    return stook.open(folder / "store", context="bench")


def _by_turns(bound: Callable[[], object], ours: Callable[[], object], out: Path) -> tuple[Spent, Spent]:
    """Measure two ways to make a folder by turns, so that a busy machine slows both; the last is left there."""
    first: list[Spent] = []
    second: list[Spent] = []
    for _ in range(ROUNDS):
        for action, spent in ((bound, first), (ours, second)):
            shutil.rmtree(out, ignore_errors=True)
            os.sync()
            spent.append(spend(action))
    return _median(first), _median(second)


def _show_peak(folder: Path, name: str) -> None:
    command: list[str | Path] = [sys.executable, "-c", _CHECK_OUT, folder / "store", name, folder / "peak"]
    run = subprocess.run(command, env=quiet_environment(folder), capture_output=True, text=True, check=True)
    print(f"  {'peak memory of the process':<44}{int(run.stdout):9d} MiB")
    shutil.rmtree(folder / "peak")


def _median(spent: list[Spent]) -> Spent:
    return Spent(
        statistics.median(each.wall for each in spent), statistics.median(each.cpu for each in spent)
    )
