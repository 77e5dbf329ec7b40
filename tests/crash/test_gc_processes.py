"""Collecting garbage beside processes that write, and killed in the middle of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import stook
from stook.storage.folder import FolderStorage
from stook.store.packs.condemned import read_lists

_WRITER = """
import random, sys, stook
from stook.errors import ConflictError, NotFoundError
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
    assert len(mine[0].data["x"]) == 2 or store.find(mine[0].id) is None
"""
_COLLECTOR = """
import sys, stook
from stook.errors import ConflictError
from stook.store.gc import collect
store = stook.open(sys.argv[1], context="gc")
for _ in range(int(sys.argv[2])):
    try:
        done = collect(store.repository, wait=0.5)
    except ConflictError as error:
        assert error.kind == "gc-running", error
    else:
        print(done.swept.count, int(done.busy), flush=True)
"""


def _start(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _check(store: Path) -> int:
    """Read everything there is, and return how many bundles that is."""
    again = stook.open(store, context="gc")
    bundles = [bundle for number in range(4) for bundle in again.versions(f"n{number}")]
    for bundle in bundles:
        assert [len(part) for part in bundle.data["x"]] == [30_000, 8_000]
    return len(bundles)


@pytest.mark.parametrize("steps", [25, pytest.param(400, marks=pytest.mark.full)])
def test_collecting_beside_writers_loses_nothing(tmp_path: Path, steps: int) -> None:
    """Writers and collectors go on at once; all that is there at the end reads back, and garbage has gone."""
    store = tmp_path / "store"
    stook.open(store, context="gc").add("n0", {"x": [bytes(30_000), os.urandom(8_000)]})
    writers = [_start(_WRITER, str(store), str(number), str(steps)) for number in range(3)]
    collectors = [_start(_COLLECTOR, str(store), str(steps)) for _ in range(2)]
    swept = 0
    for process in writers + collectors:
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        swept += sum(int(line.split()[0]) for line in out.splitlines())
    assert swept > 0
    assert _check(store) >= 4


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.full)])
def test_collectors_are_killed_at_random(tmp_path: Path, rounds: int) -> None:
    """After each kill -9 everything reads back; in the end one collection leaves only what is needed."""
    store, chance = tmp_path / "store", random.Random(3)
    for number in range(rounds):
        writer = _start(_WRITER, str(store), str(number), "6")
        _, err = writer.communicate(timeout=600)
        assert writer.returncode == 0, err
        collector = _start(_COLLECTOR, str(store), "1000")
        assert collector.stdout is not None
        if chance.random() < 0.7:
            collector.stdout.readline()  # it is at work by now; without this it may not have begun
        try:
            collector.wait(timeout=chance.random() / 20)
        except subprocess.TimeoutExpired:
            collector.send_signal(signal.SIGKILL)
        collector.communicate()
        assert _check(store) >= 1
    last = _start(_COLLECTOR, str(store), "1")
    _, err = last.communicate(timeout=600)
    assert last.returncode == 0, err
    _check(store)
    assert read_lists(FolderStorage(store)) == (
        [],
        [],
    )  # half-written files and probes may be left: they mean nothing
