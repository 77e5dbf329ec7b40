"""`@task`: a task written as a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, Unpack, overload

from stook.errors import InputError
from stook.pipeline.authoring.hints import hints_of
from stook.pipeline.authoring.parameters.routed import route
from stook.pipeline.authoring.tasks import Task, values_of
from stook.pipeline.authoring.traits import TRAITS, TraitOptions
from stook.pipeline.authoring.wanted import Requirement
from stook.pipeline.authoring.where import where_is

__all__ = ["FunctionTask", "task"]

Requires = type[Task] | Requirement | list[Any] | tuple[Any, ...] | dict[str, Any] | Callable[..., Any] | None
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
            return given(**values_of(self))
        return given

    def run(self, /, *inputs: Any, **named_inputs: Any) -> Any:
        """Call the function with the inputs and the parameters."""
        return type(self).function(*inputs, **{**values_of(self), **named_inputs})


@overload
def task(function: _Function, /) -> type[FunctionTask]: ...
@overload
def task(
    *, requires: Requires = None, name: str = "", **traits: Unpack[TraitOptions]
) -> Callable[[_Function], type[FunctionTask]]: ...
def task(
    function: _Function | None = None,
    /,
    *,
    requires: Requires = None,
    name: str = "",
    **traits: Unpack[TraitOptions],
) -> type[FunctionTask] | Callable[[_Function], type[FunctionTask]]:
    """Make a task of a function; its keyword-only arguments are parameters, the others its inputs.

    Inputs that `requires` does not name may be given where the task is required: `features(transactions=Raw())`.

    Args:
        function: The function, where the decorator stands without parentheses.
        requires: What `Task.requires` may return; classes stand for themselves with default parameters. Or a function
            of the parameters that returns it.
        name: Name of the output; the function's name where empty.
        traits: What a class says as attributes: `retries=3`, `timeout=60`, `memory="2GB"`; see `Traits`.

    Returns:
        A task class: call it with parameters to get the task.

    Raises:
        InputError: A parameter has neither annotation nor default, or an argument of the decorator is none.
    """
    odd = next((given for given in traits if given not in TRAITS), None)
    if odd is not None:
        raise InputError(
            f"@task has no argument {odd!r}; it has requires, name, {', '.join(TRAITS)}",
            kind="bad-task",
            hint="make it a keyword-only argument of the function to have it as a parameter",
        )
    if function is None:
        return lambda decorated: _make(decorated, requires, name, traits)
    return _make(function, requires, name, traits)


def _make(function: _Function, requires: Requires, name: str, traits: TraitOptions) -> type[FunctionTask]:
    _check_function(function)
    annotations, defaults = _parameters(function)
    arguments = inspect.signature(function).parameters.values()
    body = {
        "__annotations__": annotations,
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
        "_input_names": tuple(given.name for given in arguments if given.kind is given.POSITIONAL_OR_KEYWORD),
        "_requires": requires if requires is None or isinstance(requires, type) else staticmethod(requires),  # type: ignore[arg-type]
        "function": staticmethod(function),
        "name": name,
        **traits,
    }
    return type(function.__name__, (FunctionTask,), {**body, **defaults})


def _check_function(function: _Function) -> None:
    if not inspect.isfunction(function) or function.__name__ == "<lambda>":
        what = "a lambda" if inspect.isfunction(function) else repr(function)
        raise InputError(
            f"@task makes tasks of functions that have a name, not of {what}",
            kind="bad-task",
            hint="write it with def",
        )


def _parameters(function: _Function) -> tuple[dict[str, object], dict[str, object]]:
    hints = hints_of(function)
    annotations: dict[str, object] = {}
    defaults: dict[str, object] = {}
    for parameter in inspect.signature(function).parameters.values():
        says_type = parameter.default is not None and parameter.default is not parameter.empty
        _check_parameter(function, parameter, has_type=says_type or parameter.name in hints)
        if parameter.kind is not parameter.KEYWORD_ONLY:
            continue
        annotations[parameter.name] = hints.get(parameter.name, type(parameter.default))
        if parameter.default is not parameter.empty:
            defaults[parameter.name] = parameter.default
    return annotations, defaults


def _check_parameter(function: _Function, parameter: inspect.Parameter, *, has_type: bool) -> None:
    name, problem, hint = parameter.name, "", "name it otherwise"
    if parameter.kind is not parameter.KEYWORD_ONLY:
        if route(parameter.default) is not None:
            problem, hint = (
                "has something to require as its default",
                f"write it after *, or @task(requires={{{name!r}: …}})",
            )
    elif name in TRAITS or name == "name":
        problem = f"has a name that is taken, being an argument of the decorator, @task({name}=…)"
    elif not has_type:
        problem, hint = "has neither a type nor a default that says one", f"annotate it: {name}: int"
    elif name.startswith("_") and parameter.default is parameter.empty:
        problem = "begins with an underscore, so it is no parameter"
    if problem:
        raise InputError(
            f"{where_is(function)}{function.__qualname__}: parameter {name} {problem}",
            kind="bad-task",
            hint=hint,
        )
