"""What a run would do, without doing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from stook.model.lineage import Input, Lineage
from stook.pipeline.authoring.asked import tasks_asked_for
from stook.pipeline.authoring.forms import digest_as_input
from stook.pipeline.authoring.parameters import plain
from stook.pipeline.authoring.parts import Parts
from stook.pipeline.authoring.sources import find_kept, resolve_path
from stook.pipeline.authoring.tasks import Task, values_of
from stook.pipeline.authoring.wanted import (
    External,
    Mapped,
    Partition,
    Partitions,
    Requirement,
    Source,
    needs_of,
)
from stook.pipeline.authoring.written import written_values
from stook.pipeline.deciding.decide import Decider
from stook.pipeline.deciding.declared import check_declared
from stook.pipeline.graph import Graph, Node
from stook.pipeline.running.choosing import Choice, NewestBundles, targets_of
from stook.pipeline.running.options import RunOptions

if TYPE_CHECKING:
    from stook.pipeline.deciding.reasons import Change
    from stook.store import Bundle, Store

__all__ = ["Plan", "PlannedStep", "Planner", "make_plan", "why"]

_PLAIN = RunOptions()
_UNSEEN = "content that no store has seen"


class PlannedStep(msgspec.Struct, frozen=True):
    """What would come of one task.

    Attributes:
        number: Of the task within the plan, from 0.
        task: The task, as `module:Name`.
        name: Name of its output.
        label: The task with all its parameters, as Python writes it.
        decision: `"reuse"`, `"run"`, or `"depends"`: it can only be decided once what it requires has run.
        because: Why.
        bundle: The bundle that would be reused.
        requires: Numbers of the tasks that it requires.
        params: Plain forms of its parameters, by name, but for those that hold what is required.
        values: How each of its parameters is written for a person, by name: `day=2026-01-31`.
        lineage: What there is to record of it now; None where its inputs are not known yet.
    """

    number: int
    task: str
    name: str
    label: str
    decision: str
    because: tuple[str, ...]
    bundle: Bundle | None
    requires: tuple[int, ...]
    params: dict[str, object]
    values: dict[str, str]
    lineage: Lineage | None

    def __repr__(self) -> str:
        return f"<PlannedStep {self.label} {self.decision}: {'; '.join(self.because)}>"

    def _repr_html_(self) -> str:
        return _html((self,))


class Plan(msgspec.Struct, frozen=True):
    """Steps in the order in which they would be taken; the last is the task that was asked for."""

    steps: tuple[PlannedStep, ...]

    def _repr_html_(self) -> str:
        return _html(self.steps)


def make_plan(
    task: Task | Sequence[Task], *, store: Store | None = None, options: RunOptions = _PLAIN
) -> Plan:
    """Return what a run would do. Nothing is run and nothing is written.

    Args:
        task: The task, with its parameters, or several.
        store: Where bundles are; the home store by default.
        options: How the run would be done: `force`, `only` and `upto` are heeded.

    Raises:
        InputError: The graph is wrong.
        NotFoundError: A file, an external bundle, or a task that an option names is not there.
    """
    if store is None:
        from stook.store import open_store

        store = open_store()
    return Planner(store, options).plan(tasks_asked_for(task))


def why(task: Task, *, store: Store | None = None) -> PlannedStep:
    """Return whether a task would run again, and why. Raises as `make_plan` does."""
    return make_plan(task, store=store).steps[-1]


class _Unknown(msgspec.Struct, frozen=True):
    """What cannot be known before something has run."""

    waits: str


class Planner:
    """Goes through a graph that may grow: by partitions, and by what tasks asked for when they last ran.

    Args:
        store: Where bundles are.
        options: How the run would be done: `force`, `only` and `upto` are heeded.
    """

    def __init__(self, store: Store, options: RunOptions = _PLAIN) -> None:
        self._store = store
        self._options = options
        self._choice = Choice(options)
        self._newest = NewestBundles(store)
        self._decider = Decider(store)
        self._graph = Graph()
        self._steps: dict[Task, PlannedStep] = {}
        self._outside: dict[Requirement, Bundle | None] = {}
        self._waited: set[tuple[Task, tuple[Task, ...]]] = set()
        self._nodes: dict[Task, Node] = {}
        self._parts = Parts(store.repository.cache / "partitions")

    def plan(self, tasks: tuple[Task, ...]) -> Plan:
        """Return what a run of some tasks would do. Raises as `make_plan` does."""
        self._store.refresh()
        todo = list(reversed(self._take_up(targets_of(tasks, self._options))))
        check_declared(node for node in todo if not self._choice.is_taken_as_it_is(node))
        while todo:
            node = todo[-1]
            if node.task in self._steps:
                todo.pop()
                continue
            node = self._expand(node)
            needed = (wanted for wanted in node.requirements.roles.values() if isinstance(wanted, Task))
            found = self._unplanned(node, tuple(needed)) or self._step(node)
            if isinstance(found, PlannedStep):
                self._steps[node.task] = found
                todo.pop()
            else:
                todo += reversed(self._take_up(found))
        return Plan(tuple(self._steps.values()))

    def explain(self, step: PlannedStep) -> tuple[Change, ...]:
        """Return what has changed since the task of a step ran last, with texts of code as far as they were kept."""
        node = self._nodes[next(task for task, known in self._steps.items() if known is step)]
        return self._decider.explain(node, step.lineage) if step.lineage else ()

    def _take_up(self, tasks: Sequence[Task]) -> list[Node]:
        """Return tasks and what is new of all that they pull in, each after what it requires."""
        new = {node.task: node for node in self._graph.add(*tasks)}
        self._nodes |= new
        return [*new.values(), *(self._nodes[task] for task in tasks if task not in new)]

    def _unplanned(self, node: Node, tasks: Sequence[Task]) -> tuple[Task, ...]:
        """Return those of some tasks that are to be planned first; once, for they may require that very task."""
        found = tuple(task for task in tasks if task not in self._steps)
        if not found or (node.task, found) in self._waited:
            return ()
        self._waited.add((node.task, found))
        return found

    def _expand(self, node: Node) -> Node:
        """Return a task with a task for each partition that it requires, as far as tables are known."""
        made: dict[str, list[Task]] = {}
        for role, requirement in node.requirements.roles.items():
            if isinstance(requirement, Mapped):
                bundle = self._bundle_of(requirement.over.of, node)
                if not isinstance(bundle, _Unknown):
                    made[role] = self._parts.tasks_of(requirement, bundle)
        if made:
            node = self._nodes[node.task] = msgspec.structs.replace(
                node, requirements=node.requirements.expanded(made)
            )
        return node

    def _step(self, node: Node) -> PlannedStep | tuple[Task, ...]:
        """Return what would come of a task, or tasks to plan first."""
        if self._choice.is_taken_as_it_is(node):
            return self._made(node, "reuse", ("taken as it is",), self._newest.get(node))
        inputs = {role: self._input(role, wanted, node) for role, wanted in node.requirements.roles.items()}
        waits = [found.waits for found in inputs.values() if isinstance(found, _Unknown)]
        if waits:
            return self._made(node, "depends", tuple(dict.fromkeys(waits)))
        known = {role: found for role, found in inputs.items() if isinstance(found, Input)}
        if self._choice.is_forced(node):
            return self._made(node, "run", ("forced",), lineage=self._decider.describe(node, known))
        decided = self._decider.decide(node, known, self._find_digest)
        if more := self._unplanned(node, decided.asks):
            return more
        if decided.asks:
            asks = (f"depends on {task!r}, which it asks for" for task in decided.asks)
            return self._made(node, "depends", tuple(asks), lineage=decided.lineage)
        decision = "reuse" if decided.bundle else "run"
        return self._made(node, decision, decided.because, decided.bundle, lineage=decided.lineage)

    def _made(
        self,
        node: Node,
        decision: str,
        because: tuple[str, ...],
        bundle: Bundle | None = None,
        lineage: Lineage | None = None,
    ) -> PlannedStep:
        needs = map(needs_of, node.requirements.roles.values())
        steps = (self._steps.get(need) for need in needs if isinstance(need, Task))
        requires = tuple(dict.fromkeys(step.number for step in steps if step))
        return PlannedStep(
            len(self._steps),
            node.task_id,
            node.name,
            repr(node.task),
            decision,
            because,
            bundle,
            requires,
            {name: plain(value) for name, value in values_of(node.task).items()},
            written_values(node.task),
            lineage,
        )

    def _find_digest(self, task: Task) -> str | None:
        step = self._steps.get(task)
        return digest_as_input(step.bundle) if step and step.bundle else None

    def _input(self, role: str, wanted: Requirement, node: Node) -> Input | _Unknown:
        if isinstance(wanted, Mapped):
            found = self._bundle_of(wanted.over.of, node)
            waits = found.waits if isinstance(found, _Unknown) else f"depends on {wanted.task.__name__}"
            return _Unknown(f"{waits}: a task for each {_each(wanted.over)}")
        bundle = self._bundle_of(wanted, node)
        if not isinstance(bundle, _Unknown):
            return self._parts.input_of(role, wanted, bundle)
        need = needs_of(wanted)
        if isinstance(need, Source) and not isinstance(wanted, Partition):
            # It has no digest yet, and cannot have been anyone's input.
            return Input(role, need.name, "", _UNSEEN)
        return bundle

    def _bundle_of(self, wanted: Requirement, node: Node) -> Bundle | _Unknown:
        need = needs_of(wanted)
        if isinstance(need, Task):
            step = self._steps.get(need)
            if step is None:
                return _Unknown(f"depends on {need!r}, which depends on it")
            return step.bundle or _Unknown(f"depends on {step.task} ({step.name})")
        if need not in self._outside:
            self._outside[need] = self._look_outside(need, node)
        return self._outside[need] or _Unknown(
            f"depends on {getattr(need, 'name', need)}, whose content is new"
        )

    def _look_outside(self, need: Requirement, node: Node) -> Bundle | None:
        if isinstance(need, External):
            return self._store.get(need.ref)
        if not isinstance(need, Source):
            return None
        path = resolve_path(need.path, node.place.roots[0], need.name)
        return find_kept(self._store.versions(need.name), path)


def _html(steps: Sequence[PlannedStep]) -> str:
    from stook.pipeline.html_table import html_table

    shown = ((one.name, one.decision, "; ".join(one.because)) for one in steps)
    return html_table("what a run would do", ("task", "would", "because"), shown)


def _each(over: Partitions) -> str:
    return over.by or f"{over.rows:,} rows"
