"""Tasks made of their class, and of parameters as they are written on a command line or in a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from stook.pipeline.authoring.miscalled import unknown_parameter
from stook.pipeline.authoring.parameters import MISSING, Parameter
from stook.pipeline.authoring.shape import telling_of
from stook.pipeline.authoring.tasks import Task, parameters_of

__all__ = ["make_task", "parse_task"]


def make_task(task: type[Task], values: Mapping[str, object]) -> Task:
    """Return a task, given the values of its parameters.

    Raises:
        InputError: They do not fit, or the class is wrong in itself: its metaclass raised, it is abstract, ….
    """
    parameters_of(task)  # which says what is wrong with the class
    with telling_of(task, "", "cannot be called"):
        return task(**values)


def parse_task(task: type[Task], texts: Mapping[str, str], given: Mapping[str, object] | None = None) -> Task:
    """Return the task with parameters as they are written on a command line (`-` may stand for `_`).

    Args:
        task: The task.
        texts: Texts by name; `model.depth` is a part of `model`.
        given: Values from a file, by name, which texts go before.

    Raises:
        InputError: A parameter is unknown or missing, or its text does not fit.
    """
    values: dict[str, object] = {}
    for written, value in (given or {}).items():
        parameter = _find(task, str(written))
        values[parameter.name] = parameter.load(value, task.__name__)
    parts: dict[str, dict[str, str]] = {}
    for written, text in texts.items():
        head, dot, rest = written.partition(".")
        parameter = _find(task, head)
        if dot:
            parts.setdefault(parameter.name, {})[rest] = text
        else:
            values[parameter.name] = parameter.parse(text, task.__name__)
    for name, inner in parts.items():
        parameter = parameters_of(task)[name]
        base = values.get(name, parameter.default)
        base = base if base is MISSING else parameter.check(base, task.__name__)
        values[name] = parameter.merge(base, inner, task.__name__)
    return make_task(task, values)


def _find(task: type[Task], written: str) -> Parameter:
    """Return the parameter that a command line or file means: `from` is `from_`."""
    known = parameters_of(task)
    name = unicodedata.normalize("NFKC", written).replace("-", "_")
    found = known.get(name) or known.get(f"{name}_")
    if found is None:
        raise unknown_parameter(task, written, known)
    return found
