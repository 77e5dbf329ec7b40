"""Luigi's tasks within a pipeline of Stook's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import luigi

from stook.errors import InputError, TaskError
from stook.ext.luigi.targets import BundleTarget, snake_case
from stook.pipeline.authoring.tasks import Task

__all__ = ["LuigiGraph", "luigi_task"]


class LuigiGraph(Task):
    """Lets Luigi bring a task up to date, and keeps its output. Made by `luigi_task`.

    Luigi is asked in each run, for it alone knows whether its files are there.

    Attributes:
        parameters: The Luigi task's parameters, as JSON of their texts.
    """

    cache = False
    parameters: str
    _family: ClassVar[type[luigi.Task]]

    def run(self) -> Any:
        """Build the Luigi task and return its outputs: paths of files, data of bundles, in dicts and lists as there.

        Raises:
            TaskError: A task of Luigi's failed.
            InputError: An output is no file.
        """
        task = type(self)._family.from_str_params(json.loads(self.parameters))
        result = luigi.build(
            [task], local_scheduler=True, workers=1, log_level="WARNING", detailed_summary=True
        )
        if result.status not in _SUCCESSES:
            raise TaskError(
                f"Luigi did not finish {task!r}: {result.one_line_summary}",
                kind="task-failed",
                hint="mend the task and run again; its traceback is above",
            )
        return _kept(task.output())

    def __reduce__(self) -> tuple[object, ...]:
        return _revive, (type(self)._family, self.parameters, type(self).name)


_SUCCESSES = (luigi.LuigiStatusCode.SUCCESS, luigi.LuigiStatusCode.SUCCESS_WITH_RETRY)


def luigi_task(task: luigi.Task, *, name: str = "") -> Task:
    """Return a Stook task that lets Luigi bring a task up to date, and whose output is that of the Luigi task.

    Args:
        task: The Luigi task.
        name: Name of the bundle; `luigi.` and the task's class in snake_case where empty.
    """
    name = name or f"luigi.{snake_case(type(task).__name__)}"
    return _revive(type(task), json.dumps(task.to_str_params(), sort_keys=True), name)


def _revive(family: type[luigi.Task], parameters: str, name: str) -> Task:
    own = "_stook_graphs"
    classes: dict[str, type[LuigiGraph]] = family.__dict__.get(own) or {}
    if name not in classes:
        body = {
            "__doc__": family.__doc__,
            "__module__": family.__module__,
            "__qualname__": family.__qualname__,
            "_family": family,
            "name": name,
        }
        classes = {**classes, name: type(family.__name__, (LuigiGraph,), body)}
        setattr(family, own, classes)
    return classes[name](parameters=parameters)


def _kept(output: Any) -> Any:
    """Return what is to be kept of an output."""
    if isinstance(output, dict):
        return {str(key): _kept(inner) for key, inner in output.items()}
    if isinstance(output, BundleTarget):
        return output.data
    if isinstance(output, luigi.LocalTarget):
        return Path(output.path).absolute()
    if isinstance(output, luigi.Target):
        raise InputError(
            f"Luigi's {type(output).__name__} is no file on this machine",
            kind="bad-output",
            hint="require a task that writes a LocalTarget or a BundleTarget",
        )
    return [_kept(inner) for inner in luigi.task.flatten(output)]
