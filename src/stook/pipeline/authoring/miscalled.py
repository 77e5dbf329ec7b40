"""What is said where a task is called with parameters that it cannot have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stook.errors import InputError
from stook.pipeline.authoring.traits import TRAITS

if TYPE_CHECKING:
    from stook.pipeline.authoring.parameters import Parameter
    from stook.pipeline.authoring.tasks import Task

__all__ = ["bad_map", "missing_parameter", "unknown_parameter", "unnamed_values"]


def bad_map(task: type[Task], problem: str) -> InputError:
    """Return what is said of a `map` that has nothing to go through."""
    return InputError(
        f"{task.__name__}.map: {problem}",
        kind="bad-map",
        hint=f"write {task.__name__}.map(day=days) or {task.__name__}.map(part=stook.partitions(…, by='day'))",
        task=task.__name__,
    )


def missing_parameter(task: type[Task], parameter: Parameter) -> InputError:
    """Return what is said where a parameter without a default is not given."""
    return InputError(
        f"{task.__name__}: parameter {parameter.name} is missing; it is {parameter.kind.label}",
        kind="missing-parameter",
        hint=f"give {parameter.name}",
        task=task.__name__,
        parameter=parameter.name,
    )


def unnamed_values(task: type[Task], known: Mapping[str, Parameter]) -> InputError:
    """Return what is said where values are given without their names."""
    first = next(iter((*known, *task._input_names)), "")
    problem = "takes what it is given by name" if first else "has no parameters"
    hint = f"write {task.__name__}({first}=…)" if first else f"write {task.__name__}()"
    return InputError(f"{task.__name__} {problem}", kind="unknown-parameter", hint=hint, task=task.__name__)


def unknown_parameter(task: type[Task], name: str, known: Mapping[str, Parameter]) -> InputError:
    """Return what is said of a name that no parameter has."""
    more, hint = "", "see the annotations of the task"
    if name in TRAITS or name == "name":
        more = f", and {name} is what the task says of itself"
        hint = f"set {name} in the class, or by @task({name}=…)"
    elif isinstance(vars(task).get(name), int | float | str):
        more = f", and {name} has no annotation, which makes a parameter: {name}: {type(vars(task)[name]).__name__}"
    return InputError(
        f"{task.__name__} has no parameter {name!r}; it has {', '.join(known) or 'none'}{more}",
        kind="unknown-parameter",
        hint=hint,
        task=task.__name__,
        parameter=name,
    )
