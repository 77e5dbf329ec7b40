"""`@task`: a task written as a function."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any, ClassVar, overload

from stook.errors import InputError
from stook.pipeline.requirements import External, Source
from stook.pipeline.tasks import Task

__all__ = ["FunctionTask", "task"]

Requires = (
    type[Task]
    | Task
    | External
    | Source
    | list[Any]
    | tuple[Any, ...]
    | dict[str, Any]
    | Callable[..., Any]
    | None
)
_Function = Callable[..., Any]


class FunctionTask(Task):
    """What `@task` makes of a function.

    Attributes:
        function: The function itself, to be called in a test.
    """

    function: ClassVar[_Function]
    _requires: ClassVar[Requires] = None

    def requires(self) -> Any:
        """Return what the decorator was given; called with the parameters where it is a function of them."""
        given = type(self)._requires
        if callable(given) and not isinstance(given, type):
            return given(**self.__dict__)
        return given

    def run(self, *inputs: Any, **named_inputs: Any) -> Any:
        """Call the function with the inputs and the parameters."""
        return type(self).function(*inputs, **named_inputs, **self.__dict__)


@overload
def task(function: _Function, /) -> type[FunctionTask]: ...
@overload
def task(*, requires: Requires = None, name: str = "") -> Callable[[_Function], type[FunctionTask]]: ...
def task(
    function: _Function | None = None, /, *, requires: Requires = None, name: str = ""
) -> type[FunctionTask] | Callable[[_Function], type[FunctionTask]]:
    """Make a task of a function; its keyword-only arguments are parameters, the others its inputs.

    Args:
        function: The function, where the decorator stands without parentheses.
        requires: What `Task.requires` may return; classes stand for themselves with default parameters. Or a function
            of the parameters that returns it.
        name: Name of the output; the function's name where empty.

    Returns:
        A task class: call it with parameters to get the task.

    Raises:
        InputError: A parameter has neither annotation nor default.
    """
    if function is None:
        return lambda decorated: _make(decorated, requires, name)
    return _make(function, requires, name)


def _make(function: _Function, requires: Requires, name: str) -> type[FunctionTask]:
    annotations, defaults = _parameters(function)
    body = {
        "__annotations__": annotations,
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
        "_requires": staticmethod(requires) if inspect.isfunction(requires) else requires,
        "function": staticmethod(function),
        "name": name,
    }
    return type(function.__name__, (FunctionTask,), {**body, **defaults})


def _parameters(function: _Function) -> tuple[dict[str, object], dict[str, object]]:
    hints = typing.get_type_hints(function)
    annotations: dict[str, object] = {}
    defaults: dict[str, object] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not parameter.KEYWORD_ONLY:
            continue
        has_default = parameter.default is not parameter.empty
        if parameter.name not in hints and not has_default:
            raise InputError(
                f"{function.__qualname__}: parameter {parameter.name} has neither a type nor a default",
                kind="bad-task",
                hint=f"annotate it: {parameter.name}: int",
            )
        annotations[parameter.name] = hints.get(parameter.name, type(parameter.default))
        if has_default:
            defaults[parameter.name] = parameter.default
    return annotations, defaults
