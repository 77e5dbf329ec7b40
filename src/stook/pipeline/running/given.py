"""What the tasks of a run are given: bundles, items and partitions of those, with the digests of what is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stook.pipeline.authoring.parts import Parts
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.wanted import External, Mapped, Requirement, Source, needs_of
from stook.pipeline.running.work import Given

if TYPE_CHECKING:
    from stook.pipeline.outside import OutsideBundles
    from stook.pipeline.running.board import Board, Step
    from stook.store import Bundle, Store

__all__ = ["GivenInputs"]


class GivenInputs:
    """Knows what each requirement has become; looks at each item and partition once.

    Args:
        store: Where bundles are.
        board: The tasks of the run.
        outside: What comes from outside of it.
    """

    def __init__(self, store: Store, board: Board, outside: OutsideBundles) -> None:
        self._board = board
        self._outside = outside
        self._parts = Parts(store.repository.cache / "partitions")

    def of(self, step: Step) -> dict[str, Given]:
        """Return the inputs of a step by role; all that it requires must be there.

        Raises:
            NotFoundError: There is no such item or partition.
            InputError: There are to be partitions of something that is no table.
        """
        given = {}
        for role, required in step.node.requirements.roles.items():
            bundle = self._bundle_of(required)
            given[role] = Given(bundle, self._parts.input_of(role, required, bundle))
        return given

    def expand(self, step: Step) -> list[Task]:
        """Put tasks in place of what stands for them, now that the tables are there, and return them.

        Raises:
            NotFoundError: There is no such item.
            InputError: There is no such table or column, or a task cannot have such a partition.
        """
        made = {
            role: self._parts.tasks_of(required, self._bundle_of(required.over.of))
            for role, required in step.node.requirements.roles.items()
            if isinstance(required, Mapped)
        }
        step.node = msgspec.structs.replace(step.node, requirements=step.node.requirements.expanded(made))
        step.is_mapped = False
        return [task for tasks in made.values() for task in tasks]

    def _bundle_of(self, required: Requirement) -> Bundle:
        needed = required if isinstance(required, Task) else needs_of(required)
        if isinstance(needed, Task):
            return self._board.bundle_of(needed)
        if isinstance(needed, External | Source):
            return self._outside.get(needed)
        raise LookupError(required)
