"""What has become of each task of a run, and which may go on: the graph as it is being worked off."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import msgspec

from stook.errors import InputError
from stook.pipeline.authoring.requirements import Requirements
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.wanted import Item, Mapped, Partition, needs_of
from stook.pipeline.graph import Graph, Node

if TYPE_CHECKING:
    from stook.errors import StookError
    from stook.model.lineage import Lineage
    from stook.pipeline.running.deciding import Decided
    from stook.pipeline.running.work import Asks
    from stook.store import Bundle

__all__ = ["Board", "State", "Step", "tasks_of"]

_MOST_SHOWN = 10
_PARTS = frozenset({Item, Partition, Mapped})


class State(Enum):
    """Where a task is on its way."""

    WAITING = auto()  # for tasks that it requires, or that tell whether it is current
    READY = auto()  # to be decided, begun or answered
    RUNNING = auto()
    ASKING = auto()  # for tasks that it wants while it runs
    RESTING = auto()  # until it is tried again, or until another run is done with it
    DONE = auto()
    FAILED = auto()
    SKIPPED = auto()


_OVER = (State.DONE, State.FAILED, State.SKIPPED)


class Step(msgspec.Struct, eq=False):
    """One task of a run, and what has become of it.

    Attributes:
        number: Of the task within the run.
        node: The task and what it requires; what stands for several tasks is replaced by those once they are known.
        is_vital: Whether the run fails where it fails: the targets need it, other than by asking for it.
        is_mapped: Whether something that it requires stands for several tasks yet.
        is_plain: Whether all that it requires are bundles, whole.
        state: Where it is.
        waits_for: Numbers of the tasks that it waits for.
        dependents: Numbers of the tasks that wait for it.
        blocked_by: A task that it requires, and that there is no bundle of.
        began: When it was first looked at.
        attempts: How often it was begun, those left out that its process died in by no fault of its own.
        deaths: How often that was.
        looks: How often another run was found at it.
        holder: The run that was found at it.
        rests_until: When it is to be looked at again.
        verified: How many of the tasks that it asked for when it last ran are being looked at.
        is_verifying: Whether it waits for those.
        asks: What it asks for while it runs.
        refusal: Why that cannot be had.
        is_foreseen: Whether what is to be known to decide about it was looked up.
        plan: What was decided about it, as long as there is no room for it.
        key: What tells its result from all others, once that was decided.
        lineage: What is recorded of it, once it has begun.
        because: Why it runs or was reused.
        decision: What came of it: `ran`, `reused`, `failed` or `skipped`.
        bundle: Its output.
        error: Why there is none.
        seconds: How long it took.
    """

    number: int
    node: Node
    is_vital: bool = True
    is_mapped: bool = False
    is_plain: bool = True
    state: State = State.WAITING
    waits_for: set[int] = msgspec.field(default_factory=set)
    dependents: list[int] = msgspec.field(default_factory=list)
    blocked_by: Step | None = None
    began: float = 0.0
    attempts: int = 0
    deaths: int = 0
    looks: int = 0
    holder: str = ""
    rests_until: float = 0.0
    verified: int = 0
    is_verifying: bool = False
    asks: Asks | None = None
    refusal: StookError | None = None
    is_foreseen: bool = False
    plan: Decided | None = None
    key: str = ""
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
        self._resting: list[tuple[float, int]] = []
        self._open = 0

    def add(self, nodes: Iterable[Node], *, is_vital: bool) -> list[Step]:
        """Take up tasks, each after those that it requires; what of those is not on the board is not awaited."""
        added = []
        for node in nodes:
            step = Step(len(self.steps), node, is_vital)
            kinds = set(map(type, node.requirements.roles.values()))
            step.is_mapped, step.is_plain = Mapped in kinds, kinds.isdisjoint(_PARTS)
            self.steps.append(step)
            self._by_task[node.task] = step
            self._open += 1
            added.append(step)
            self.await_steps(step, self.find_all(tasks_of(node.requirements)))
        return added

    def find(self, task: Task) -> Step | None:
        """Return the step of a task, or None where it is none of this run."""
        return self._by_task.get(task)

    def find_all(self, tasks: Iterable[Task]) -> list[Step]:
        """Return the steps of tasks, those left out that are none of this run."""
        return [step for task in tasks if (step := self._by_task.get(task)) is not None]

    def bundle_of(self, task: Task) -> Bundle:
        """Return the bundle of a task that is done. Raises LookupError where it is not."""
        bundle = self._by_task[task].bundle
        if bundle is None:
            raise LookupError(task)
        return bundle

    def await_steps(self, step: Step, others: Sequence[Step], state: State = State.WAITING) -> None:
        """Let a step wait in a state for others; where all are over, it is ready.

        Raises:
            InputError: One of them waits for this very step.
        """
        if step.dependents or step in others:
            self._check_circle(step, others)
        for other in others:
            if state is State.WAITING and not step.is_verifying and step.is_vital and not other.is_vital:
                self._make_vital(other)
            if not other.is_over:
                if other.number not in step.waits_for:
                    step.waits_for.add(other.number)
                    other.dependents.append(step.number)
            elif other.state is not State.DONE and state is State.WAITING and not step.is_verifying:
                step.blocked_by = other
        step.state = state
        if not step.waits_for:
            self.make_ready(step)

    def waits(self, step: Step, others: Sequence[Step]) -> list[Step]:
        """Return how one of some steps waits for a step, from that one on; nothing where none does."""
        wanted = {other.number for other in others}
        came_from = {step.number: -1}
        todo = [step.number]
        while todo:
            number = todo.pop()
            if number in wanted:
                path = []
                while number >= 0:
                    path.append(self.steps[number])
                    number = came_from[number]
                return path
            for waiting in self.steps[number].dependents:
                if waiting not in came_from:
                    came_from[waiting] = number
                    todo.append(waiting)
        return []

    def make_ready(self, step: Step) -> None:
        """Put a step among those that something can be done about."""
        step.state = State.READY
        heappush(self._ready, step.number)

    def rest(self, step: Step, seconds: float) -> None:
        """Let a step be for some seconds."""
        step.state = State.RESTING
        step.rests_until = time.monotonic() + seconds
        heappush(self._resting, (step.rests_until, step.number))

    def wake(self) -> float | None:
        """Make those ready that have rested enough; return the seconds until the next one, None where none rests."""
        while self._resting:
            until, number = self._resting[0]
            left = until - time.monotonic()
            if left > 0:
                return left
            heappop(self._resting)
            self.make_ready(self.steps[number])
        return None

    def pop_ready(self) -> Step:
        """Return the first step that something can be done about. Raises IndexError where there is none."""
        return self.steps[heappop(self._ready)]

    def peek_ready(self, count: int) -> list[Step]:
        """Return the next ones of those that something can be done about."""
        self._ready.sort()  # a sorted list is a heap
        return [self.steps[number] for number in self._ready[:count]]

    @property
    def has_ready(self) -> bool:
        """Whether something can be done about some step."""
        return bool(self._ready)

    def reopen(self, step: Step) -> None:
        """Have a step done again that was done; its bundle is as it was until then."""
        self._open += 1
        self.make_ready(step)

    def end(self, step: Step, state: State) -> None:
        """Nothing more becomes of a step; what waited only for it is ready now."""
        step.state = state
        self._open -= 1
        for number in step.dependents:
            waiting = self.steps[number]
            waiting.waits_for.discard(step.number)
            if state is not State.DONE and waiting.state is State.WAITING and not waiting.is_verifying:
                waiting.blocked_by = step
            if not waiting.waits_for and waiting.state in (State.WAITING, State.ASKING):
                self.make_ready(waiting)
        step.dependents.clear()

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of any step."""
        return self._open == 0

    def _make_vital(self, step: Step) -> None:
        todo = [step]
        while todo:
            step = todo.pop()
            if not step.is_vital:
                step.is_vital = True
                todo += self.find_all(tasks_of(step.node.requirements))

    def _check_circle(self, step: Step, others: Sequence[Step]) -> None:
        path = self.waits(step, others)
        if path:
            labels = [repr(one.node.task) for one in (step, *path)]
            if len(labels) > _MOST_SHOWN:
                labels[_MOST_SHOWN // 2 : -_MOST_SHOWN // 2] = ["…"]
            raise InputError(
                f"tasks wait for each other in a circle: {' → '.join(labels)}",
                kind="cycle",
                hint="let none of them ask for a task that needs it",
            )


def tasks_of(requirements: Requirements) -> Iterator[Task]:
    """Yield the tasks that must be there first."""
    for requirement in requirements.roles.values():
        if isinstance(requirement, Task):
            yield requirement
        elif isinstance(needed := needs_of(requirement), Task):
            yield needed
