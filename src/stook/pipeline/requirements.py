"""What a task requires: other tasks, bundles that exist, files on disk; and how they become its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from stook.errors import InputError
from stook.model.refs import check_name, parse_ref
from stook.pipeline.tasks import Task

__all__ = ["External", "Requirement", "Requirements", "Source", "external", "read_requirements", "source"]


@dataclass(frozen=True, slots=True)
class External:
    """A bundle that is in the store already, by `name`, `name@alias` or `name@id`."""

    ref: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder on disk, kept as a bundle of this name whenever its content is new."""

    path: Path
    name: str


Requirement = Task | External | Source
_Value = TypeVar("_Value")


def external(ref: str) -> External:
    """Require a bundle that exists: `external("config@prod")`.

    Raises:
        InputError: It is no way to name a bundle.
    """
    parse_ref(ref)
    return External(ref)


def source(path: str | Path, name: str) -> Source:
    """Require a file or folder on disk, as a bundle of this name: a new version whenever its content is new.

    Args:
        path: Where it is; a relative path starts at the workspace.
        name: The bundle's name.

    Raises:
        InputError: The name is none.
    """
    return Source(Path(path), check_name(name))


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a task requires, each with the role it plays.

    Attributes:
        roles: Role to requirement. Roles are the keys of a dict, positions of a list, `0` for a single one; `key.0`
            for lists within a dict.
        shape: The same structure with roles in place of requirements.
    """

    roles: dict[str, Requirement]
    shape: dict[str, Any] | list[Any]

    def arguments(self, values: Mapping[str, _Value]) -> tuple[list[object], dict[str, object]]:
        """Return positional and keyword arguments for `run`, given a value for each role."""
        filled = _fill(self.shape, values)
        return ([], filled) if isinstance(filled, dict) else ([*filled], {})


def read_requirements(task: Task, given: object) -> Requirements:
    """Return what `requires` gave, checked.

    Raises:
        InputError: Something in it can not be required.
    """
    roles: dict[str, Requirement] = {}

    def read(value: object, above: str) -> Any:
        if isinstance(value, Mapping):
            return {str(key): read(inner, f"{above}{key}.") for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [read(inner, f"{above}{position}.") for position, inner in enumerate(value)]
        role = above.removesuffix(".")
        if role in roles:
            raise InputError(
                f"{type(task).__name__} requires two things as {role!r}",
                kind="bad-requirement",
                hint="name one of them otherwise",
                task=type(task).__name__,
            )
        roles[role] = _check(task, role, value)
        return role

    several = given if isinstance(given, Mapping | list | tuple) else [] if given is None else [given]
    return Requirements(roles, read(several, ""))


def _fill(shape: Any, values: Mapping[str, object]) -> Any:
    if isinstance(shape, dict):
        return {key: _fill(inner, values) for key, inner in shape.items()}
    if isinstance(shape, list):
        return [_fill(inner, values) for inner in shape]
    return values[shape]


def _check(task: Task, role: str, value: object) -> Requirement:
    if isinstance(value, Task | External | Source):
        return value
    if isinstance(value, type) and issubclass(value, Task):
        return value()
    raise InputError(
        f"{type(task).__name__} requires {value!r} as {role!r}, which is neither a task nor a bundle nor a file",
        kind="bad-requirement",
        hint="require a task, stook.external('name') or stook.source('file', name='…')",
        task=type(task).__name__,
    )
