"""What the tasks of a run are given: bundles, items and partitions of those, with the digests of what is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stook.model.lineage import Input
from stook.pipeline.authoring.forms import digest_as_input
from stook.pipeline.authoring.requirements import (
    External,
    Item,
    Mapped,
    Partition,
    Requirement,
    Source,
    needs_of,
)
from stook.pipeline.authoring.tasks import Task
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
        self._cache = store.repository.cache / "partitions"
        self._parts: dict[tuple[str, Requirement], Input] = {}

    def of(self, step: Step) -> dict[str, Given]:
        """Return the inputs of a step by role; all that it requires must be there.

        Raises:
            NotFoundError: There is no such item or partition.
            InputError: There are to be partitions of something that is no table.
        """
        given = {}
        for role, required in step.node.requirements.roles.items():
            bundle = self._bundle_of(required)
            if isinstance(required, Item | Partition):
                used = self._use(role, required, bundle)
            else:
                used = Input(role, bundle.name, bundle.id, digest_as_input(bundle))
            given[role] = Given(bundle, used)
        return given

    def expand(self, step: Step) -> list[Task]:
        """Put tasks in place of what stands for them, now that the tables are there, and return them.

        Raises:
            NotFoundError: There is no such item.
            InputError: There is no such table or column, or a task cannot have such a partition.
        """
        made = {
            role: self._expand(required)
            for role, required in step.node.requirements.roles.items()
            if isinstance(required, Mapped)
        }
        step.node = msgspec.structs.replace(step.node, requirements=step.node.requirements.expanded(made))
        step.is_mapped = False
        return [task for tasks in made.values() for task in tasks]

    def _expand(self, mapped: Mapped) -> list[Task]:
        from stook.pipeline.authoring.mapping import expand, partition_keys

        over = mapped.over
        bundle = self._bundle_of(over.of)
        keys = partition_keys(bundle, over, self._cache)
        tasks = expand(mapped, keys)
        path = over.of.path if isinstance(over.of, Item) else ""
        for key in keys:
            part = Partition(over.of, over.by, key.key, key.start, key.stop)
            used = Input("", bundle.name, bundle.id, key.digest, path, key.label)
            self._parts[bundle.id, part] = used
        return tasks

    def _bundle_of(self, required: Requirement) -> Bundle:
        needed = required if isinstance(required, Task) else needs_of(required)
        if isinstance(needed, Task):
            return self._board.bundle_of(needed)
        if isinstance(needed, External | Source):
            return self._outside.get(needed)
        raise LookupError(required)

    def _use(self, role: str, required: Requirement, bundle: Bundle) -> Input:
        known = self._parts.get((bundle.id, required))
        if known is None:
            from stook.pipeline.authoring.parts import input_of

            known = self._parts[bundle.id, required] = input_of(role, required, bundle, self._cache)
        return msgspec.structs.replace(known, role=role)
