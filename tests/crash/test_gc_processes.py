"""Collecting garbage beside processes that write, and killed in the middle of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import stook
from stook.storage.folder import FolderStorage
from stook.store.gc import Amount, collect
from stook.store.packs.condemned import read_lists
from stook.store.verify import verify

_WRITER = """
import random, sys, stook
from stook.errors import ConflictError, NotFoundError, StookError
store = stook.open(sys.argv[1], context="gc")
chance = random.Random(int(sys.argv[2]))
mine = []
for step in range(int(sys.argv[3])):
    # Contents come again and again, so that what one removes another has just begun to rely on.
    data = [random.Random(chance.randint(0, 5)).randbytes(30_000), random.Random(step).randbytes(8_000)]
    try:
        if chance.random() < 0.5:
            with store.draft(f"n{step % 4}") as draft:
                draft["x"] = data
        else:
            store.add(f"n{step % 4}", {"x": data})
    except ConflictError as error:
        assert error.kind == "collected", error
    mine = store.versions(f"n{step % 4}")
    for bundle in mine[1:]:
        try:
            store.rm(bundle)
            if chance.random() < 0.3:
                store.restore(bundle.id)
        except NotFoundError:
            pass
    try:
        assert not mine or len(mine[0].data["x"]) == 2
    except StookError:
        if store.find(mine[0].id) is not None:  # else another has added the next and removed this one by now
            raise
"""
_COLLECTOR = """
import os, sys, stook
from stook.errors import ConflictError
from stook.store.gc import collect
store = stook.open(sys.argv[1], context="gc")
while os.path.exists(sys.argv[2]):
    try:
        done = collect(store.repository, wait=0.5)
    except ConflictError as error:
        assert error.kind == "gc-running", error
    else:
        print(done.swept.count, int(done.busy), flush=True)
"""


def _start(script: str, *arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _end(process: subprocess.Popen[str]) -> str:
    """Wait for a process that must succeed, and return what it printed."""
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return out


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Path]:
    """A file; collectors go on while it is there."""
    path = tmp_path / "at work"
    path.touch()
    yield path
    path.unlink(missing_ok=True)


def _check(store: Path) -> int:
    """Read everything there is, and return how many bundles that is."""
    again = stook.open(store, context="gc")
    bundles = [bundle for number in range(4) for bundle in again.versions(f"n{number}")]
    for bundle in bundles:
        assert [len(part) for part in bundle.data["x"]] == [30_000, 8_000]
    return len(bundles)


def _collect_alone(store: Path) -> int:
    """Collect where nobody else is at work, see that nothing is left to do, and return how many packs went."""
    last = stook.open(store, context="gc")
    done, again = (collect(last.repository) for _ in range(2))
    assert (done.busy, again.busy, again.swept) == (False, False, Amount())
    # Half-written files and probes may be left of those who were killed: they mean nothing.
    assert read_lists(FolderStorage(store)) == ([], [])
    assert verify(last, deep=True).is_clean
    return done.swept.count


@pytest.mark.parametrize("steps", [25, pytest.param(400, marks=pytest.mark.full)])
def test_collecting_beside_writers_loses_nothing(tmp_path: Path, at_work: Path, steps: int) -> None:
    """Writers and collectors go on at once; all that is there at the end reads back, and garbage has gone."""
    store = tmp_path / "store"
    stook.open(store, context="gc").add("n0", {"x": [bytes(30_000), os.urandom(8_000)]})
    writers = [_start(_WRITER, store, str(number), str(steps)) for number in range(3)]
    collectors = [_start(_COLLECTOR, store, at_work) for _ in range(2)]
    for writer in writers:
        _end(writer)
    at_work.unlink()
    swept = sum(int(line.split()[0]) for collector in collectors for line in _end(collector).splitlines())
    assert _check(store) >= 4
    assert swept + _collect_alone(store) > 0
    assert _check(store) >= 4


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.full)])
def test_collectors_are_killed_at_random(tmp_path: Path, at_work: Path, rounds: int) -> None:
    """After each kill -9 everything reads back; in the end one collection leaves only what is needed."""
    store, chance = tmp_path / "store", random.Random(3)
    for number in range(rounds):
        _end(_start(_WRITER, store, str(number), "6"))
        collector = _start(_COLLECTOR, store, at_work)
        assert collector.stdout is not None
        if chance.random() < 0.7:
            collector.stdout.readline()  # it is at work by now; without this it may not have begun
        with suppress(subprocess.TimeoutExpired):
            collector.wait(timeout=chance.random() / 20)
        collector.kill()
        _, err = collector.communicate()
        assert collector.returncode == -signal.SIGKILL, err
        assert _check(store) >= 1
    _collect_alone(store)
    assert _check(store) >= 1
