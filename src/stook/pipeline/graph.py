"""The graph that a task pulls in, checked before anything runs."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from itertools import islice

from stook.errors import InputError
from stook.pipeline.functions import FunctionTask
from stook.pipeline.locate import CodePlace, locate
from stook.pipeline.requirements import Requirements, Source, read_requirements
from stook.pipeline.tasks import Task, output_name
from stook.pipeline.traits import Traits, traits_of
from stook.pipeline.user_code import user_code

__all__ = ["Graph", "Node", "collect"]

_MAX_TASKS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A task in a graph.

    Attributes:
        task: The task.
        name: Name of its output.
        place: Where its code is.
        requirements: What it requires.
    """

    task: Task
    name: str
    place: CodePlace
    requirements: Requirements

    @property
    def task_id(self) -> str:
        """`module:Name` of the task."""
        return f"{self.place.module}:{self.place.name}"

    @property
    def traits(self) -> Traits:
        """How it is to be run and kept."""
        return traits_of(type(self.task))


def collect(*targets: Task) -> tuple[Node, ...]:
    """Return tasks and all that they pull in, each after what it requires: a single target is the last.

    Raises:
        InputError: A requirement is none, tasks require each other in a circle, two tasks or sources have one output
            name, or `run` does not take what is required.
        TaskError: A `requires` raised.
    """
    return Graph().add(*targets)


class Graph:
    """Tasks and what they require; may grow while they run.

    It goes depth first without recursion, for chains may be longer than Python's stack.
    """

    def __init__(self) -> None:
        self._places: dict[type[Task], tuple[CodePlace, str]] = {}
        self._signatures: dict[type[Task], inspect.Signature] = {}
        self._owners: dict[str, object] = {}
        self._nodes: dict[Task, Node] = {}

    def add(self, *targets: Task) -> tuple[Node, ...]:
        """Take tasks up, and return those that are new with all new ones that they pull in. Raises as `collect`."""
        before = len(self._nodes)
        for target in targets:
            self._collect(target)
        return tuple(islice(self._nodes.values(), before, None))

    def _collect(self, target: Task) -> None:
        done = self._nodes
        open_nodes: dict[Task, Node] = {}
        stack: list[Task] = [target]
        while stack:
            task = stack[-1]
            if task in done:
                stack.pop()
            elif task in open_nodes:
                done[task] = open_nodes.pop(task)
                stack.pop()
            else:
                node = open_nodes[task] = self._make(task)
                stack += self._still_to_do(node, done, open_nodes)
            if len(stack) > _MAX_TASKS:
                raise _endless(target)

    def _still_to_do(self, node: Node, done: dict[Task, Node], open_nodes: dict[Task, Node]) -> list[Task]:
        todo = []
        for required in node.requirements.roles.values():
            if isinstance(required, Source):
                self._claim(required.name, required, node)
            if isinstance(required, Task) and required not in done:
                if required in open_nodes:
                    raise _circle([*open_nodes], required)
                todo.append(required)
        return list(reversed(todo))

    def _make(self, task: Task) -> Node:
        cls = type(task)
        if cls not in self._places:
            self._places[cls] = locate(cls), output_name(cls)
        place, name = self._places[cls]
        node = Node(task, name, place, read_requirements(task, _ask(task)))
        self._claim(name, cls, node)
        self._check_run(node)
        return node

    def _claim(self, name: str, owner: type[Task] | Source, node: Node) -> None:
        other = self._owners.setdefault(name, owner)
        if other != owner:
            raise InputError(
                f"two things make {name}: {_label(other)} and {_label(owner)} (in {node.task_id})",
                kind="name-taken",
                hint="give one of them another name: name = '…' in the class, or @task(name='…')",
                name=name,
            )

    def _check_run(self, node: Node) -> None:
        cls = type(node.task)
        signature = self._signatures.get(cls)
        if signature is None:
            signature = self._signatures[cls] = inspect.signature(
                cls.function if issubclass(cls, FunctionTask) else node.task.run
            )
        roles = {role: role for role in node.requirements.roles}
        args, kwargs = node.requirements.arguments(roles)
        own = dict(node.task.__dict__) if isinstance(node.task, FunctionTask) else {}
        try:
            signature.bind(*args, **{**kwargs, **own})
        except TypeError as error:
            given = ", ".join(map(str, kwargs)) or f"{len(args)} in order"
            raise InputError(
                f"{node.task_id} requires {given}, but its run takes {signature}: {error}",
                kind="run-mismatch",
                hint="give run one argument for each thing required, named as in requires",
                task=node.task_id,
            ) from error


def _ask(task: Task) -> object:
    name = type(task).__name__
    with user_code(name, f"requires of {task!r} failed", kind="requires-failed", hint="mend requires"):
        return task.requires()


def _label(owner: object) -> str:
    if isinstance(owner, Source):
        return f"the source {owner.path}"
    return f"{owner.__module__}:{owner.__qualname__}" if isinstance(owner, type) else str(owner)


def _circle(path: list[Task], again: Task) -> InputError:
    # Siblings wait on the stack unopened, so that what is open is one path, root first.
    circle = [*path[path.index(again) :], again]
    return InputError(
        f"tasks require each other in a circle: {' → '.join(map(repr, circle))}",
        kind="cycle",
        hint="take one of these requirements away",
    )


def _endless(target: Task) -> InputError:
    return InputError(
        f"{target!r} requires more than {_MAX_TASKS} tasks, or requires that never end",
        kind="endless-graph",
        hint="look at what requires makes of the parameters",
    )
