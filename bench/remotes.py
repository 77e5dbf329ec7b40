"""What sharing costs: push and pull over S3, as whole commands, beside the best that others do with the same server."""

from __future__ import annotations

import os
import shutil
import sys
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
from bench.s3_server import Server, serving

_PART_BYTES = 64 << 20
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
    bound, pushed = by_turns(
        _TIMES,
        lambda: home.forget_remote(next(places)),
        lambda: put_parts(server, one),
        lambda: home.stook("push", "files"),
    )
    show(f"{label}: one PUT for each 64 MB", bound)
    show(f"{label}: stook push", pushed, bound)
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
                show(f"stook {' '.join(command)}, nothing to do, {late} ms", spent, version)
                show_goal("requests", requests, 3, "requests")
                trips = requests * late / 1000
                show_goal("wall, beside --version and trips", spent.wall / (version.wall + trips), 1.5)


def measure_cold(folder: Path) -> None:
    """Pull one bundle of 10 KB from a remote of 10,000 bundles and much data, on a new machine."""
    size = int(float(os.environ.get("STOOK_BENCH_GIGABYTES", "2")) * 1e9) // _BIG_BUNDLES
    with serving() as server:
        home = Home(folder / "home", server)
        store = stook.open(home.folder / "store")
        home.use("s3://bench/cold")
        for number in range(_BIG_BUNDLES):
            for small in range(_MANY_BUNDLES // _BIG_BUNDLES):
                store.add(f"small.{number}.{small:03d}", os.urandom(SMALL_BYTES))
            big = folder / "big.bin"
            write_blocks(big, random_blocks(size), size)
            store.add(f"big.{number}", big)
            big.unlink()
            home.stook("push", "--all")
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


def put_parts(server: Server, source: Path) -> None:
    """Put a file as objects of 64 MB, one after another."""
    _run_python(_PUT_PARTS, server, str(source), str(_PART_BYTES))


def uploads() -> Mapping[str, Callable[[Server, Path], None]]:
    """Return what else can upload a file, by name."""
    found: dict[str, Callable[[Server, Path], None]] = {
        "obstore": lambda server, path: _run_python(_UPLOAD, server, str(path))
    }
    if program := find_program("s5cmd"):
        found["s5cmd"] = lambda server, path: _run([program, "cp", path, "s3://bench/s5cmd.bin"], server)
    if clone := find_program("rclone"):
        found["rclone"] = lambda server, path: _run(
            [clone, "copyto", "--ignore-times", path, f"{_rclone(server)}bench/rclone.bin"], server
        )
    return found


def downloads() -> Mapping[str, Callable[[Server, Path], None]]:
    """Return what else can download it, by name."""
    found: dict[str, Callable[[Server, Path], None]] = {
        "obstore": lambda server, path: _run_python(_DOWNLOAD, server, str(path))
    }
    if program := find_program("s5cmd"):
        found["s5cmd"] = lambda server, path: _run([program, "cp", "s3://bench/s5cmd.bin", path], server)
    if clone := find_program("rclone"):
        found["rclone"] = lambda server, path: _run(
            [clone, "copyto", f"{_rclone(server)}bench/rclone.bin", path], server
        )
    return found


def dvc_push(folder: Path, server: Server, source: Path) -> Spent | None:
    """Return what `dvc push` of a folder costs; None where there is no DVC."""
    program = os.environ.get("STOOK_BENCH_DVC") or shutil.which("dvc")
    if program is None:
        print("  dvc is left out, for it is not there: pip install 'dvc[s3]', or set STOOK_BENCH_DVC")
        return None
    folder.mkdir()
    shutil.copytree(source, folder / "data")
    environment = os.environ | server.environment | {"DVC_NO_ANALYTICS": "1", "HOME": str(folder)}
    environment["DVC_SITE_CACHE_DIR"] = str(folder / "site")
    remote = f"s3://bench/{folder.parent.name}-dvc"
    for command in (
        ("init", "--no-scm", "--quiet"),
        ("remote", "add", "--default", "origin", remote),
        ("remote", "modify", "origin", "endpointurl", server.endpoint),
        ("add", "--quiet", "data"),
    ):
        run_quietly([program, *command], environment, folder)
    spent = spend(lambda: run_quietly([program, "push", "--quiet"], environment, folder))
    shutil.rmtree(folder)
    return spent


def find_program(name: str) -> str | None:
    """Return a program that others made, or say how to get it."""
    found = os.environ.get(f"STOOK_BENCH_{name.upper()}") or shutil.which(name)
    if found is None:
        print(f"  {name} is left out, for it is not there: set STOOK_BENCH_{name.upper()} to the program")
    return found


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


def _rclone(server: Server) -> str:
    keys = "access_key_id=bench,secret_access_key=bench,region=us-east-1,no_check_bucket=true"
    return f":s3,provider=Other,force_path_style=true,{keys},endpoint='{server.endpoint}':"


def _run(command: list[str | Path], server: Server) -> None:
    run_quietly(command, os.environ | server.environment | {"S3_ENDPOINT_URL": server.endpoint})


def _run_python(program: str, server: Server, *words: str) -> None:
    run_quietly([sys.executable, "-c", program, server.endpoint, *words], os.environ | server.environment)


_STORE = """
import os, sys, uuid
from concurrent.futures import ThreadPoolExecutor
import obstore
from obstore.store import S3Store
endpoint, path, *rest = sys.argv[1:]
store = S3Store("bench", endpoint=endpoint, client_options={"allow_http": True, "timeout": "600s"})
"""
_PUT_PARTS = (
    _STORE
    + """
with open(path, "rb") as file:
    while data := file.read(int(rest[0])):
        obstore.put(store, f"parts/{uuid.uuid4()}", data, use_multipart=False)
"""
)
_UPLOAD = _STORE + 'obstore.put(store, "obstore.bin", open(path, "rb"))\n'
_DOWNLOAD = (
    _STORE
    + """
size = obstore.head(store, "obstore.bin")["size"]
part = 16 << 20
starts = range(0, size, part)
with open(path, "wb") as file, ThreadPoolExecutor(8) as pool:
    for data in pool.map(lambda s: obstore.get_range(store, "obstore.bin", start=s, end=min(size, s + part)), starts):
        file.write(data)
"""
)
