"""What processes of the pool cost: tasks that do nothing beside bare processes, and tasks that do over two CPUs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.measuring import quiet_environment, show, show_goal, spend_command

_COUNT = 1_000


def measure(folder: Path) -> None:
    """Run 1,000 tasks that do nothing in two processes, beside a bare pool of two that does nothing as often."""
    environment = quiet_environment(folder)
    command = [sys.executable, "-m", "bench.pool_tasks"]
    bare = spend_command([*command, "bare-nothing", str(_COUNT), "2"], environment)
    show(f"ProcessPoolExecutor(2), {_COUNT} times nothing", bare)
    one = spend_command([*command, "nothing", str(_COUNT), "1", str(folder / "one")], environment)
    show(f"{_COUNT} tasks of nothing, in this process", one, bare)
    two = spend_command([*command, "nothing", str(_COUNT), "2", str(folder / "two")], environment)
    show(f"{_COUNT} tasks of nothing, jobs=2", two, bare)
    show_goal("a task more than bare, wall", (two.wall - bare.wall) / _COUNT * 1e3, 2.0, "ms")
    show_goal("a task more than bare, cpu", (two.cpu - bare.cpu) / _COUNT * 1e3, 2.0, "ms")


def measure_fan_out(folder: Path) -> None:
    """Run 8 tasks of a second of CPU each, by ones and by twos. It says something on a quiet machine only."""
    environment = quiet_environment(folder)
    command = [sys.executable, "-m", "bench.pool_tasks"]
    bare = [spend_command([*command, "bare-busy", "8", jobs], environment) for jobs in "12"]
    show("ProcessPoolExecutor(1), 8 times a second", bare[0])
    show("ProcessPoolExecutor(2), 8 times a second", bare[1], bare[0])
    command += ["busy", "8"]
    one = spend_command([*command, "1", str(folder / "one")], environment)
    show("8 tasks of a second, jobs=1", one)
    two = spend_command([*command, "2", str(folder / "two")], environment)
    show("8 tasks of a second, jobs=2", two, one)
    show_goal("times as fast over two CPUs", one.wall / two.wall, 1.9, at_least=True)
    print(f"  a bare pool is {bare[0].wall / bare[1].wall:.2f} times as fast over two CPUs")


def run_bare(do: Callable[[int], object], count: int, jobs: int) -> None:
    """Call a function in processes, each time for itself."""
    with ProcessPoolExecutor(jobs) as pool:
        for future in [pool.submit(do, number) for number in range(count)]:
            future.result()


def work(_: int = 0) -> int:
    """Work for a second of CPU time, which is counted here: as much work however busy the machine is."""
    until, turns = time.process_time() + 1.0, 0
    while time.process_time() < until:
        turns += sum(range(1000)) > 0
    return turns
