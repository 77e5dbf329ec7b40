"""Mistakes in the shape of a class that is to be a task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from stook.errors import InputError, StookError
from stook.pipeline.authoring.user_code import user_code
from stook.pipeline.authoring.where import where_is

__all__ = ["bad_class", "check_class", "check_said", "read_attribute", "telling_of"]

_KEPT: Final = (
    "__init__",
    "__new__",
    "__eq__",
    "__hash__",
    "__getattribute__",
    "_key",
    "_files",
    "_identity",
)


def check_class(task: type, root: type) -> None:
    """Refuse a class that takes away what makes it a task.

    Args:
        task: The class.
        root: `Task` itself.

    Raises:
        InputError: It has another `__init__` or the like, or something else where a method should be.
    """
    for name in _KEPT:
        if read_attribute(task, name) is not getattr(root, name):
            problem = f"{name} is the task's own; neither the class nor a decorator such as @dataclass may replace it"
            hint = "annotate parameters: depth: int = 3; derive other values in a property"
            raise bad_class(task, name, problem, hint)
    for name in ("requires", "run"):
        if not callable(read_attribute(task, name)):
            raise bad_class(task, name, f"{name} is no method", f"write def {name}(self): return …")


def check_said(task: type, root: type, name: str) -> None:
    """Refuse an annotation of what is no parameter where nothing says its value, for a parameter was meant.

    Raises:
        InputError: There is no value.
    """
    if not any(name in vars(cls) for cls in task.__mro__ if cls is not root):
        problem = f"{name} has a type and no value; it is what the task says of itself, and no parameter"
        raise bad_class(task, name, problem, f"name the parameter otherwise, or set {name} = …")


def read_attribute(task: type, name: str, default: object = None) -> object:
    """Return an attribute of a class, as a descriptor or the metaclass may give it; the default where there is none.

    Raises:
        InputError: What gives it raised.
    """
    with telling_of(task, name, f"{name} cannot be read"):
        return getattr(task, name, default)


@contextmanager
def telling_of(task: type, name: str, problem: str) -> Iterator[None]:
    """Tell of whatever the class's own code raises in the block as a mistake of the class.

    Args:
        task: The class.
        name: The attribute whose place is told; empty for that of the class.
        problem: What goes wrong, such as `"run cannot be read"`.

    Raises:
        InputError: Something was raised that is no error of Stook.
    """
    try:
        with user_code(task.__name__, problem, kind="bad-task", hint="mend what raises, or leave it out"):
            yield
    except StookError as error:
        cause = error.__cause__
        if isinstance(cause, StookError):
            raise cause from cause.__cause__
        told = bad_class(task, name, error.message, error.hint)
        told.facts["traceback"] = error.facts["traceback"]
        raise told from cause


def bad_class(task: type, name: str, problem: str, hint: str) -> InputError:
    """Return the error of a class, with the place of one of its attributes."""
    return InputError(
        f"{where_is(task, name)}{task.__module__}:{task.__qualname__}: {problem}",
        kind="bad-task",
        hint=hint,
        task=task.__name__,
    )
