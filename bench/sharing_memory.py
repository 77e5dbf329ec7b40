"""How much memory sharing many bundles takes at the most."""

from __future__ import annotations

from pathlib import Path

import stook
from bench.measuring import STOOK, peak_mebibytes, show_goal
from bench.remotes import Home
from bench.s3_server import Server, serving
from tests.unit.store.remotes.filling import fill

_MOST = 400
_BUNDLES = 20_000
_SMALL_BYTES = 10_000
_MANY_BUNDLES = 100_000
_TINY_BYTES = 100
_AT_ONCE = 10_000


def measure(folder: Path) -> None:
    """Push and pull 20,000 bundles of 10 KB, and 100,000 of 100 bytes."""
    with serving() as server:
        _measure(folder / "few", server, _BUNDLES, _SMALL_BYTES)
        _measure(folder / "many", server, _MANY_BUNDLES, _TINY_BYTES)


def _measure(folder: Path, server: Server, count: int, size: int) -> None:
    folder.mkdir()
    home = Home(folder / "home", server)
    store = stook.open(home.folder / "store")
    for start in range(0, count, _AT_ONCE):
        fill(store, _AT_ONCE, size=size, prefix=f"name-{start // _AT_ONCE}")
    home.use(f"s3://bench/{folder.name}")
    other = Home(folder / "other", server)
    other.use(home.url)
    _show(home, f"push of {count} bundles", "push", "--all")
    _show(home, f"push, nothing to do, {count} bundles", "push", "--all")
    _show(other, f"pull of what is said of {count} bundles", "pull")
    _show(other, "pull, nothing to do", "pull")
    other.clear()
    other.use(home.url)
    _show(other, "pull of all data of these", "pull", "--data")


def _show(home: Home, what: str, *command: str) -> None:
    show_goal(f"most memory, {what}", peak_mebibytes([STOOK, *command], home.environment), _MOST, "MiB")
