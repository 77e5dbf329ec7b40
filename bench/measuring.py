"""Time, CPU time and memory, and lines that show them beside their bounds and goals."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOOK = Path(sys.executable).with_name("stook")

_STARTER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


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


def middle(spent: Sequence[Spent]) -> Spent:
    """Return the medians, of wall and CPU time each for itself."""
    return Spent(
        statistics.median(each.wall for each in spent), statistics.median(each.cpu for each in spent)
    )


def median_of(times: int, action: Callable[[], object], after: Callable[[], object] | None = None) -> Spent:
    """Return the median of what calling something several times costs.

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
    return middle(spent)


def by_turns(times: int, before: Callable[[], object], *actions: Callable[[], object]) -> list[Spent]:
    """Return the median of what each action costs; they take turns, so that a busy machine slows all of them.

    Args:
        times: How often each is called.
        before: Called before each, to clear away what the last has left; not counted.
        actions: What to call.
    """
    spent: list[list[Spent]] = [[] for _ in actions]
    for _ in range(times):
        for action, some in zip(actions, spent, strict=True):
            before()
            some.append(spend(action))
    return [middle(some) for some in spent]


def spend_command(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Spent:
    """Return what a command and the processes below it cost; its output is thrown away."""
    return spend(lambda: run_quietly(command, environment))


def run_quietly(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> None:
    """Run a command that must succeed, and throw its output away.

    Raises:
        subprocess.CalledProcessError: It failed; what it said on stderr is shown.
    """
    result = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if result.returncode:
        sys.stderr.buffer.write(result.stderr)
        result.check_returncode()


def peak_mebibytes(command: Sequence[str | Path], environment: Mapping[str, str]) -> float:
    """Return the most memory that the process of a command held.

    It is started by a small process: what a process holds just before it becomes another program counts for that too.
    """
    starter = [sys.executable, "-S", "-c", _STARTER, *command]
    quiet = subprocess.DEVNULL
    done = subprocess.run(
        starter, env=environment, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, check=True
    )
    return int(done.stdout) / 1024


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


def show_goal(what: str, value: float, goal: float, unit: str = "x", *, at_least: bool = False) -> None:
    """Print one line: a figure, what it should be at most, or at least, and whether that is met."""
    is_met = value >= goal if at_least else value <= goal
    sign, answer = (">=" if at_least else "<="), ("met" if is_met else "NOT MET")
    print(f"  -> {what:<41}{value:9.3f} {unit:<10} goal {sign} {goal:g} {unit}: {answer}", flush=True)


def describe_machine() -> str:
    """Return a line on what the figures were taken on."""
    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} CPUs, load {load:.1f} at the start"
    )


def _ratio(value: float, bound: float) -> str:
    return f"{value / bound:.2f}x" if bound > 0 else "-"


def _cpu_seconds() -> float:
    whole = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in whole)
