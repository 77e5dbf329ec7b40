"""What is to be done about a step of a run, given its inputs and what has become of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from stook.format import canonical
from stook.pipeline.authoring.forms import digest_as_input
from stook.pipeline.deciding.decide import Decider, Decision
from stook.pipeline.running.work import Given

if TYPE_CHECKING:
    from stook.pipeline.authoring.tasks import Task
    from stook.pipeline.running.board import Board, Step
    from stook.pipeline.running.choosing import Choice
    from stook.pipeline.source_code.git_changes import Checkout
    from stook.store import Store

__all__ = ["Decided", "Judge"]


class Decided(msgspec.Struct, frozen=True):
    """What was decided about a step.

    Attributes:
        name: Name of its output.
        inputs: Its inputs by role.
        decision: What is to be done about it.
        refreshed: How often the store had learned what is new by then.
        may_reuse: Whether a result that turns up meanwhile would do.
    """

    name: str
    inputs: Mapping[str, Given]
    decision: Decision
    refreshed: int
    may_reuse: bool = True

    @property
    def key(self) -> str:
        """What tells its result from all others; tasks that have all code in common have one fingerprint."""
        return canonical.digest(
            "stook result", self.name.encode(), self.decision.lineage.fingerprint.encode()
        )


class Judge:
    """Decides about steps whose inputs are known.

    Args:
        store: Where bundles are.
        board: The tasks of the run.
        choice: Which of them are meant.
    """

    def __init__(self, store: Store, board: Board, choice: Choice) -> None:
        self._board = board
        self._choice = choice
        self._store = store
        self._decider = Decider(store)
        self._made: set[tuple[str, str]] = set()
        self._foreseen_at: dict[int, int] = {}
        self._lost: set[int] = set()

    def decide(self, step: Step, inputs: Mapping[str, Given], *, because: str = "") -> Decided:
        """Decide about a step.

        Args:
            step: The step.
            inputs: Its inputs by role.
            because: Why what is there is not to be looked at; empty where it is.
        """
        node = step.node
        used = {role: given.used for role, given in inputs.items()}
        is_lost = step.number in self._lost
        is_forced = self._choice.is_forced(node)
        is_fresh = is_forced or not node.traits.cache or is_lost
        because = "what others have made of it cannot be read" if is_lost else because
        because = because or ("forced" if is_forced else "not cached" if is_fresh else "")
        if because:
            made = self._decider.describe(node, used)
            decision = Decision(made, because=(because,))
            return Decided(node.name, inputs, decision, self._store.refreshed, may_reuse=not is_fresh)
        refreshed = self._foreseen_at.pop(step.number, self._store.refreshed)
        decision = self._decider.decide(node, used, self._find_digest)
        if decision.bundle is None and (node.name, decision.lineage.fingerprint) in self._made:
            self._store.refresh()
            refreshed = self._store.refreshed
            decision = self._decider.decide(node, used, self._find_digest)
        return Decided(node.name, inputs, decision, refreshed)

    def checkout_of(self, step: Step) -> Checkout:
        """Return a step's workspace as Git has it."""
        return self._decider.checkout_of(step.node)

    def code_of(self, step: Step) -> bytes | None:
        """Return the source text of a step, to be kept with its result."""
        return self._decider.code_of(step.node)

    def names_of(self, step: Step) -> tuple[str, ...]:
        """Return the texts in a step's code that may name files."""
        return self._decider.file_names(step.node).texts

    def foresee(self, inputs: Mapping[Step, Mapping[str, Given]]) -> None:
        """Look up at once what is going to be asked about many steps, by their inputs."""
        self._foreseen_at.update({step.number: self._store.refreshed for step in inputs})
        self._decider.foresee(
            {
                step.node: {role: given.used for role, given in inputs_of.items()}
                for step, inputs_of in inputs.items()
                if not self._choice.is_forced(step.node) and step.node.traits.cache
            }
        )

    def forget(self, step: Step) -> None:
        """Take note that what there is of a step is of no use, since its content cannot be had."""
        self._lost.add(step.number)

    def remember(self, step: Step) -> None:
        """Take note of what a step made: the same may be wanted under another task, whose inputs are equal."""
        if step.lineage is not None:
            self._made.add((step.node.name, step.lineage.fingerprint))

    def _find_digest(self, task: Task) -> str | None:
        step = self._board.find(task)
        if step is None or not step.is_over:
            return None
        return digest_as_input(step.bundle) if step.bundle else ""
