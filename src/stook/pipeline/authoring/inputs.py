"""Inputs as `run` asks for them: bundles, tables of a library, paths or plain values, as its annotations say."""

from __future__ import annotations

import copy
import inspect
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stook.pipeline.authoring.functions import FunctionTask
from stook.pipeline.authoring.hints import hints_of
from stook.pipeline.authoring.reading_inputs import ANYTHING, Reader, reader_of
from stook.pipeline.authoring.requirements import Requirements
from stook.pipeline.authoring.shape import bad_class, telling_of
from stook.pipeline.authoring.tasks import Task, parameters_of

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["Arguments", "arguments_of", "prepare"]

_OWN: Final = "_stook_arguments"


class Arguments(msgspec.Struct, frozen=True):
    """What a task's `run`, or its function, takes.

    Attributes:
        signature: As it is called, without `self`.
        named: How each argument is read, by name.
        ordered: The same for those that may be given in order.
        held: The same for parameters of the class that `run` does not take: in `run`, they hold the input.
        of_task: What `run` calls the task itself, so that no input can have that name; empty where any can.
        more: For further ones in order.
        others: For further ones by name.
    """

    signature: inspect.Signature
    named: Mapping[str, Reader]
    ordered: tuple[Reader, ...]
    held: Mapping[str, Reader]
    of_task: str = ""
    more: Reader = ANYTHING
    others: Reader = ANYTHING

    @property
    def takes_any(self) -> bool:
        """Whether it takes names that it does not list."""
        return any(given.kind is given.VAR_KEYWORD for given in self.signature.parameters.values())

    def reader(self, name: str) -> Reader:
        """Return how the argument of a name is read."""
        return self.named.get(name) or self.held.get(name, self.others)

    def reader_at(self, position: int) -> Reader:
        """Return how the argument at a position is read."""
        return self.ordered[position] if position < len(self.ordered) else self.more


def arguments_of(task: type[Task]) -> Arguments:
    """Return what a task's `run` takes; looked at once for a class.

    Raises:
        TypeError: An annotation is of something that no input can be; the message says which argument.
    """
    known: Arguments | None = task.__dict__.get(_OWN)
    if known is None:
        known = _read_arguments(task)
        type.__setattr__(task, _OWN, known)
    return known


def prepare(
    task: Task,
    requirements: Requirements,
    bundles: Mapping[str, Bundle],
    *,
    folder: str | os.PathLike[str] | None = None,
) -> Callable[[], object]:
    """Return `run`, ready to be called: inputs are read, and parameters that hold requirements hold the inputs.

    Args:
        task: The task.
        requirements: What it requires, nothing in it standing for several tasks any more.
        bundles: Bundles by role.
        folder: Where `self.path` gives paths.

    Raises:
        InputError: An input cannot be had as it is asked for; the error names task and role.
        NotFoundError: An item that is required is not there.
    """
    taken = arguments_of(type(task))
    name = type(task).__name__

    def read(shape: Any, reader: Reader) -> object:
        if isinstance(shape, dict):
            return {key: read(inner, reader.of_each) for key, inner in shape.items()}
        if isinstance(shape, list):
            return [read(inner, reader.of_each) for inner in shape]
        return reader.read(bundles[shape], requirements.roles[shape], shape, name)

    held = {key: read(shape, taken.reader(key)) for key, shape in requirements.held.items()}
    given = requirements.shape
    args = (
        [read(shape, taken.reader_at(at)) for at, shape in enumerate(given)]
        if isinstance(given, list)
        else []
    )
    kwargs = (
        {k: read(shape, taken.reader(k)) for k, shape in given.items()} if isinstance(given, dict) else {}
    )
    passed = {key: value for key, value in held.items() if key in taken.named or taken.takes_any}
    return partial(_for_run(task, held, folder).run, *args, **kwargs, **passed)


def _for_run(task: Task, held: Mapping[str, object], folder: str | os.PathLike[str] | None) -> Task:
    """Return a copy of the task that `run` may spoil, with inputs in place of requirements.

    So a result cannot depend on what a requirement is called or made from, which does not count: its content does.
    """
    made = object.__new__(type(task))
    made.__dict__.update({name: _own(value) for name, value in task.__dict__.items()}, **held)
    object.__setattr__(made, "_key", task._key)
    object.__setattr__(made, "_files", folder)
    return made


def _own(value: object) -> object:
    """Return a copy of what can be changed; dicts as plain ones, which `run` may return."""
    if isinstance(value, dict):
        return {key: _own(inner) for key, inner in value.items()}
    if type(value) is tuple:
        return tuple([_own(inner) for inner in value])
    if hasattr(value, "__dataclass_fields__"):
        made = copy.copy(value)
        for name in value.__dataclass_fields__:
            object.__setattr__(made, name, _own(getattr(value, name)))
        return made
    return value


def _read_arguments(task: type[Task]) -> Arguments:
    function = task.function if issubclass(task, FunctionTask) else task.run
    signature = _signature(task)
    listed = list(signature.parameters.values())
    hints, fields = hints_of(function), hints_of(task)
    known = parameters_of(task)
    readers = {
        given.name: _reader(given, hints.get(given.name, fields.get(given.name, inspect.Parameter.empty)))
        for given in listed
        if not (issubclass(task, FunctionTask) and given.kind is given.KEYWORD_ONLY and given.name in known)
        or hasattr(known[given.name].kind, "wanted")
    }
    in_order = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    by_kind = {given.kind: readers[given.name] for given in listed if given.name in readers}
    return Arguments(
        signature.replace(parameters=listed),
        {name: readers.get(name, ANYTHING) for name in _names(listed)},
        tuple(readers[given.name] for given in listed if given.kind in in_order),
        {name: reader_of(fields[name]) for name in known if name not in readers},
        _name_of_task(task),
        by_kind.get(inspect.Parameter.VAR_POSITIONAL, ANYTHING),
        by_kind.get(inspect.Parameter.VAR_KEYWORD, ANYTHING),
    )


def _signature(task: type[Task]) -> inspect.Signature:
    if issubclass(task, FunctionTask):
        return inspect.signature(task.function)
    try:
        return inspect.signature(_run_of(task))
    except ValueError as error:
        raise bad_class(task, "run", f"run is no method: {error}", "write def run(self, …)") from error


def _name_of_task(task: type[Task]) -> str:
    """Return the argument of `run` that Python gives by itself, where it could be given by name as well."""
    function = getattr(_run_of(task), "__func__", None)
    first = next(iter(inspect.signature(function).parameters.values()), None) if function else None
    return first.name if first and first.kind is first.POSITIONAL_OR_KEYWORD else ""


def _run_of(task: type[Task]) -> Callable[..., Any]:
    """Return `run` as it is called, of a task whose parameters have no values."""
    with telling_of(task, "run", "run cannot be read"):
        return object.__new__(task).run


def _names(listed: list[inspect.Parameter]) -> list[str]:
    return [g.name for g in listed if g.kind in {g.POSITIONAL_OR_KEYWORD, g.KEYWORD_ONLY}]


def _reader(given: inspect.Parameter, annotation: Any) -> Reader:
    try:
        return reader_of(annotation)
    except TypeError as error:
        raise TypeError(f"argument {given.name}: {error}") from error
