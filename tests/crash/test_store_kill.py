"""A process that adds bundles is killed without warning, again and again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import stook
from stook.store.verify import verify

_WRITER = """
import os, sys, stook
store = stook.open(sys.argv[1], context="kill")
number = int(sys.argv[2])
while True:
    number += 1
    bundle = store.add(f"n{number % 7}", {"number": number, "bytes": os.urandom(number % 9000)})
    print(bundle.id, number, flush=True)
"""


@pytest.mark.parametrize("rounds", [pytest.param(8), pytest.param(120, marks=pytest.mark.full)])
def test_every_acknowledged_bundle_survives_kill_9(tmp_path: Path, rounds: int) -> None:
    """After each kill -9 every id that was printed reads back with its content, and the store goes on."""
    chance = random.Random(7)
    acknowledged: dict[str, int] = {}
    number = 0
    for _ in range(rounds):
        acknowledged.update(_write_until_killed(tmp_path / "store", number, chance.randint(1, 40)))
        number = max(acknowledged.values())
        store = stook.open(tmp_path / "store", context="kill")
        for identifier, written in acknowledged.items():
            data = store.get(identifier).data
            assert data["number"] == written
            assert len(data["bytes"]) == written % 9000
        assert verify(store).is_clean


def _write_until_killed(store: Path, number: int, lines: int) -> list[tuple[str, int]]:
    """Return what a writer acknowledged; it is killed once it has printed so many lines, in the middle of the next."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(store), str(number)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stdout is not None
    seen = [process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    seen += process.stdout.readlines()
    process.wait()
    pairs = [line.split() for line in seen if line.endswith("\n")]
    return [(identifier, int(count)) for identifier, count in pairs]
