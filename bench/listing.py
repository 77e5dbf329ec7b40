"""Listing and finding among 100,000 bundles, beside the same among 10."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from blake3 import blake3

import stook
from bench.measuring import STOOK, Spent, middle, quiet_environment, show, show_goal, spend, spend_command
from stook.format import records, trees
from stook.model.lineage import Environment, Lineage
from stook.model.record import BundleRecord, Manifest
from stook.model.tree import Blob, File
from stook.store import Store

BUNDLES = 100_000
SCREENFUL = 40
ROUNDS = 5
_GOAL = 1.5
_AT_ONCE = 5_000
_GETS = 200
_WHERE = Environment(python="3.13.1", platform="Linux x86_64", host="bench", user="bench")


def measure(folder: Path) -> None:
    """Print medians for three stores: a few bundles, a screenful of names in many versions, and many names."""
    stores = {
        "10": _make(folder / "10", names=10, versions=1),
        "40 names": _make(folder / "40-names", names=SCREENFUL, versions=BUNDLES // SCREENFUL),
        "100k names": _make(folder / "100k-names", names=BUNDLES, versions=1),
    }
    screenful = ["-n", str(SCREENFUL)]
    _compare("stook ls", ["ls"], [stores["10"], stores["40 names"]], goal=_GOAL)
    _compare("stook ls -v", ["ls", "-v"], [stores["10"], stores["40 names"]], goal=_GOAL)
    _compare("stook ls -n 40", ["ls", *screenful], [stores["10"], stores["100k names"]], goal=_GOAL)
    _compare("stook ls -v -n 40", ["ls", "-v", *screenful], [stores["10"], stores["100k names"]], goal=_GOAL)
    _compare("stook show (the latest)", ["show", "made.up.00003"], list(stores.values()), goal=_GOAL)
    _compare("stook trace (not there)", ["trace", sys.executable], list(stores.values()), codes=(4,))
    _compare("stook ls, 100,000 lines", ["ls"], [stores["100k names"]], rounds=3)
    for name, home in stores.items():
        _measure_inside(name, home)
    for name, home in stores.items():
        _measure_lost_catalog(name, home)


def fill(store: Store, *, names: int, versions: int) -> None:
    """Write records of small files straight to the log, which is what 100,000 runs of `stook add` would leave."""
    payloads = [records.dump(record) for record in _records(store, store.context_id(), names, versions)]
    for start in range(0, len(payloads), _AT_ONCE):
        store.repository.log.append(payloads[start : start + _AT_ONCE])


def _records(store: Store, context: str, names: int, versions: int) -> Iterator[BundleRecord]:
    clock = store.repository.clock
    for version in range(versions):
        for number in range(names):
            text = f"{version} {number}\n".encode()
            tree = File("a.txt", Blob(len(text), blake3(text).hexdigest(), data=text))
            now = int(clock.now() * 1e6)
            lineage = Lineage("add", environment=_WHERE, started=now, ended=now)
            yield BundleRecord(
                id=clock.new_id(),
                context=context,
                name=f"made.up.{number:05}",
                digest=trees.digest_tree(tree),
                size=len(text),
                time=now,
                owner="bench",
                task="add",
                tags={"source": "bench"},
                manifest=Manifest(tree, lineage=lineage),
            )


def _make(home: Path, *, names: int, versions: int) -> Path:
    os.environ.update(quiet_environment(home))
    store = stook.open(home / "store")
    if names * versions >= _AT_ONCE:
        spent = spend(lambda: fill(store, names=names, versions=versions))
        show(f"write {names * versions:,} records to the log", spent)
    else:
        fill(store, names=names, versions=versions)
    store.close()
    return home


def _compare(
    label: str,
    words: Sequence[str],
    homes: Sequence[Path],
    *,
    rounds: int = ROUNDS,
    codes: Sequence[int] = (0,),
    goal: float | None = None,
) -> None:
    """Run a command in several stores by turns, and show each beside the first."""
    spent: dict[Path, list[Spent]] = {home: [] for home in homes}
    for _ in range(rounds + 1):
        for home in homes:
            spent[home].append(_spend_run([STOOK, *words], home, codes))
    bound = middle(spent[homes[0]][1:])
    for home, times in spent.items():
        show(f"{label}: {home.name}", middle(times[1:]), bound)
        if goal is not None and home != homes[0]:
            show_goal(f"wall, beside {homes[0].name}", middle(times[1:]).wall / bound.wall, goal)


def _spend_run(command: Sequence[str | Path], home: Path, codes: Sequence[int]) -> Spent:
    environment = quiet_environment(home)
    if codes == (0,):
        return spend_command(command, environment)
    quiet = subprocess.DEVNULL
    return spend(
        lambda: subprocess.run(command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet, check=False)
    )


def _measure_inside(label: str, home: Path) -> None:
    """Show what it costs to get and to find within one process."""
    os.environ.update(quiet_environment(home))
    store = stook.open(home / "store")
    name = "made.up.00003"
    _show_each(f"store.get(name): {label}", lambda: store.get(name), goal=1)
    _show_each(f"store.outputs(…): {label}", lambda: store.outputs(name, "none"))
    _show_each(
        f"store.search(tag, limit=40): {label}", lambda: store.search(tags={"source": "bench"}, limit=40)
    )
    _show_each(
        f"store.search(latest, limit=40): {label}", lambda: store.search("made.*", latest=True, limit=40)
    )
    store.close()


def _show_each(label: str, action: Callable[[], object], goal: float | None = None) -> None:
    """Show the median of one call in milliseconds, and whether it is no more than the goal."""
    times = []
    for _ in range(_GETS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    each = statistics.median(times) * 1000
    if goal is None:
        print(f"  {label:<44}{each:9.3f} ms each", flush=True)
    else:
        show_goal(label, each, goal, "ms")


def _measure_lost_catalog(label: str, home: Path) -> None:
    os.environ.update(quiet_environment(home))
    for database in (home / "cache").glob("*/catalog.db*"):
        database.unlink()
    os.sync()
    show(f"the first open after a lost catalog: {label}", spend(lambda: stook.open(home / "store").close()))
