"""What the runner itself costs: tasks that do nothing, cold and again with nothing changed; the same by peers."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from bench.adding import append_with_fsync
from bench.measuring import middle, quiet_environment, show, show_goal, spend, spend_command

_ROUNDS = 3
_PEERS = ("luigi", "doit", "joblib")
_GET_PEERS = "install it, or set STOOK_BENCH_PEERS to a virtual environment that has doit, luigi and joblib"


def measure_chain(folder: Path) -> None:
    """Run a chain of 200 tasks, each needing the one before."""
    measure_shape(folder, "chain", 200, cold=0.35, replay=0.2)


def measure_fan(folder: Path) -> None:
    """Run 1,000 tasks and one that needs them all."""
    measure_shape(folder, "fan", 1_000, cold=0.6, replay=0.25)


def measure_replay(folder: Path) -> None:
    """Run 10,000 tasks and one that needs them all, and again."""
    measure_shape(folder, "fan", 10_000, replay=2.0, rounds=1)


def measure_shape(
    folder: Path, shape: str, count: int, *, cold: float | None = None, replay: float, rounds: int = _ROUNDS
) -> None:
    """Print the cost of whole processes, cold and replayed, beside a start and as many durable appends; then of peers.

    Args:
        folder: For what is written.
        shape: `chain` or `fan`.
        count: How many tasks.
        cold: The CPU seconds that a first run may take; None where nobody minds.
        replay: The same of a run that finds all done.
        rounds: How often each is measured; the median counts.
    """
    environment = quiet_environment(folder)
    start = spend_command([sys.executable, "-c", "import click"], environment)
    appends = spend(partial(append_with_fsync, folder / "appended", count))
    show("python -c 'import click'", start)
    show(f"{count} appends of 400 bytes, each with fsync", appends)
    command = [sys.executable, "-m", "bench.noop_tasks", shape, str(count)]
    spend_command([*command[:-1], "1", str(folder / "warm")], environment)  # so that all byte code is there
    stores = [str(folder / f"store{turn}") for turn in range(rounds)]
    first = middle([spend_command([*command, store], environment) for store in stores])
    again = middle([spend_command([*command, stores[-1]], environment) for _ in range(rounds)])
    show(f"{shape} of {count}, cold, beside the appends", first, appends)
    show(f"{shape} of {count}, replay, beside the start", again, start)
    if cold is not None:
        show_goal("cold, cpu", first.cpu, cold, "s")
    show_goal("replay, cpu", again.cpu, replay, "s")
    for peer in _PEERS:
        _measure_peer(folder, peer, shape, count, environment)


def _measure_peer(folder: Path, peer: str, shape: str, count: int, environment: Mapping[str, str]) -> None:
    python = _find_python(peer, environment)
    if python is None:
        print(f"  {peer} is left out, for it is not there: {_GET_PEERS}")
        return
    script = Path(__file__).with_name("peer_tasks.py")
    command: list[str | Path] = [python, script, peer, shape, str(count), folder / peer]
    show(f"{peer}: {shape} of {count}, cold", spend_command(command, environment))
    show(f"{peer}: {shape} of {count}, replay", spend_command(command, environment))


def _find_python(peer: str, environment: Mapping[str, str]) -> str | None:
    """Return a Python that has a package: this one, or that of the environment that is named for it."""
    import subprocess

    peers = os.environ.get("STOOK_BENCH_PEERS")
    for python in (f"{peers}/bin/python" if peers else sys.executable, sys.executable):
        with suppress(FileNotFoundError):  # no environment is where it was said to be
            tried = subprocess.run(
                [python, "-c", f"import {peer}"], env=environment, capture_output=True, check=False
            )
            if tried.returncode == 0:
                return python
    return None
