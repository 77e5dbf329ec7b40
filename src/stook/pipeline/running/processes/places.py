"""Which process of a pool takes a task, and whether there is room for one more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stook.pipeline.running.processes.task_process import TaskProcess
    from stook.pipeline.running.work import Work

__all__ = ["has_room", "idle_in", "threads_of"]

_EXACT = 1e-9


def has_room(processes: Sequence[TaskProcess], work: Work, jobs: int) -> bool:
    """Tell whether a task may run beside those that do; one that wants more CPUs than there are runs alone."""
    running = [each.work.node.traits.cpus for each in processes if each.is_running and each.work]
    return not running or sum(running) + work.node.traits.cpus <= jobs + _EXACT


def threads_of(work: Work, jobs: int) -> int:
    """Return how many threads libraries may use: for a sole task all, as they may in the process of the run."""
    return 0 if jobs == 1 else max(1, round(min(work.node.traits.cpus, jobs)))


def idle_in(processes: Sequence[TaskProcess]) -> list[TaskProcess]:
    """Return those that could take a task."""
    return [process for process in processes if process.is_idle]
