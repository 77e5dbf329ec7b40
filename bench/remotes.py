"""What sharing costs: push and pull over S3, as whole commands, beside the best that others do with the same server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import stook
from bench.adding import SMALL_BYTES, make_files, random_blocks, text_blocks, write_blocks
from bench.again import fresh_text
from bench.measuring import (
    STOOK,
    Spent,
    by_turns,
    median_of,
    peak_mebibytes,
    quiet_environment,
    run_quietly,
    show,
    show_goal,
    spend,
)
from bench.s3_peers import downloads, dvc_push, put_parts, start_alone, uploads
from bench.s3_server import Server, serving

_LARGE_BYTES = 512 << 20
_TABLE_BYTES = 1 << 30
_TIMES = 3
_FEW = 5
_LATE = 30
_MANY_BUNDLES = 10_000
_BIG_BUNDLES = 10
_PACK_LIKE = 24 << 20


def measure_push(folder: Path) -> None:
    """Push 2,000 and 20,000 files of 10 KB, without and with 30 ms a request."""
    with serving() as server:
        for count in (2_000, 20_000):
            source = folder / f"source-{count}"
            make_files(source, count)
            one = folder / f"one-{count}"
            write_blocks(one, random_blocks(count * SMALL_BYTES), count * SMALL_BYTES)
            for late in (0, _LATE):
                server.late(late)
                _measure_small(folder / f"{count}-{late}", server, source, one, f"{count} x 10 KB, {late} ms")


def _measure_small(folder: Path, server: Server, source: Path, one: Path, label: str) -> None:
    home = Home(folder, server)
    home.keep("files", source)
    places = iter(range(1000))
    bound, pushed, start, version = by_turns(
        _TIMES,
        lambda: home.forget_remote(next(places)),
        lambda: put_parts(server, one),
        lambda: home.stook("push", "files"),
        lambda: start_alone(server),
        lambda: home.stook("--version"),
    )
    show(f"{label}: one PUT for each 64 MB", bound)
    show("  of that the start of Python and obstore", start)
    show(f"{label}: stook push", pushed, bound)
    show("  of that the start: stook --version", version)
    show_goal("wall, beside the PUTs", pushed.wall / bound.wall, 1.5)
    home.forget_remote(next(places))
    server.asked()
    home.stook("push", "files")
    asked = server.asked()
    packs = home.count_packs()
    show_goal("requests beyond the packs", asked.requests - packs, 6, "requests")
    show_peer("dvc push", pushed, lambda: dvc_push(folder / "dvc", server, source), 20)


def measure_large(folder: Path) -> None:
    """Push and pull 512 MB that do not compress."""
    source = folder / "large.bin"
    write_blocks(source, random_blocks(_LARGE_BYTES), _LARGE_BYTES)
    with serving() as server:
        home = Home(folder / "home", server)
        home.keep("large", source)
        places = iter(range(1000))
        ours, *theirs = by_turns(
            _TIMES,
            lambda: home.forget_remote(next(places)),
            lambda: home.stook("push", "large"),
            *(partial(run, server, source) for run in uploads().values()),
        )
        _show_best("push of 512 MB", ours, dict(zip(uploads(), theirs, strict=True)))
        home.forget_remote(next(places))
        peak = peak_mebibytes([STOOK, "push", "large"], home.environment)
        show_goal("most memory of stook push", peak, 400, "MiB")
        other = Home(folder / "other", server)
        other.use(home.url)
        target = folder / "down.bin"
        ours, *theirs = by_turns(
            _TIMES,
            lambda: _clear(other, home.url, target),
            lambda: other.stook("pull", "large", "--data"),
            *(partial(run, server, target) for run in downloads().values()),
        )
        _show_best("pull of 512 MB", ours, dict(zip(downloads(), theirs, strict=True)))
        _clear(other, home.url, target)
        peak = peak_mebibytes([STOOK, "pull", "large", "--data"], other.environment)
        show_goal("most memory of stook pull", peak, 400, "MiB")


def measure_second_push(folder: Path) -> None:
    """Push the second version of a table of 1 GB in CSV, 1 % appended."""
    source = folder / "table.csv"
    write_blocks(source, text_blocks(_TABLE_BYTES), _TABLE_BYTES)
    with serving() as server:
        home = Home(folder / "home", server)
        home.keep("table", source)
        home.use("s3://bench/second")
        home.stook("push", "table")
        first = server.asked().received
        with source.open("ab") as file:
            file.write(fresh_text(_TABLE_BYTES // 100))
        home.keep("table", source)
        spent = spend(lambda: home.stook("push", "table"))
        asked = server.asked()
        show("push of version 2 of 1 GB, 1 % appended", spent)
        show_goal("bytes, of those of the first push", asked.received / first * 100, 2, "%")
        print(f"  {asked.requests} requests {asked.methods}")


def measure_nothing(folder: Path) -> None:
    """Push and pull with nothing to do, among 10,000 bundles."""
    with serving() as server:
        home = Home(folder / "home", server)
        store = stook.open(home.folder / "store")
        for number in range(_MANY_BUNDLES):
            store.add(f"set.{number % 100:02d}", {"number": number})
        home.use("s3://bench/nothing")
        home.stook("push", "--all")
        version = median_of(_FEW, lambda: home.stook("--version"))
        for late in (0, _LATE):
            server.late(late)
            for command in (("push", "--all"), ("pull",)):
                home.stook(*command)
                server.asked()
                spent = median_of(_FEW, partial(home.stook, *command))
                requests = server.asked().requests / _FEW
                trip = server.trip()
                show(f"stook {' '.join(command)}, nothing to do, {late} ms", spent, version)
                show_goal("requests", requests, 3, "requests")
                trips = requests * trip
                print(f"  {requests:.0f} round trips of {trip * 1000:.1f} ms")
                show_goal("wall, beside --version and trips", spent.wall / (version.wall + trips), 1.5)


def measure_cold(folder: Path) -> None:
    """Pull one bundle of 10 KB from a remote of 10,000 bundles and much data, on a new machine."""
    size = int(float(os.environ.get("STOOK_BENCH_GIGABYTES", "2")) * 1e9) // _BIG_BUNDLES
    with serving() as server:
        for number in range(_BIG_BUNDLES):
            _push_share(folder / "home", server, number, size)
        other = Home(folder / "other", server)
        other.use("s3://bench/cold")
        server.asked()
        for late in (0, _LATE):
            server.late(late)
            other.clear()
            other.use("s3://bench/cold")
            shutil.rmtree(other.folder / "cache")  # with all that adding the remote has learned
            server.asked()
            spent = spend(lambda: other.stook("pull", "small.7.123", "--data"))
            asked = server.asked()
            show(f"pull of one of {_MANY_BUNDLES} bundles, cold, {late} ms", spent)
            show_goal("requests", asked.requests, 10, "requests")
            print(f"  {asked.methods}, {asked.sent / 1e6:.1f} MB")


def _push_share(folder: Path, server: Server, number: int, size: int) -> None:
    """Push a tenth of the bundles and of the data from a machine that is gone afterwards, so as to fill no disk."""
    home = Home(folder, server)
    home.use("s3://bench/cold")
    store = stook.open(folder / "store")
    for small in range(_MANY_BUNDLES // _BIG_BUNDLES):
        store.add(f"small.{number}.{small:03d}", os.urandom(SMALL_BYTES))
    big = folder / "big.bin"
    write_blocks(big, random_blocks(size), size)
    store.add(f"big.{number}", big)
    big.unlink()
    home.stook("push", "--all")
    shutil.rmtree(folder)


class Home:
    """A store with its caches, and a remote on a server."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.environment = quiet_environment(folder) | server.environment
        self.url = ""
        folder.mkdir()

    def stook(self, *words: str | Path) -> None:
        """Run a command."""
        run_quietly([STOOK, *words], self.environment, self.folder)

    def keep(self, name: str, source: Path) -> None:
        """Add a file or folder."""
        self.stook("add", name, source)

    def use(self, url: str) -> None:
        """Make a URL the remote."""
        if self.url:
            self.stook("remote", "rm", "origin")
        self.stook("remote", "add", "origin", url)
        self.url = url

    def forget_remote(self, number: int) -> None:
        """Let the remote be a new, empty one."""
        self.use(f"s3://bench/{self.folder.parent.name}/{self.folder.name}/{number}")

    def count_packs(self) -> int:
        """Return how many packs the store has."""
        return sum(1 for _ in (self.folder / "store" / "packs").rglob("*.pack"))

    def clear(self) -> None:
        """Be a new machine."""
        for name in ("store", "cache"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self.url = ""


def _clear(home: Home, url: str, target: Path) -> None:
    target.unlink(missing_ok=True)
    home.clear()
    home.use(url)


def show_peer(name: str, ours: Spent, measure: Callable[[], Spent | None], goal: float) -> None:
    """Print what another's work costs, and how many times ours that is."""
    theirs = measure()
    if theirs is not None:
        show(name, theirs, ours)
        show_goal(f"{name}, beside ours", theirs.wall / ours.wall, goal, at_least=True)


def _show_best(label: str, ours: Spent, theirs: Mapping[str, Spent]) -> None:
    for name, spent in theirs.items():
        show(f"{label}: {name}", spent)
    best = min(theirs.values(), key=lambda spent: spent.wall)
    show(f"{label}: stook, beside the best", ours, best)
    show_goal("wall, beside the best", ours.wall / best.wall, 1.3)
