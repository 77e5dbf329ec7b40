"""A task: a class with `requires` and `run`, whose annotated attributes are its parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final, Never, NoReturn, Self

from stook.format import canonical
from stook.pipeline.authoring.class_parameters import read_parameters
from stook.pipeline.authoring.miscalled import (
    bad_map,
    missing_parameter,
    unknown_parameter,
    unnamed_values,
)
from stook.pipeline.authoring.output_files import path_in
from stook.pipeline.authoring.parameters import MISSING, SIMPLE, AnyInput, Parameter, Routed, typed
from stook.pipeline.authoring.user_code import attempt
from stook.pipeline.authoring.wanted import Mapped, Partitions, Requirement

__all__ = ["Task", "parameters_of", "requirements_in", "revive_task", "values_of"]

_MOST_TASKS: Final = 1_000_000
_OWN_PARAMETERS = "_stook_parameters"
_ANY_INPUT: Final = AnyInput()
_TYPED_CONTEXT = "stook v1 task"


class Task(Requirement):
    """A step of a pipeline. Derive from it, annotate the parameters, write `requires` and `run`.

    An instance is the task with certain values of its parameters. It cannot be changed, and is equal to any other of
    the same class with equal values. `run` gets what `requires` names: by keyword for a dict, in order for a list, as
    the one argument for a single one; and by keyword what parameters hold that may be required. What it returns is kept
    as a bundle.

    These attributes of a class are no parameters; `Traits` says what they mean: `tags`, `version`, `cache`, `retries`,
    `backoff`, `timeout`, `cpus`, `memory`, `resources`, `checks`, `reads`, `ignore`, `includes`.

    Attributes:
        name: Name of the output; the class's name in snake_case where empty.
    """

    __slots__ = ("__dict__", "__weakref__", "_files", "_key")

    name: ClassVar[str] = ""
    _input_names: ClassVar[tuple[str, ...]] = ()
    _key: bytes
    _files: str | os.PathLike[str] | None

    def __init__(self, *unnamed: Never, **parameters: object) -> None:
        cls = type(self)
        task, known = cls.__name__, parameters_of(cls)
        if unnamed:
            raise unnamed_values(cls, known)
        values = self.__dict__
        for name, parameter in known.items():
            value = parameters.get(name, parameter.default)
            if value is MISSING:
                raise missing_parameter(cls, parameter)
            values[name] = parameter.check(value, task)
        if not parameters.keys() <= known.keys():
            values.update(_other_inputs(cls, parameters, known))
        _seal(self)

    @classmethod
    def map(cls, **parameters: Any) -> Any:
        """Return this task for each of several values of one parameter, to be required.

        Args:
            parameters: The first one is gone through; the others are the same for all. Where one is
                `stook.partitions(…)`, that is gone through, wherever it stands.

        Returns:
            A list of tasks; of partitions, what stands for the tasks until the table is known.

        Raises:
            InputError: Nothing is to be gone through, or a value does not fit.
        """
        over = [name for name, value in parameters.items() if isinstance(value, Partitions)]
        if len(over) > 1:
            raise bad_map(cls, f"it goes through one parameter, not through {' and '.join(over)}")
        if over:
            fixed = {name: value for name, value in parameters.items() if name != over[0]}
            cls(**fixed, **{over[0]: parameters[over[0]].of})  # so that what does not fit is said here
            return Mapped(cls, over[0], parameters[over[0]], fixed)
        first = next(iter(parameters), None)
        if first is None or isinstance(parameters[first], str) or not hasattr(parameters[first], "__iter__"):
            raise bad_map(cls, "its first argument is no list, so there is nothing to go through")
        rest = {name: value for name, value in parameters.items() if name != first}
        several = list(islice(parameters[first], _MOST_TASKS + 1))
        if len(several) > _MOST_TASKS:
            raise bad_map(cls, f"its first argument has more than {_MOST_TASKS:,} values")
        return [cls(**{first: value}, **rest) for value in several]

    def requires(self) -> Any:
        """Return what must be there first: a task, `external(…)`, `source(…)`, a list or dict of those, or None."""
        return None

    def run(self, *inputs: Any, **named_inputs: Any) -> Any:
        """Return the data to keep. To be written by each task."""
        raise NotImplementedError(f"{type(self).__name__} has no run")

    def path(self, name: str) -> Path:
        """Return where `run` may write a file, or make a folder, that becomes an item of the output.

        Args:
            name: The item's name; folders on the way are made.

        Raises:
            InputError: It is called elsewhere than in `run`, or the name is none for a file.
        """
        return path_in(getattr(self, "_files", None), name)

    def _identity(self) -> object:
        # A digest, so that tasks which hold tasks, to any depth, do not take longer to compare.
        return ["task", id(type(self)), canonical.digest(_TYPED_CONTEXT, self._key)]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or self._key == other._key

    def __hash__(self) -> int:
        return hash((type(self), self._key))

    def __repr__(self) -> str:
        values = ", ".join([f"{name}={_shown(value)}" for name, value in self.__dict__.items()])
        return f"{type(self).__name__}({values})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return _revive, (type(self), dict(self.__dict__))


def values_of(task: Task) -> dict[str, object]:
    """Return a task's parameters and their values; those that hold requirements are left out."""
    if SIMPLE.issuperset(map(type, task.__dict__.values())):
        return dict(task.__dict__)
    known = parameters_of(type(task))
    return {name: value for name, value in task.__dict__.items() if not _holds(known.get(name), value)}


def requirements_in(task: Task) -> dict[str, object]:
    """Return those parameters that hold requirements: each a requirement, or a tuple or dict of them."""
    if SIMPLE.issuperset(map(type, task.__dict__.values())):
        return {}
    known = parameters_of(type(task))
    return {name: value for name, value in task.__dict__.items() if _holds(known.get(name), value)}


def parameters_of(task: type[Task]) -> dict[str, Parameter]:
    """Return a task's parameters by name, those of its bases first.

    Raises:
        InputError: An annotation is of a type that parameters cannot have, or a default does not fit.
    """
    known: dict[str, Parameter] | None = task.__dict__.get(_OWN_PARAMETERS)
    if known is None:
        known = read_parameters(task, Task)
        type.__setattr__(task, _OWN_PARAMETERS, known)
    return known


def revive_task(task: type[Task], values: Mapping[str, object]) -> Task:
    """Return the task whose parameters have these plain forms, or are these requirements.

    Raises:
        InputError: A parameter is unknown or missing, or does not fit.
    """
    known = parameters_of(task)
    return _revive(
        task,
        {
            name: known[name].revive(value, task.__name__)
            if name in known and not _holds(known[name], value)
            else value
            for name, value in values.items()
        },
    )


def _revive(task: type[Task], values: dict[str, object]) -> Task:
    made = object.__new__(task)
    for parameter in parameters_of(task).values():
        if parameter.name not in values:
            raise missing_parameter(task, parameter)
        made.__dict__[parameter.name] = parameter.check(values[parameter.name], task.__name__)
    if not values.keys() <= made.__dict__.keys():
        made.__dict__.update(_other_inputs(task, values, parameters_of(task)))
    _seal(made)
    return made


def _shown(value: object) -> str:
    """Return a value for `repr`; of a task only the class, for tasks may hold tasks to any depth.

    Whatever the repr of a value raises, a task has one.
    """
    if type(value) in SIMPLE:
        return repr(value)
    if isinstance(value, Task):
        return f"{type(value).__name__}({'…' if value.__dict__ else ''})"
    found = attempt(lambda: repr(value))
    return f"a {type(value).__qualname__}" if isinstance(found, Exception) else found


def _seal(task: Task) -> None:
    """Note by what the task is told from others; its values are complete."""
    values = list(task.__dict__.values())
    if SIMPLE.issuperset(map(type, values)):
        key = repr(values).encode()  # which tells types apart too, and is quick
    else:
        key = canonical.encode([typed(value) for value in values])
    object.__setattr__(task, "_key", key)


def _other_inputs(
    task: type[Task], given: Mapping[str, object], known: Mapping[str, Parameter]
) -> dict[str, object]:
    """Return what is given for arguments of a function that are no parameters: requirements, and nothing else."""
    inputs = {}
    for name in task._input_names:
        if name in given:
            inputs[name] = Parameter(name, _ANY_INPUT).check(given[name], task.__name__)
    for name in given:
        if name not in known and name not in inputs:
            raise unknown_parameter(task, name, known)
    return inputs


def _holds(parameter: Parameter | None, value: object) -> bool:
    """Tell whether a parameter's value is something to require."""
    if parameter is None or isinstance(parameter.kind, Routed) or isinstance(value, Requirement):
        return True
    if isinstance(value, tuple):
        return bool(value) and _holds(parameter, value[0])
    return isinstance(value, dict) and bool(value) and _holds(parameter, next(iter(value.values())))
