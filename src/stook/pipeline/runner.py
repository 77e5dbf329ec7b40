"""Runs a task and what it requires: reuses what is there, runs the rest, one task after another."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from stook.errors import StookError
from stook.model.events import Observer, RunStarted, TaskFailed, TaskFinished, TaskStarted, ignore
from stook.model.lineage import Environment, Lineage
from stook.pipeline.closure import packages_in
from stook.pipeline.decide import Decider, input_of
from stook.pipeline.environment import read_environment
from stook.pipeline.execute import execute
from stook.pipeline.graph import Node, collect
from stook.pipeline.requirements import External, Source
from stook.pipeline.sources import keep, resolve_path
from stook.pipeline.tasks import Task

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["RunResult", "StepResult", "run"]


@dataclass(frozen=True, slots=True)
class StepResult:
    """What came of one task.

    Attributes:
        task: The task, as `module:Name`.
        name: Name of its output.
        decision: `"ran"` or `"reused"`.
        because: Why.
        bundle: Its output.
        seconds: How long it took, deciding included.
    """

    task: str
    name: str
    decision: str
    because: tuple[str, ...]
    bundle: Bundle
    seconds: float


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run; the last step is the task that was asked for."""

    steps: tuple[StepResult, ...]

    @property
    def bundle(self) -> Bundle:
        """The output of the task that was asked for."""
        return self.steps[-1].bundle

    @property
    def decision(self) -> str:
        """Whether the task that was asked for `"ran"` or was `"reused"`."""
        return self.steps[-1].decision

    @property
    def because(self) -> tuple[str, ...]:
        """Why."""
        return self.steps[-1].because


def run(task: Task, *, store: Store | None = None, observer: Observer | None = None) -> RunResult:
    """Make a task's bundle, and first those that it requires; what is there already is reused.

    Args:
        task: The task, with its parameters.
        store: Where bundles are; the home store by default.
        observer: Is told what happens.

    Returns:
        The bundle, whether it was reused or made, and why; the same for each step.

    Raises:
        InputError: The graph is wrong; nothing has run.
        NotFoundError: A file or an external bundle is not there; nothing has run.
        TaskError: A task failed; tasks that had finished are kept.
    """
    if store is None:
        from stook.store import open_store

        store = open_store()
    return _Run(store, observer or ignore).run(collect(task))


class _Run:
    def __init__(self, store: Store, observer: Observer) -> None:
        self._store = store
        self._observe = observer
        self._decider = Decider(store)
        self._bundles: dict[object, Bundle] = {}
        self._environment: Environment | None = None

    def run(self, nodes: Sequence[Node]) -> RunResult:
        self._observe(RunStarted(nodes[-1].task_id, len(nodes)))
        self._store.refresh()
        self._bundles = _inputs_from_outside(self._store, nodes)
        steps = []
        for node in nodes:
            steps.append(self._step(node))
            self._bundles[node.task] = steps[-1].bundle
        return RunResult(tuple(steps))

    def _step(self, node: Node) -> StepResult:
        start = time.perf_counter()
        inputs = {role: self._bundles[required] for role, required in node.requirements.roles.items()}
        decided = self._decider.decide(node, {role: input_of(bundle) for role, bundle in inputs.items()})
        bundle, decision = decided.bundle, "reused"
        if bundle is None:
            self._observe(TaskStarted(node.task_id, node.name, decided.because))
            bundle, decision = self._execute(node, decided.lineage, inputs), "ran"
        seconds = time.perf_counter() - start
        self._observe(TaskFinished(node.task_id, node.name, decision, bundle.ref, seconds, bundle.size))
        return StepResult(node.task_id, node.name, decision, decided.because, bundle, seconds)

    def _execute(self, node: Node, made: Lineage, inputs: Mapping[str, Bundle]) -> Bundle:
        start = time.perf_counter()
        if self._environment is None:
            self._environment = read_environment(node.place.roots[0], self._store.repository.owner)
        environment = msgspec.structs.replace(self._environment, packages=packages_in(made.code))
        lineage = msgspec.structs.replace(made, environment=environment)
        try:
            return execute(self._store, node, inputs, lineage)
        except StookError as error:
            seconds = time.perf_counter() - start
            self._observe(TaskFailed(node.task_id, node.name, error.message, seconds))
            raise


def _inputs_from_outside(store: Store, nodes: Iterable[Node]) -> dict[object, Bundle]:
    """Return the bundles of files and external bundles; all are looked for before the first file is kept.

    Raises:
        NotFoundError: A file or a bundle is not there.
    """
    needs = {required: node for node in nodes for required in node.requirements.roles.values()}
    bundles: dict[object, Bundle] = {r: store.get(r.ref) for r in needs if isinstance(r, External)}
    paths = {
        required: resolve_path(required.path, node.place.roots[0], required.name)
        for required, node in needs.items()
        if isinstance(required, Source)
    }
    bundles.update({required: keep(store, path, required.name) for required, path in paths.items()})
    return bundles
