"""What a run would do, and how its tasks stand, for a person who asks."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING

from stook.app.graphing import labels_of
from stook.app.run_records import iter_runs, read_run, runs_folder
from stook.app.run_records.layout import kept_label
from stook.errors import NotFoundError
from stook.format import values
from stook.model.lineage import Lineage
from stook.model.run import TaskRecord
from stook.pipeline import Task
from stook.pipeline.deciding.reasons import History
from stook.pipeline.planning import Plan, PlannedStep, Planner

if TYPE_CHECKING:
    from stook.pipeline.deciding.reasons import Change
    from stook.store import Bundle, Store

__all__ = ["Explained", "Standing", "choose_steps", "explain", "plain_step", "standings"]

_Telling = tuple[str, bool, TaskRecord]
_RUNS = 20
_SETTLED = {"ran", "reused", "failed"}
_UP = {"reuse": "up to date", "take": "would be taken", "run": "would run", "depends": "depends"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a task stands.

    Attributes:
        step: What a run would do about it.
        label: What it is called, with the parameters that tell it from others.
        state: `up to date`, `would be taken`, `would run`, `depends`, `running` or `failed`.
        because: Why.
        bundle: What it made last; None where it never did.
        seconds: How long that took; None where that is not known.
        run: The run that is at it, or that it failed in last; empty where there is none.
    """

    step: PlannedStep
    label: str
    state: str
    because: tuple[str, ...]
    bundle: Bundle | None
    seconds: float | None
    run: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a task would run, or would not.

    Attributes:
        step: What a run would do about it.
        label: What it is called, with the parameters that tell it from others.
        changes: What has changed since it ran last, with texts of code as far as they were kept.
        last: What it is compared with: what it made last, by preference with these parameters; None where it never ran.
        lineage: What it depends on: as of now, and where it would be reused, as of then. None where that depends.
    """

    step: PlannedStep
    label: str
    changes: tuple[Change, ...]
    last: Bundle | None
    lineage: Lineage | None


def explain(task: Task, store: Store, name: str = "") -> tuple[Explained, ...]:
    """Return why a task would run, or those of its graph that a name means. Nothing is run.

    Raises:
        NotFoundError: No task of the graph is called so, or a file or external bundle is not there.
        InputError: The graph is wrong.
    """
    planner = Planner(store)
    plan = planner.plan((task,))
    labels = dict(zip((step.number for step in plan.steps), labels_of(plan.steps), strict=True))
    found = []
    for step in choose_steps(plan, name) if name else plan.steps[-1:]:
        changes = planner.explain(step) if step.decision == "run" else ()
        lineage = step.bundle.lineage if step.bundle else step.lineage
        found.append(
            Explained(step, labels[step.number], changes, step.bundle or _before(step, store), lineage)
        )
    return tuple(found)


def _before(step: PlannedStep, store: Store) -> Bundle | None:
    history = History(store.versions(step.name))
    return history.find_before(
        step.lineage or Lineage(params={name: values.to_json(value) for name, value in step.params.items()})
    )


def plain_step(step: PlannedStep, called: str) -> dict[str, object]:
    """Return what would come of a task, which is called so, as plain JSON."""
    return {
        "number": step.number,
        "task": step.task,
        "name": step.name,
        "label": step.label,
        "called": called,
        "decision": step.decision,
        "because": list(step.because),
        "bundle": step.bundle.ref if step.bundle else None,
        "requires": list(step.requires),
    }


def choose_steps(plan: Plan, name: str) -> list[PlannedStep]:
    """Return the tasks of a plan that a name means: of the task, its output, or a pattern of those.

    Raises:
        NotFoundError: There is none.
    """
    labels = labels_of(plan.steps)
    found = [
        step
        for step, label in zip(plan.steps, labels, strict=True)
        if any(name == word or fnmatchcase(word, name) for word in (*_names(step), label))
    ]
    if not found:
        import difflib

        known = sorted({word for step in plan.steps for word in _names(step)[:2]})
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        raise NotFoundError(
            f"no task of {plan.steps[-1].task} is called {name}",
            kind="task-not-found",
            hint=f"did you mean {near[0]}?" if near else f"its tasks are {', '.join(known[:20])}",
        )
    return found


def standings(plan: Plan, store: Store) -> tuple[Standing, ...]:
    """Return how each task of a plan stands: going by the store, by runs that go on, and by those that failed."""
    tellings = _tellings(store, {(step.task, kept_label(step.label)) for step in plan.steps})
    newest = _Newest(store)
    found = []
    for step, label in zip(plan.steps, labels_of(plan.steps), strict=True):
        bundle = step.bundle or newest.of(step)
        state, because, run = _state(step, tellings.get((step.task, kept_label(step.label)), ()))
        seconds = newest.seconds(bundle) if bundle else None
        found.append(Standing(step, label, state, because, bundle, seconds, run))
    return tuple(found)


def _names(step: PlannedStep) -> tuple[str, ...]:
    return (step.name, step.task.rpartition(":")[2], step.task, step.label)


def _state(step: PlannedStep, tellings: Iterable[_Telling]) -> tuple[str, tuple[str, ...], str]:
    """Return a task's state, why, and the run that says so: the newest one that had to do with it."""
    for run, is_going_on, task in tellings:
        if is_going_on and task.state == "running":
            return "running", (f"in run {run}", *step.because), run
        if task.state == "failed" and step.decision != "reuse":
            return "failed", (f"failed last: {task.message}", *step.because), run
        if task.state in _SETTLED:
            break
    return _UP[step.decision], step.because, ""


def _tellings(store: Store, wanted: Set[tuple[str, str]]) -> dict[tuple[str, str], list[_Telling]]:
    """Return what the newest runs say of some tasks, by task and label, the newest run first.

    Runs may be huge: none is read where newer ones have settled all tasks.
    """
    found: dict[tuple[str, str], list[_Telling]] = {}
    left = set(wanted)
    for summary in islice(iter_runs(store), _RUNS):
        is_ours = left and summary.head.context == store.context
        record = read_run(runs_folder(store) / summary.head.id) if is_ours else None
        for task in record.tasks if record else ():
            key = task.task, task.label
            if key in left:
                found.setdefault(key, []).append((summary.head.id, summary.state == "running", task))
                if task.state in _SETTLED:
                    left.remove(key)
    return found


class _Newest:
    """What tasks made last, as they are with the same parameters."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_name: dict[str, dict[str, Bundle]] = {}

    def of(self, step: PlannedStep) -> Bundle | None:
        if step.name not in self._by_name:
            bundles = self._store.versions(step.name)
            self._by_name[step.name] = {repr(bundle.params): bundle for bundle in reversed(bundles)}
        return (
            None
            if step.values.keys() - step.params.keys()
            else self._by_name[step.name].get(repr(step.params))
        )

    def seconds(self, bundle: Bundle) -> float | None:
        lineage = bundle.manifest.lineage
        return (lineage.ended - lineage.started) / 1e6 if lineage.started and lineage.ended else None
