"""What has become of each task of a run, and which may go on: the graph as it is being worked off."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from stook.pipeline.graph import Graph, Node
from stook.pipeline.requirements import Requirements
from stook.pipeline.tasks import Task

if TYPE_CHECKING:
    from stook.errors import StookError
    from stook.model.lineage import Lineage
    from stook.pipeline.decide import Decision
    from stook.pipeline.running.work import Asks, Given
    from stook.store import Bundle

__all__ = ["Board", "State", "Step"]


class State(Enum):
    """Where a task is on its way."""

    WAITING = auto()  # for tasks that it requires
    READY = auto()  # to be decided, submitted or answered
    RUNNING = auto()
    ASKING = auto()  # for tasks that it wants while it runs
    RESTING = auto()  # until it is tried again, or until another run is done with it
    DONE = auto()
    FAILED = auto()
    SKIPPED = auto()


_OVER = frozenset({State.DONE, State.FAILED, State.SKIPPED})


@dataclass(slots=True, eq=False)
class Step:
    """One task of a run, and what has become of it."""

    number: int
    node: Node
    requirements: Requirements
    state: State = State.WAITING
    waits_for: set[int] = field(default_factory=set)
    dependents: list[int] = field(default_factory=list)
    began: float = 0.0
    attempts: int = 0
    deaths: int = 0
    rests_until: float = 0.0
    is_verifying: bool = False
    asks: Asks | None = None
    plan: tuple[Mapping[str, Given], Decision] | None = None
    lineage: Lineage | None = None
    because: tuple[str, ...] = ()
    decision: str = ""
    bundle: Bundle | None = None
    error: StookError | None = None
    seconds: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.state in _OVER


class Board:
    """The tasks of a run; grows while it runs."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.steps: list[Step] = []
        self._by_task: dict[Task, Step] = {}
        self._ready: list[int] = []
        self._open = 0
        self.resting: set[int] = set()

    def add(self, nodes: Iterable[Node]) -> list[Step]:
        """Take up tasks, each after those that it requires."""
        added = []
        for node in nodes:
            step = Step(len(self.steps), node, node.requirements)
            self.steps.append(step)
            self._by_task[node.task] = step
            self._open += 1
            added.append(step)
            self.await_tasks(step, _tasks_of(node.requirements))
        return added

    def step_of(self, task: Task) -> Step:
        """Return the step of a task. Raises KeyError where it is none of this run."""
        return self._by_task[task]

    def find(self, task: Task) -> Step | None:
        """Return the step of a task, or None where it is none of this run."""
        return self._by_task.get(task)

    def bundle_of(self, task: Task) -> Bundle:
        """Return the bundle of a task that is done. Raises LookupError where it is not."""
        bundle = self._by_task[task].bundle
        if bundle is None:
            raise LookupError(task)
        return bundle

    def is_only_verified(self, step: Step) -> bool:
        """Tell whether a step was taken up only to see whether others, which asked for it once, are current."""
        return bool(step.dependents) and all(self.steps[n].is_verifying for n in step.dependents)

    def await_tasks(self, step: Step, tasks: Iterable[Task], state: State = State.WAITING) -> None:
        """Let a step wait in a state for tasks of the board; where all are over, it is ready."""
        for task in tasks:
            other = self._by_task[task]
            if not other.is_over and other.number not in step.waits_for:
                step.waits_for.add(other.number)
                other.dependents.append(step.number)
        step.state = state
        if not step.waits_for:
            self.make_ready(step)

    def make_ready(self, step: Step) -> None:
        """Put a step among those that something can be done about."""
        step.state = State.READY
        self.resting.discard(step.number)
        heappush(self._ready, step.number)

    def rest(self, step: Step, seconds: float) -> None:
        """Let a step be for some seconds."""
        step.state = State.RESTING
        step.rests_until = time.monotonic() + seconds
        self.resting.add(step.number)

    def wake(self) -> float | None:
        """Make those ready that have rested enough; return the seconds until the next one, None where none rests."""
        now = time.monotonic()
        for number in [number for number in self.resting if self.steps[number].rests_until <= now]:
            self.make_ready(self.steps[number])
        soonest = min((self.steps[number].rests_until for number in self.resting), default=None)
        return None if soonest is None else max(soonest - now, 0.0)

    def iter_ready(self) -> Iterator[Step]:
        """Yield steps that something can be done about, lowest number first, those too that become ready meanwhile."""
        while self._ready:
            step = self.steps[heappop(self._ready)]
            if step.state is State.READY:
                yield step

    @property
    def has_ready(self) -> bool:
        """Whether something can be done about some step."""
        return bool(self._ready)

    def end(self, step: Step, state: State) -> None:
        """Nothing more becomes of a step; what waited only for it is ready now."""
        step.state = state
        self._open -= 1
        for number in step.dependents:
            waiting = self.steps[number]
            waiting.waits_for.discard(step.number)
            if not waiting.waits_for and waiting.state in {State.WAITING, State.ASKING}:
                self.make_ready(waiting)
        step.dependents.clear()

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of any step."""
        return self._open == 0


def _tasks_of(requirements: Requirements) -> Iterator[Task]:
    return (required for required in requirements.roles.values() if isinstance(required, Task))
