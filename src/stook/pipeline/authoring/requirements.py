"""What a task requires, each with the role that it plays, and how it becomes the arguments of `run`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from stook.errors import InputError
from stook.pipeline.authoring.parameters.parameter import shown
from stook.pipeline.authoring.parameters.routed import route
from stook.pipeline.authoring.tasks import Task, requirements_in
from stook.pipeline.authoring.wanted import Requirement
from stook.pipeline.authoring.where import where_is

__all__ = ["Requirements", "Shape", "read_requirements"]

Shape = Any
"""A role; or a list or dict of shapes."""


class Requirements(msgspec.Struct, frozen=True):
    """What a task requires, each with the role it plays.

    Attributes:
        roles: Role to requirement. Roles are the keys of a dict, positions of a list, `0` for a single one, names of
            parameters that hold requirements; `key.0` for lists within those.
        shape: What `requires` gave, with roles in place of requirements.
        held: What parameters hold, by name, with roles in place of requirements.
    """

    roles: dict[str, Requirement]
    shape: dict[str, Shape] | list[Shape]
    held: dict[str, Shape] = {}

    def expanded(self, made: Mapping[str, Sequence[Task]]) -> Requirements:
        """Return the same with tasks in place of what stood for them.

        Args:
            made: The tasks by the role of a `Mapped`; they get the roles `role.0`, `role.1`, ….
        """
        roles_of = {role: [f"{role}.{at}" for at in range(len(tasks))] for role, tasks in made.items()}
        roles: dict[str, Requirement] = {}
        for role, requirement in self.roles.items():
            several = zip(roles_of[role], made[role], strict=True) if role in made else [(role, requirement)]
            roles.update(several)
        return Requirements(roles, _fill(self.shape, roles_of), _fill(self.held, roles_of))


_DEEPEST: Final = 50
_LONGEST: Final = 1_000
_NOTHING: Final = Requirements({}, [])


def read_requirements(task: Task, given: object) -> Requirements:
    """Return what `requires` gave and what parameters hold, checked.

    Raises:
        InputError: Something in it can not be required.
    """
    holding = requirements_in(task)
    if given is None and not holding:
        return _NOTHING
    roles: dict[str, Requirement] = {}
    held = {name: _read(task, roles, value, f"{name}.") for name, value in holding.items()}
    if isinstance(given, Requirement) or not isinstance(given, Mapping | list | tuple):
        given = [] if given is None else [given]
    return Requirements(roles, _read(task, roles, given, ""), held)


def _read(task: Task, roles: dict[str, Requirement], value: object, above: str) -> Shape:
    if len(above) > _LONGEST or above.count(".") > _DEEPEST or not above.isprintable():
        problem = (
            f"requires something as {shown(above)}, a name that is too long, too deep, or not to be printed"
        )
        raise _bad(task, problem, "name it otherwise")
    if isinstance(value, list | tuple):
        return [_read(task, roles, inner, f"{above}{position}.") for position, inner in enumerate(value)]
    if not isinstance(value, Requirement) and isinstance(value, Mapping):
        return {str(key): _read(task, roles, inner, f"{above}{key}.") for key, inner in value.items()}
    role = above.removesuffix(".")
    if role in roles:
        raise _bad(task, f"requires two things as {role!r}", "name one of them otherwise")
    roles[role] = _check(task, role, value)
    return role


def _fill(shape: Shape, roles_of: Mapping[str, list[str]]) -> Shape:
    """Return a shape with several roles in place of some."""
    if isinstance(shape, dict):
        return {key: _fill(inner, roles_of) for key, inner in shape.items()}
    if isinstance(shape, list):
        return [_fill(inner, roles_of) for inner in shape]
    return roles_of.get(shape, shape)


def _check(task: Task, role: str, value: object) -> Requirement:
    found = value if isinstance(value, Requirement) else route(value)
    if isinstance(found, Requirement):
        return found
    raise _bad(
        task,
        f"requires {shown(value)} as {role!r}, which is neither a task nor a bundle nor a file",
        "require a task, stook.external('name') or stook.source('file', name='…')",
    )


def _bad(task: Task, problem: str, hint: str) -> InputError:
    name = type(task).__name__
    place = where_is(type(task), "requires")
    return InputError(f"{place}{name} {problem}", kind="bad-requirement", hint=hint, task=name)
