"""What the runner itself costs: tasks that do nothing, cold and again with nothing changed."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.adding import append_with_fsync
from bench.measuring import quiet_environment, show, spend, spend_command


def measure_chain(folder: Path) -> None:
    """Run a chain of 200 tasks, each needing the one before."""
    measure_shape(folder, "chain", 200)


def measure_fan(folder: Path) -> None:
    """Run 1,000 tasks and one that needs them all."""
    measure_shape(folder, "fan", 1_000)


def measure_shape(folder: Path, shape: str, count: int) -> None:
    """Print the cost of a whole process, cold and replayed, beside a start and as many durable appends."""
    environment = quiet_environment(folder)
    start = spend_command([sys.executable, "-c", "import click"], environment)
    appends = spend(lambda: append_with_fsync(folder / "appended", count))
    show("python -c 'import click'", start)
    show(f"{count} appends of 400 bytes, each with fsync", appends)
    command = [sys.executable, "-m", "bench.noop_tasks", shape, str(count), str(folder / "store")]
    show(f"{shape} of {count}, cold, beside the appends", spend_command(command, environment), appends)
    show(f"{shape} of {count}, replay, beside the start", spend_command(command, environment), start)
