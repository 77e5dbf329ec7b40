"""Run a task that the command line names, or say why it would run."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from stook.errors import InputError
from stook.model.events import Observer
from stook.pipeline import Others, Plan, RunResult, Task, load_task, make_plan, parameters_of, parse_task, run
from stook.store import Store

__all__ = ["ParameterHelp", "Target", "TaskHelp", "describe_target", "plan_target", "run_target"]

_ABOUT_PARAMETERS = frozenset({"unknown-parameter", "missing-parameter", "bad-parameter"})


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
        task = self.find()
        try:
            return parse_task(task, self.params)
        except InputError as error:
            if error.kind not in _ABOUT_PARAMETERS:
                raise
            hint = f"stook run {self.name} --help lists its parameters"
            raise InputError(error.message, kind=error.kind, hint=hint, **error.facts) from error

    def find(self) -> type[Task]:
        """Return the task's class. Raises as `load` does, parameters aside."""
        if not self.name.rpartition(":")[0] and self.name[:1] in ("", ":"):
            raise InputError(
                f"{self.name!r} names no file or module",
                kind="no-target",
                hint="write FILE_OR_MODULE:TASK, such as pipeline.py:Report",
            )
        return load_task(self.name)


@dataclass(frozen=True, slots=True)
class ParameterHelp:
    """A parameter as a command line gives it.

    Attributes:
        option: `--name`.
        label: What it accepts, in words.
        default: Its default as text; None where a value must be given.
    """

    option: str
    label: str
    default: str | None


@dataclass(frozen=True, slots=True)
class TaskHelp:
    """What there is to say of a task before it runs: its name, its own words, its parameters."""

    name: str
    about: str
    parameters: tuple[ParameterHelp, ...]


def describe_target(target: Target) -> TaskHelp:
    """Say what a task does and which parameters it takes. Raises as `Target.find` does."""
    task = target.find()
    return TaskHelp(
        name=target.name,
        about=inspect.cleandoc(task.__doc__ or ""),
        parameters=tuple(
            ParameterHelp(
                option=f"--{parameter.name.replace('_', '-')}",
                label=parameter.kind.label,
                default=None if parameter.is_required else _default_text(parameter.default),
            )
            for parameter in parameters_of(task).values()
        ),
    )


def _default_text(value: object) -> str:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, list | tuple):
        return ",".join(map(_default_text, value))
    return str(value)


def run_target(target: Target, *, store: Store, observer: Observer) -> RunResult:
    """Run a task and what it requires. Raises as `Target.load` and `pipeline.run` do."""
    return run(target.load(), store=store, others=Others(observer))


def plan_target(target: Target, *, store: Store) -> Plan:
    """Say what a run would do, and why. Raises as `Target.load` and `pipeline.make_plan` do."""
    return make_plan(target.load(), store=store)
