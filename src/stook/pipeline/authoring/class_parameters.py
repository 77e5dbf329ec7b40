"""What the class of a task declares: its parameters, and the name of what it makes."""

from __future__ import annotations

import re
from typing import ClassVar, Final, get_origin

from stook.errors import InputError
from stook.model.refs import check_name
from stook.pipeline.authoring.hints import hints_of
from stook.pipeline.authoring.parameters import MISSING, Parameter, kind_of, shown
from stook.pipeline.authoring.shape import bad_class, check_class, check_said, read_attribute
from stook.pipeline.authoring.traits import TRAITS
from stook.pipeline.authoring.where import where_is

__all__ = ["output_name", "read_parameters"]

_TAKEN: Final = frozenset({"requires", "run", "map", "function"})


def output_name(task: type) -> str:
    """Return the name of the bundles that a task makes.

    Raises:
        InputError: Its `name` is no name for a bundle.
    """
    given = read_attribute(task, "name")
    if not isinstance(given, str):
        raise InputError(
            f"{where_is(task, 'name')}{task.__name__}: name is {shown(given)}, which is not a text",
            kind="bad-trait",
            hint="name is the output's name, and no parameter: set it to a text, or name the parameter otherwise",
            task=task.__name__,
        )
    if given:
        return check_name(given)
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", task.__name__)
    return check_name(words.lower().lstrip("_"))


def read_parameters(task: type, root: type) -> dict[str, Parameter]:
    """Return a task's parameters by name, those of its bases first; the class is checked on the way.

    Args:
        task: The class.
        root: `Task` itself.

    Raises:
        InputError: An annotation is of a type that parameters cannot have, a default does not fit, or the class takes
            away what makes it a task.
    """
    check_class(task, root)
    known: dict[str, Parameter] = {}
    for name, annotation in hints_of(task).items():
        if _is_class_variable(annotation) or name.startswith("_"):
            continue
        if name == "name" or name in TRAITS:
            check_said(task, root, name)
            continue
        if name in _TAKEN:
            raise _bad_annotation(task, name, "the name is taken by Task itself")
        try:
            kind = kind_of(annotation)
        except TypeError as error:
            raise _bad_annotation(task, name, str(error)) from error
        parameter = Parameter(name, kind, _default(task, root, name))
        if not parameter.is_required:
            _check_default(task, parameter)
        known[name] = parameter
    return known


def _default(task: type, root: type, name: str) -> object:
    default = read_attribute(task, name, MISSING)
    return MISSING if name in vars(root) and default is vars(root)[name] else default


def _check_default(task: type, parameter: Parameter) -> None:
    try:
        parameter.check(parameter.default, task.__name__)
    except InputError as error:
        place = where_is(task, parameter.name)
        raise InputError(
            f"{place}the default of {error.message}", kind=error.kind, hint=error.hint, **error.facts
        ) from error


def _is_class_variable(annotation: object) -> bool:
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def _bad_annotation(task: type, name: str, problem: str) -> InputError:
    hint = "annotate parameters only; write ClassVar[…] for other attributes"
    return bad_class(task, name, f"attribute {name}: {problem}", hint)
