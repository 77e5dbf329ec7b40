"""How much of the machine is in use by tasks."""

from __future__ import annotations

from stook.pipeline.tasks import Task

__all__ = ["Budget"]


class Budget:
    """Counts what running tasks take of CPUs and memory; a task that wants more than there is runs alone.

    Args:
        jobs: CPUs that there are for tasks.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._running: set[int] = set()

    @property
    def in_use(self) -> int:
        """How many tasks are running."""
        return len(self._running)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for any task."""
        return len(self._running) >= self._jobs

    def take(self, number: int, _task: Task) -> bool:
        """Take what a task needs; False where there is no room for it now."""
        if self.is_full:
            return False
        self._running.add(number)
        return True

    def give_back(self, number: int) -> None:
        """Give back what a task had."""
        self._running.discard(number)
