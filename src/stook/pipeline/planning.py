"""What a run would do, without doing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stook.model.lineage import Input
from stook.pipeline.decide import Decider
from stook.pipeline.graph import Node, collect
from stook.pipeline.requirements import External, Source
from stook.pipeline.sources import find_kept, resolve_path
from stook.pipeline.tasks import Task

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Plan", "PlannedStep", "make_plan", "why"]

_UNSEEN = "content that no store has seen"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """What would come of one task.

    Attributes:
        task: The task, as `module:Name`.
        name: Name of its output.
        decision: `"reuse"`, `"run"`, or `"depends"`: it can only be decided once what it requires has run.
        because: Why.
        bundle: The bundle that would be reused.
    """

    task: str
    name: str
    decision: str
    because: tuple[str, ...]
    bundle: Bundle | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they would be taken; the last is the task that was asked for."""

    steps: tuple[PlannedStep, ...]


def make_plan(task: Task, *, store: Store | None = None) -> Plan:
    """Return what a run would do. Nothing is run and nothing is written.

    Raises:
        InputError: The graph is wrong.
        NotFoundError: A file or an external bundle is not there.
    """
    if store is None:
        from stook.store import open_store

        store = open_store()
    return _Planner(store).plan(collect(task))


def why(task: Task, *, store: Store | None = None) -> PlannedStep:
    """Return whether a task would run again, and why. Raises as `make_plan` does."""
    return make_plan(task, store=store).steps[-1]


def _input_of(bundle: Bundle) -> Input:
    return Input("", bundle.name, bundle.id, bundle.digest)


class _Planner:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._decider = Decider(store)
        self._known: dict[object, Input | None] = {}
        self._decisions: dict[object, str] = {}

    def plan(self, nodes: Iterable[Node]) -> Plan:
        self._store.refresh()
        steps = []
        for node in nodes:
            for required in node.requirements.roles.values():
                if required not in self._known:
                    self._known[required] = self._look_outside(required, node)
            step = self._step(node)
            self._known[node.task] = _input_of(step.bundle) if step.bundle else None
            self._decisions[node.task] = f"{step.task} ({step.name})"
            steps.append(step)
        return Plan(tuple(steps))

    def _look_outside(self, required: object, node: Node) -> Input | None:
        if isinstance(required, External):
            return _input_of(self._store.get(required.ref))
        if not isinstance(required, Source):
            return None
        path = resolve_path(required.path, node.place.roots[0], required.name)
        kept = find_kept(self._store.versions(required.name), path)
        # Content that the store has never seen has no digest yet, and cannot have been anyone's input.
        return _input_of(kept) if kept else Input("", required.name, "", _UNSEEN)

    def _step(self, node: Node) -> PlannedStep:
        inputs = {role: self._known[required] for role, required in node.requirements.roles.items()}
        known = {role: replace(used, role=role) for role, used in inputs.items() if used is not None}
        if len(known) < len(inputs):
            waits = [self._decisions[node.requirements.roles[role]] for role in inputs if role not in known]
            because = tuple(f"depends on {name}" for name in dict.fromkeys(waits))
            return PlannedStep(node.task_id, node.name, "depends", because, None)
        decided = self._decider.decide(node, known, lambda _: None)
        decision = "reuse" if decided.bundle else "depends" if decided.asks else "run"
        return PlannedStep(node.task_id, node.name, decision, decided.because, decided.bundle)
