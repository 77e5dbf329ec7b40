"""What adding costs where most of it is in the store already."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import stook
from bench.adding import MANY_FILES, SMALL_BYTES, folder_bytes, make_files, text_blocks, write_blocks
from bench.measuring import (
    STOOK,
    by_turns,
    median_of,
    peak_mebibytes,
    quiet_environment,
    run_quietly,
    show,
    show_goal,
    spend,
    spend_command,
)

_TIMES = 5
_HUGE_FILES = 300_000
_TINY_BYTES = 200
_TABLE_BYTES = 1 << 30
_OLD_SECONDS = 2.5


def measure_unchanged(folder: Path) -> None:
    """Add a folder of 20,000 files again, with nothing and with little changed."""
    source = folder / "source"
    make_files(source)
    time.sleep(_OLD_SECONDS)  # what was written just before it is read is read again
    measure_as_process(folder, source)
    store = stook.open(folder / "inside")
    first = spend(lambda: store.add("files", source))
    show(f"store.add of {MANY_FILES} x {SMALL_BYTES} bytes", first)
    look = median_of(_TIMES, lambda: look_at_all(source))
    show("scandir and stat of every file", look)
    again = median_of(_TIMES, lambda: store.add("files", source, if_changed=True))
    show("store.add(…, if_changed=True), unchanged", again, look)
    show("store.add, unchanged, a new version", median_of(_TIMES, lambda: store.add("files", source)), look)
    changed = source / "000" / "00000.bin"
    for number in range(3):
        changed.write_bytes(os.urandom(SMALL_BYTES + number))
    show("store.add, one file changed", spend(lambda: store.add("files", source, if_changed=True)), look)


def measure_huge_folder(folder: Path) -> None:
    """Add a folder of 300,000 tiny files, and add it again with nothing and with one file changed."""
    source = folder / "source"
    make_files(source, _HUGE_FILES, _TINY_BYTES)
    time.sleep(_OLD_SECONDS)
    environment = quiet_environment(folder)
    add = (STOOK, "add", "files", source)
    look = median_of(_TIMES, lambda: look_at_all(source))
    show(f"scandir and stat of {_HUGE_FILES} files", look)
    show("stook add of them", spend_command(add, environment), look)
    again = median_of(_TIMES, lambda: run_quietly(add, environment))
    show("stook add, unchanged", again, look)
    show_goal("CPU beside the looks", again.cpu / look.cpu, 3)
    show_goal("most memory of it", peak_mebibytes(add, environment), 300, "MiB")
    (source / "000" / "00000.bin").write_bytes(os.urandom(_TINY_BYTES))
    show("stook add, one file changed", spend_command(add, environment), look)


def measure_second_version(folder: Path) -> None:
    """Add a table of 1 GiB in CSV again, changed a little; most of the disk that it takes is that of the first."""
    source = folder / "table.csv"
    write_blocks(source, text_blocks(_TABLE_BYTES), _TABLE_BYTES)
    changes: dict[str, tuple[Callable[[Path], None], float]] = {
        "unchanged": (lambda _: None, 0),
        "1 % appended": (_append, 1.5),
        "0.1 % changed in one place": (_change, 0.3),
        "0.1 % inserted in the middle": (_insert, 0.3),
    }
    time.sleep(_OLD_SECONDS)
    store = stook.open(folder / "store")
    show("store.add of 1 GiB", spend(lambda: store.add("table", source)))
    for what, (change, goal) in changes.items():
        change(source)
        before = folder_bytes(folder / "store")
        show(f"store.add, {what}", spend(lambda: store.add("table", source, if_changed=True)))
        new = folder_bytes(folder / "store") - before
        show_goal("new bytes on disk, of the table's", new / _TABLE_BYTES * 100, goal, "%")
        print(f"  {'the same, of the store before':<44}{new / before * 100:9.3f} %")


def measure_as_process(folder: Path, source: Path) -> None:
    """Print what `stook add` of an unchanged folder, and `stook status` of a checkout of it, cost beyond a start."""
    environment = quiet_environment(folder)
    out = folder / "out"
    run_quietly([STOOK, "add", "files", source], environment)
    run_quietly([STOOK, "checkout", "files", out], environment)
    time.sleep(_OLD_SECONDS)
    start, add, status = by_turns(
        _TIMES,
        lambda: None,
        lambda: run_quietly([STOOK, "ls"], environment),
        lambda: run_quietly([STOOK, "add", "files", source], environment),
        lambda: run_quietly([STOOK, "status", out], environment),
    )
    show("stook ls of one bundle, a start", start)
    show(f"stook add of {MANY_FILES} files, unchanged", add, start)
    show_goal("wall beyond the start", add.wall - start.wall, 0.25, "s")
    show("stook status of them, unchanged", status, start)
    show_goal("wall beyond the start", status.wall - start.wall, 0.25, "s")


def look_at_all(folder: Path) -> None:
    """Ask for the status of every file below a folder, and do nothing with it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                look_at_all(Path(entry.path))
            else:
                entry.stat()


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(fresh_text(_TABLE_BYTES // 100))


def _change(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(_TABLE_BYTES // 3)
        file.write(fresh_text(_TABLE_BYTES // 1000))


def _insert(path: Path) -> None:
    other = path.with_name("other")
    with path.open("rb") as old, other.open("xb") as new:
        new.write(old.read(_TABLE_BYTES // 2))
        new.write(fresh_text(_TABLE_BYTES // 1000))
        shutil.copyfileobj(old, new, 1 << 20)
    other.replace(path)


def fresh_text(size: int) -> bytes:
    """Return lines of such a table that are not in it."""
    return b"".join(text_blocks(size, seed=size))[:size]
