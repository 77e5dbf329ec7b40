"""A task: a class with `requires` and `run`, whose annotated attributes are its parameters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn, Self, get_origin

from stook.errors import InputError
from stook.format import canonical
from stook.model.refs import check_name
from stook.pipeline.authoring.hints import hints_of
from stook.pipeline.authoring.output_files import path_in
from stook.pipeline.authoring.parameters import MISSING, AnyInput, Parameter, Routed, kind_of, typed
from stook.pipeline.authoring.traits import TRAITS, traits_of
from stook.pipeline.authoring.wanted import Mapped, Partitions, Requirement
from stook.pipeline.authoring.where import where_is

__all__ = [
    "Task",
    "output_name",
    "parameters_of",
    "parse_task",
    "requirements_in",
    "revive_task",
    "traits_of",
    "values_of",
]

_TAKEN: Final = frozenset({"requires", "run", "map", "function"})
_OWN_PARAMETERS = "_stook_parameters"
_ANY_INPUT: Final = AnyInput()
_SIMPLE: Final = frozenset({str, int, float, bool, type(None)})
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
    _files: Path | None

    def __init__(self, **parameters: object) -> None:
        cls = type(self)
        task, known = cls.__name__, parameters_of(cls)
        values = self.__dict__
        for name, parameter in known.items():
            value = parameters.get(name, parameter.default)
            if value is MISSING:
                raise _missing(cls, parameter)
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
            raise _bad_map(cls, f"it goes through one parameter, not through {' and '.join(over)}")
        if over:
            fixed = {name: value for name, value in parameters.items() if name != over[0]}
            cls(**fixed, **{over[0]: parameters[over[0]].of})  # so that what does not fit is said here
            return Mapped(cls, over[0], parameters[over[0]], fixed)
        first = next(iter(parameters), None)
        if first is None or isinstance(parameters[first], str) or not hasattr(parameters[first], "__iter__"):
            raise _bad_map(cls, "its first argument is no list, so there is nothing to go through")
        rest = {name: value for name, value in parameters.items() if name != first}
        return [cls(**{first: value}, **rest) for value in parameters[first]]

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
    if _SIMPLE.issuperset(map(type, task.__dict__.values())):
        return dict(task.__dict__)
    known = parameters_of(type(task))
    return {name: value for name, value in task.__dict__.items() if not _holds(known.get(name), value)}


def requirements_in(task: Task) -> dict[str, object]:
    """Return those parameters that hold requirements: each a requirement, or a tuple or dict of them."""
    if _SIMPLE.issuperset(map(type, task.__dict__.values())):
        return {}
    known = parameters_of(type(task))
    return {name: value for name, value in task.__dict__.items() if _holds(known.get(name), value)}


def output_name(task: type[Task]) -> str:
    """Return the name of the bundles that a task makes.

    Raises:
        InputError: Its `name` is no name for a bundle.
    """
    given = task.name
    if not isinstance(given, str):
        raise InputError(
            f"{where_is(task, 'name')}{task.__name__}: name is {given!r}, which is not a text",
            kind="bad-trait",
            hint="name is the output's name, and no parameter: set it to a text, or name the parameter otherwise",
            task=task.__name__,
        )
    if given:
        return check_name(given)
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", task.__name__)
    return check_name(words.lower().lstrip("_"))


def parameters_of(task: type[Task]) -> dict[str, Parameter]:
    """Return a task's parameters by name, those of its bases first.

    Raises:
        InputError: An annotation is of a type that parameters cannot have, or a default does not fit.
    """
    known: dict[str, Parameter] | None = task.__dict__.get(_OWN_PARAMETERS)
    if known is None:
        known = _read_parameters(task)
        type.__setattr__(task, _OWN_PARAMETERS, known)
    return known


def parse_task(task: type[Task], texts: Mapping[str, str], given: Mapping[str, object] | None = None) -> Task:
    """Return the task with parameters as they are written on a command line (`-` may stand for `_`).

    Args:
        task: The task.
        texts: Texts by name; `model.depth` is a part of `model`.
        given: Values from a file, by name, which texts go before.

    Raises:
        InputError: A parameter is unknown or missing, or its text does not fit.
    """
    known = parameters_of(task)
    values: dict[str, object] = {}
    for written, value in (given or {}).items():
        parameter = _find(task, str(written), known)
        values[parameter.name] = parameter.load(value, task.__name__)
    parts: dict[str, dict[str, str]] = {}
    for written, text in texts.items():
        head, dot, rest = written.partition(".")
        parameter = _find(task, head, known)
        if dot:
            parts.setdefault(parameter.name, {})[rest] = text
        else:
            values[parameter.name] = parameter.parse(text, task.__name__)
    for name, inner in parts.items():
        parameter = known[name]
        base = values.get(name, parameter.default)
        base = base if base is MISSING else parameter.check(base, task.__name__)
        values[name] = parameter.merge(base, inner, task.__name__)
    return task(**values)


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
            raise _missing(task, parameter)
        made.__dict__[parameter.name] = parameter.check(values[parameter.name], task.__name__)
    if not values.keys() <= made.__dict__.keys():
        made.__dict__.update(_other_inputs(task, values, parameters_of(task)))
    _seal(made)
    return made


def _shown(value: object) -> str:
    """Return a value for `repr`; of a task only the class, for tasks may hold tasks to any depth."""
    if isinstance(value, Task):
        return f"{type(value).__name__}({'…' if value.__dict__ else ''})"
    return repr(value)


def _seal(task: Task) -> None:
    """Note by what the task is told from others; its values are complete."""
    values = list(task.__dict__.values())
    if _SIMPLE.issuperset(map(type, values)):
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
            raise _unknown(task, name, known)
    return inputs


def _holds(parameter: Parameter | None, value: object) -> bool:
    """Tell whether a parameter's value is something to require."""
    if parameter is None or isinstance(parameter.kind, Routed) or isinstance(value, Requirement):
        return True
    if isinstance(value, tuple):
        return bool(value) and _holds(parameter, value[0])
    return isinstance(value, dict) and bool(value) and _holds(parameter, next(iter(value.values())))


def _read_parameters(task: type[Task]) -> dict[str, Parameter]:
    known: dict[str, Parameter] = {}
    for name, annotation in hints_of(task).items():
        if _is_class_variable(annotation) or name.startswith("_") or name == "name" or name in TRAITS:
            continue
        if name in _TAKEN:
            raise _bad_annotation(task, name, "the name is taken by Task itself")
        try:
            kind = kind_of(annotation)
        except TypeError as error:
            raise _bad_annotation(task, name, str(error)) from error
        parameter = Parameter(name, kind, _default(task, name))
        if not parameter.is_required:
            _check_default(task, parameter)
        known[name] = parameter
    return known


def _default(task: type[Task], name: str) -> object:
    default = getattr(task, name, MISSING)
    return MISSING if name in Task.__dict__ and default is Task.__dict__[name] else default


def _check_default(task: type[Task], parameter: Parameter) -> None:
    try:
        parameter.check(parameter.default, task.__name__)
    except InputError as error:
        place = where_is(task, parameter.name)
        raise InputError(
            f"{place}the default of {error.message}", kind=error.kind, hint=error.hint, **error.facts
        ) from error


def _is_class_variable(annotation: object) -> bool:
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def _find(task: type[Task], written: str, known: Mapping[str, Parameter]) -> Parameter:
    """Return the parameter that a command line or file means: `from` is `from_`."""
    name = unicodedata.normalize("NFKC", written).replace("-", "_")
    found = known.get(name) or known.get(f"{name}_")
    if found is None:
        raise _unknown(task, written, known)
    return found


def _bad_annotation(task: type[Task], name: str, problem: str) -> InputError:
    return InputError(
        f"{where_is(task, name)}{task.__module__}:{task.__qualname__}: attribute {name}: {problem}",
        kind="bad-task",
        hint="annotate parameters only; write ClassVar[…] for other attributes",
        task=task.__name__,
    )


def _bad_map(task: type[Task], problem: str) -> InputError:
    return InputError(
        f"{task.__name__}.map: {problem}",
        kind="bad-map",
        hint=f"write {task.__name__}.map(day=days) or {task.__name__}.map(part=stook.partitions(…, by='day'))",
        task=task.__name__,
    )


def _missing(task: type[Task], parameter: Parameter) -> InputError:
    return InputError(
        f"{task.__name__}: parameter {parameter.name} is missing; it is {parameter.kind.label}",
        kind="missing-parameter",
        hint=f"give {parameter.name}",
        task=task.__name__,
        parameter=parameter.name,
    )


def _unknown(task: type[Task], name: str, known: Mapping[str, Parameter]) -> InputError:
    taken = f", and {name} is what the task says of itself" if name in TRAITS or name == "name" else ""
    return InputError(
        f"{task.__name__} has no parameter {name!r}; it has {', '.join(known) or 'none'}{taken}",
        kind="unknown-parameter",
        hint=f"set {name} in the class, or by @task({name}=…)"
        if taken
        else "see the annotations of the task",
        task=task.__name__,
        parameter=name,
    )
