"""Time, CPU time, and lines that show both beside their bound."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Spent:
    """Wall and CPU seconds (user and system, threads and ended child processes included)."""

    wall: float
    cpu: float


def spend(action: Callable[[], object]) -> Spent:
    """Return what calling something costs."""
    cpu, wall = _cpu_seconds(), time.perf_counter()
    action()
    return Spent(time.perf_counter() - wall, _cpu_seconds() - cpu)


def median_of(times: int, action: Callable[[], object], after: Callable[[], object] | None = None) -> Spent:
    """Return the median of what calling something several times costs, wall and CPU each for itself.

    Args:
        times: How often.
        action: What to call.
        after: Called after each, to clear away; not counted.
    """
    spent = []
    for _ in range(times):
        spent.append(spend(action))
        if after is not None:
            after()
    return Spent(statistics.median(s.wall for s in spent), statistics.median(s.cpu for s in spent))


def spend_command(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Spent:
    """Return what a command and the processes below it cost; its output is thrown away."""
    return spend(
        lambda: subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True
        )
    )


def quiet_environment(folder: Path) -> dict[str, str]:
    """Return an environment with home, store and cache below `folder`, and byte code kept between starts."""
    ours = {"HOME": folder / "home", "STOOK_HOME": folder / "store", "STOOK_CACHE": folder / "cache"}
    others = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return others | {name: str(path) for name, path in ours.items()}


def show(label: str, spent: Spent, bound: Spent | None = None) -> None:
    """Print one line: what was spent, and how many times the bound that is."""
    line = f"  {label:<44}{spent.wall:9.3f} s wall{spent.cpu:9.3f} s cpu"
    if bound is not None:
        line += f"{_ratio(spent.wall, bound.wall):>9} wall{_ratio(spent.cpu, bound.cpu):>9} cpu"
    print(line, flush=True)


def describe_machine() -> str:
    """Return a line on what the figures were taken on."""
    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} CPUs, load {load:.1f} at the start"
    )


def peak_mebibytes() -> float:
    """Return the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ratio(value: float, bound: float) -> str:
    return f"{value / bound:.2f}x" if bound > 0 else "-"


def _cpu_seconds() -> float:
    whole = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in whole)
