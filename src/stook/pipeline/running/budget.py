"""How much of the machine is in use by tasks."""

from __future__ import annotations

import math

from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.traits import traits_of

__all__ = ["Budget"]

_PATIENCE = 16
_EXACT = 1e-9


class Budget:
    """Counts what running tasks take of CPUs and memory; a task that wants more than there is runs alone.

    Small tasks may go before a big one that waits for room, but only so often: then none may until that has run.

    Args:
        jobs: CPUs that there are for tasks.
        memory: Bytes that there are for tasks; all that this machine gives where None.
    """

    def __init__(self, jobs: int, memory: int | None = None) -> None:
        self._jobs = jobs
        self._memory = memory
        self._running: dict[int, tuple[float, int]] = {}
        self._cpus = 0.0
        self._bytes = 0
        self._waiting: tuple[int, float, int] | None = None
        self._overtaken = 0

    @property
    def in_use(self) -> int:
        """How many tasks are running."""
        return len(self._running)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for any task."""
        if self._jobs - self._cpus < _EXACT:
            return True
        if self._waiting is None or self._overtaken < _PATIENCE:
            return False
        _, cpus, size = self._waiting
        return not self._fits(cpus, size)

    def take(self, number: int, task: Task) -> bool:
        """Take what a task needs; False where there is no room for it now."""
        cpus, size = self._needs(task)
        is_first = self._waiting is not None and self._waiting[0] == number
        if not self._fits(cpus, size):
            if self._waiting is None:
                self._waiting, self._overtaken = (number, cpus, size), 0
            return False
        if is_first:
            self._waiting = None
        elif self._waiting is not None:
            if self._overtaken >= _PATIENCE:
                return False
            self._overtaken += 1
        self._running[number] = (cpus, size)
        self._cpus += cpus
        self._bytes += size
        return True

    def give_back(self, number: int) -> None:
        """Give back what a task had."""
        cpus, size = self._running.pop(number, (0.0, 0))
        self._cpus -= cpus
        self._bytes -= size
        if not self._running:
            self._cpus = 0.0  # which sums of fractions are not exactly

    def _needs(self, task: Task) -> tuple[float, int]:
        traits = traits_of(type(task))
        size = min(traits.memory, self._most_memory()) if traits.memory else 0
        return min(traits.cpus, float(self._jobs)), size

    def _fits(self, cpus: float, size: int) -> bool:
        if self._cpus + cpus > self._jobs + _EXACT:
            return False
        return not size or self._bytes + size <= self._most_memory()

    def _most_memory(self) -> int:
        if self._memory is None:
            from stook.pipeline.running.machine import memory_here

            self._memory = memory_here() or int(math.pow(2, 62))
        return self._memory
