"""A task: a class with `requires` and `run`, whose annotated attributes are its parameters."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn, Self

from stook.errors import InputError
from stook.model.refs import check_name
from stook.pipeline.parameters import MISSING, Parameter, is_class_variable, kind_of

__all__ = ["Task", "output_name", "parameters_of", "parse_task", "values_of"]

_RESERVED = frozenset({"name", "requires", "run"})
_OWN = "_stook_parameters"


class Task:
    """A step of a pipeline. Derive from it, annotate the parameters, write `requires` and `run`.

    An instance is the task with certain values of its parameters. It cannot be changed, and is equal to any other of
    the same class with equal values. `run` gets the bundles of what `requires` names: by keyword for a dict, in order
    for a list, as the one argument for a single one. What it returns is kept as a bundle.

    Attributes:
        name: Name of the output; the class's name in snake_case where empty.
    """

    name: ClassVar[str] = ""

    def __init__(self, **parameters: object) -> None:
        task = type(self).__name__
        known = parameters_of(type(self))
        for given in parameters:
            if given not in known:
                raise _unknown(task, given, known)
        for parameter in known.values():
            value = parameters.get(parameter.name, parameter.default)
            if value is MISSING:
                raise InputError(
                    f"{task}: parameter {parameter.name} is missing; it is {parameter.kind.label}",
                    kind="missing-parameter",
                    hint=f"give {parameter.name}",
                    task=task,
                    parameter=parameter.name,
                )
            self.__dict__[parameter.name] = parameter.check(value, task)

    def requires(self) -> Any:
        """Return what must be there first: a task, `external(…)`, `source(…)`, a list or dict of those, or None."""
        return None

    def run(self, *inputs: Any, **named_inputs: Any) -> Any:
        """Return the data to keep. To be written by each task."""
        raise NotImplementedError(f"{type(self).__name__} has no run")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine, others = self.__dict__, other.__dict__
        return all(type(mine[key]) is type(others[key]) and mine[key] == others[key] for key in mine)

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in values_of(self).items())
        return f"{type(self).__name__}({values})"

    def __copy__(self) -> Self:
        return self


def values_of(task: Task) -> dict[str, object]:
    """Return a task's parameters and their values."""
    return dict(task.__dict__)


def output_name(task: type[Task]) -> str:
    """Return the name of the bundles that a task makes.

    Raises:
        InputError: Its `name` is no name for a bundle.
    """
    if task.name:
        return check_name(task.name)
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", task.__name__)
    return check_name(words.lower().lstrip("_"))


def parameters_of(task: type[Task]) -> dict[str, Parameter]:
    """Return a task's parameters by name, those of its bases first.

    Raises:
        InputError: An annotation is of a type that parameters cannot have, or a default does not fit.
    """
    known: dict[str, Parameter] | None = task.__dict__.get(_OWN)
    if known is None:
        known = _read_parameters(task)
        type.__setattr__(task, _OWN, known)
    return known


def parse_task(task: type[Task], texts: Mapping[str, str]) -> Task:
    """Return the task with parameters as they are written on a command line (`-` may stand for `_`).

    Raises:
        InputError: A parameter is unknown or missing, or its text does not fit.
    """
    known = parameters_of(task)
    values: dict[str, object] = {}
    for given, text in texts.items():
        name = given.replace("-", "_")
        if name not in known:
            raise _unknown(task.__name__, given, known)
        values[name] = known[name].parse(text, task.__name__)
    return task(**values)


def _read_parameters(task: type[Task]) -> dict[str, Parameter]:
    hints = _hints(task)
    known: dict[str, Parameter] = {}
    for name, annotation in hints.items():
        if is_class_variable(annotation) or name.startswith("_") or name == "name":
            continue
        if name in _RESERVED:
            raise _bad_annotation(task, name, "the name is taken by Task itself")
        try:
            kind = kind_of(annotation)
        except TypeError as error:
            raise _bad_annotation(task, name, str(error)) from error
        default = getattr(task, name, MISSING)
        parameter = Parameter(name, kind, default)
        if default is not MISSING:
            parameter.check(default, task.__name__)
        known[name] = parameter
    return known


def _hints(task: type[Task]) -> dict[str, object]:
    try:
        hints: dict[str, object] = typing.get_type_hints(task, include_extras=True)
    except NameError as error:
        raise _bad_annotation(
            task, str(error.name), "an annotation names something that is not there"
        ) from error
    return hints


def _bad_annotation(task: type[Task], name: str, problem: str) -> InputError:
    return InputError(
        f"{task.__module__}:{task.__qualname__}: attribute {name}: {problem}",
        kind="bad-task",
        hint="annotate parameters only; write ClassVar[…] for other attributes",
        task=task.__name__,
    )


def _unknown(task: str, name: str, known: Mapping[str, Parameter]) -> InputError:
    return InputError(
        f"{task} has no parameter {name!r}; it has {', '.join(known) or 'none'}",
        kind="unknown-parameter",
        hint="see the annotations of the task",
        task=task,
        parameter=name,
    )
