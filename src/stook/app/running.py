"""Run a task that the command line names, or say why it would run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stook.model.events import Observer
from stook.pipeline import Plan, RunResult, Task, load_task, make_plan, parse_task, run
from stook.store import Store

__all__ = ["Target", "plan_target", "run_target"]


@dataclass(frozen=True, slots=True)
class Target:
    """A task as it is written on a command line.

    Attributes:
        name: `pipeline.py:Features` or `package.module:Features`.
        params: Texts of parameters by name.
    """

    name: str
    params: Mapping[str, str]

    def load(self) -> Task:
        """Return the task.

        Raises:
            NotFoundError: There is no such file, module or task.
            InputError: A parameter is unknown, missing or malformed.
            TaskError: The file raised when it was imported.
        """
        return parse_task(load_task(self.name), self.params)


def run_target(target: Target, *, store: Store, observer: Observer) -> RunResult:
    """Run a task and what it requires. Raises as `Target.load` and `pipeline.run` do."""
    return run(target.load(), store=store, observer=observer)


def plan_target(target: Target, *, store: Store) -> Plan:
    """Say what a run would do, and why. Raises as `Target.load` and `pipeline.make_plan` do."""
    return make_plan(target.load(), store=store)
