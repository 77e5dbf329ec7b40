"""The graph that a task pulls in, checked before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from stook.errors import InputError, StookError
from stook.pipeline.authoring.class_parameters import output_name
from stook.pipeline.authoring.functions import FunctionTask
from stook.pipeline.authoring.inputs import Arguments, arguments_of
from stook.pipeline.authoring.requirements import Requirements, read_requirements
from stook.pipeline.authoring.shape import read_attribute, telling_of
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.traits import Traits, traits_of
from stook.pipeline.authoring.user_code import user_code
from stook.pipeline.authoring.wanted import Mapped, Requirement, Source, needs_of
from stook.pipeline.authoring.where import where_is
from stook.pipeline.finding.locate import CodePlace, locate

__all__ = ["Graph", "Node", "collect"]

_MAX_TASKS = 1_000_000
_MOST_SHOWN = 20


class Node(msgspec.Struct, frozen=True, eq=False):
    """A task in a graph.

    Attributes:
        task: The task.
        name: Name of its output.
        place: Where its code is.
        requirements: What it requires.
        traits: How it is to be run and kept.
    """

    task: Task
    name: str
    place: CodePlace
    requirements: Requirements
    traits: Traits

    @property
    def task_id(self) -> str:
        """`module:Name` of the task."""
        return f"{self.place.module}:{self.place.name}"

    def __reduce__(self) -> tuple[object, ...]:  # traits are the class's, and checks may have a lambda
        return _node, (self.task, self.name, self.place, self.requirements)


def _node(task: Task, name: str, place: CodePlace, requirements: Requirements) -> Node:
    return Node(task, name, place, requirements, traits_of(type(task)))


class _ClassFacts(msgspec.Struct, frozen=True):
    """What is the same for all tasks of a class; looked at once."""

    place: CodePlace
    name: str
    traits: Traits
    arguments: Arguments
    has_own_repr: bool


def collect(*targets: Task) -> tuple[Node, ...]:
    """Return tasks and all that they pull in, each after what it requires: a single target is the last.

    What stands for a task for each partition of a table pulls in what has the table.

    Raises:
        InputError: A requirement is none, tasks require each other in a circle, two tasks or sources have one output
            name, `run` does not take what is required, or a task's class is wrong in itself.
        TaskError: A `requires` raised.
    """
    return Graph().add(*targets)


class Graph:
    """Tasks and what they require; may grow while they run.

    It goes depth first without recursion, for chains may be longer than Python's stack.

    Args:
        most: How many tasks may wait for those that they require; more are taken for endless.
    """

    def __init__(self, most: int = _MAX_TASKS) -> None:
        self._most = most
        self._facts: dict[type[Task], _ClassFacts] = {}
        self._fitting: set[tuple[type[Task], int, tuple[str, ...]]] = set()
        self._owners: dict[str, object] = {}
        self._nodes: dict[Task, Node] = {}

    def add(self, *targets: Task) -> tuple[Node, ...]:
        """Take tasks up, and return those that are new with all new ones that they pull in. Raises as `collect`."""
        before = len(self._nodes)
        try:
            for target in targets:
                self._collect(target)
        except StookError:
            self.forget(tuple(islice(self._nodes.values(), before, None)))
            raise
        return tuple(islice(self._nodes.values(), before, None))

    def forget(self, nodes: Iterable[Node]) -> None:
        """Let go of tasks that nobody goes on with: when they are added again, they are new again."""
        for node in nodes:
            del self._nodes[node.task]

    def _collect(self, target: Task) -> None:
        path: dict[Task, None] = {}
        stack: list[Task | Node] = [target]  # a node waits there for what it requires
        while stack:
            top = stack.pop()
            if isinstance(top, Node):
                self._nodes[top.task] = top
                del path[top.task]
            elif top not in self._nodes:
                node = self._make(top)
                path[top] = None
                stack += [node, *self._still_to_do(node, path)]
            if len(stack) > self._most:
                raise _endless(target, self._most)

    def _still_to_do(self, node: Node, path: dict[Task, None]) -> list[Task]:
        todo = []
        for requirement in node.requirements.roles.values():
            task = requirement if isinstance(requirement, Task) else self._needed(requirement, node.task)
            if task is None or task in self._nodes:
                continue
            if task in path:
                raise _circle([*path], task)
            todo.append(task)
        todo.reverse()
        return todo

    def _needed(self, requirement: Requirement, task: Task) -> Task | None:
        """Return the task that something is of which a task requires; None where it comes from outside."""
        if isinstance(requirement, Mapped):
            self._claim(self._facts_of(requirement.task).name, requirement.task, task)
        needed = needs_of(requirement)
        if isinstance(needed, Source):
            self._claim(needed.name, needed, task)
        return needed if isinstance(needed, Task) else None

    def _make(self, task: Task) -> Node:
        cls = type(task)
        facts = self._facts.get(cls) or self._facts_of(cls)
        if facts.has_own_repr:  # which errors and events ask for later on
            with telling_of(cls, "__repr__", "its repr cannot be had"):
                repr(task)
        node = Node(task, facts.name, facts.place, read_requirements(task, _ask(task)), facts.traits)
        self._claim(facts.name, cls, task)
        self._check_run(node, facts.arguments)
        return node

    def _facts_of(self, cls: type[Task]) -> _ClassFacts:
        if cls not in self._facts:
            self._facts[cls] = _look_at(cls)
        return self._facts[cls]

    def _claim(self, name: str, owner: type[Task] | Source, task: Task) -> None:
        other = self._owners.setdefault(name, owner)
        if other is owner or other == owner:
            return
        raise InputError(
            f"two things make {name}: {_label(other)} and {_label(owner)} (in {_label(type(task))})",
            kind="name-taken",
            hint="give one of them another name: name = '…' in the class, or @task(name='…')",
            name=name,
        )

    def _check_run(self, node: Node, taken: Arguments) -> None:
        """Bind what is required to the arguments of `run`; once for each set of roles that a class has."""
        roles = node.requirements
        shape = roles.shape
        count = len(shape) if isinstance(shape, list) else 0
        held = (name for name in roles.held if name in taken.named or taken.takes_any)
        names = (*(shape if isinstance(shape, dict) else ()), *held)
        cls = type(node.task)
        if (cls, count, names) in self._fitting:
            return
        own = [n for n in node.task.__dict__ if n not in names] if issubclass(cls, FunctionTask) else []
        try:
            if taken.of_task in names:
                raise TypeError(f"{taken.of_task} is the task itself")
            taken.signature.bind(*range(count), **dict.fromkeys([*names, *own]))
        except TypeError as error:
            given = ", ".join(map(str, names)) or f"{count or 'no'} thing{'' if count == 1 else 's'}"
            raise InputError(
                f"{where_is(cls, 'run')}{node.task_id} requires {given}, but its run takes {taken.signature}: {error}",
                kind="run-mismatch",
                hint="give run one argument for each thing that requires returns, named as there",
                task=node.task_id,
            ) from error
        self._fitting.add((cls, count, names))


def _look_at(cls: type[Task]) -> _ClassFacts:
    """Return what is known of a class, whose mistakes are found here."""
    place = locate(cls)
    if cls.run is Task.run:
        raise _bad_class(cls, "", "has no run", "write run(self, …), which returns the data to keep")
    function = cls.function if issubclass(cls, FunctionTask) else cls.run
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        hint = "write it with def, and asyncio.run(…) what is to be awaited in it"
        raise _bad_class(cls, "run", "has an async run, which nobody awaits", hint)
    try:
        arguments = arguments_of(cls)
    except TypeError as error:
        hint = "import it outside of `if TYPE_CHECKING`, or annotate stook.Bundle"
        raise _bad_class(cls, "run", f"run: {error}", hint) from error
    has_own_repr = read_attribute(cls, "__repr__") is not Task.__repr__
    return _ClassFacts(place, output_name(cls), traits_of(cls), arguments, has_own_repr)


def _bad_class(cls: type[Task], name: str, problem: str, hint: str) -> InputError:
    return InputError(
        f"{where_is(cls, name)}{_label(cls)} {problem}", kind="bad-task", hint=hint, task=cls.__name__
    )


def _ask(task: Task) -> object:
    cls = type(task)
    if cls.requires is Task.requires:
        return None
    with user_code(
        cls.__name__, f"requires of {task!r} failed", kind="requires-failed", hint="mend requires"
    ):
        return task.requires()


def _label(owner: object) -> str:
    if isinstance(owner, Source):
        return f"the source {owner.path}"
    return f"{owner.__module__}:{owner.__qualname__}" if isinstance(owner, type) else str(owner)


def _circle(path: list[Task], again: Task) -> InputError:
    # Siblings wait on the stack unopened, so that what is open is one path, root first.
    circle = [*path[path.index(again) :], again]
    return InputError(
        f"{where_is(type(again))}tasks require each other in a circle: {' → '.join(_shortened(circle))}",
        kind="cycle",
        hint="take one of these requirements away",
    )


def _shortened(circle: list[Task]) -> Iterator[str]:
    for at, task in enumerate(circle):
        if at < _MOST_SHOWN // 2 or at >= len(circle) - _MOST_SHOWN // 2:
            yield repr(task)
        elif at == _MOST_SHOWN // 2:
            yield "…"


def _endless(target: Task, most: int) -> InputError:
    return InputError(
        f"{where_is(type(target))}{target!r} requires more than {most} tasks, or requires that never end",
        kind="endless-graph",
        hint="look at what requires makes of the parameters",
    )
