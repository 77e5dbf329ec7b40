"""What a process of tasks is told by the run, as it comes over the wire."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from stook.model.lineage import Environment
from stook.pipeline.authoring.traits import traits_of
from stook.pipeline.finding.locate import CodePlace
from stook.pipeline.graph import Node
from stook.pipeline.running.performing.place import current_folder
from stook.pipeline.running.processes.wire import Script
from stook.pipeline.running.work import Work
from stook.store import Store

__all__ = ["Errand", "Hello", "Own", "Shared", "hello_from_here", "put_together", "take_apart"]

_NO_ENVIRONMENT = Environment()

Own = tuple[Any, ...]
"""What a task has for itself: a plain tuple, as each object costs on the way."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a process learns first.

    Attributes:
        store: Where bundles are.
        path: Where Python looks for modules.
        argv: The words that the run was started with.
        folder: The current folder.
        began: When the run began, in seconds since the epoch.
        script: What runs as `__main__` where the run is.
    """

    store: Store
    path: tuple[str, ...]
    argv: tuple[str, ...]
    folder: str
    began: float
    script: Script | None


def hello_from_here(store: Store, began: float, script: Script | None) -> Hello:
    """Return what a process learns first of this one."""
    return Hello(store, tuple(sys.path), tuple(sys.argv), current_folder(), began, script)


@dataclass(frozen=True, slots=True)
class Shared:
    """What many tasks have in common.

    Attributes:
        place: Where their class is.
        code: Digests of their closure's definitions.
        text: Source text of that.
        names: Texts in it that may name files.
        environment: The circumstances.
    """

    place: CodePlace
    code: dict[str, str]
    text: bytes | None
    names: tuple[str, ...]
    environment: Environment


@dataclass(frozen=True, slots=True)
class Errand:
    """A task as it comes over the wire.

    Attributes:
        task: `module:Name`, for errors that come before the task itself is there.
        is_in_script: Whether something of it is in what runs as `__main__`.
        key: Of what it shares with others.
        shared: That, where it is not here yet.
        work: The rest of the task, packed.
    """

    task: str
    is_in_script: bool
    key: int
    shared: Shared | None
    work: bytes


def take_apart(work: Work) -> tuple[Shared, Own]:
    """Return what a task has in common with others, and what it has for itself."""
    node, made = work.node, work.lineage
    shared = Shared(node.place, made.code, work.code, work.names, made.environment)
    lineage = structs.replace(made, code={}, environment=_NO_ENVIRONMENT)
    ways = work.log, work.rejected
    return shared, (
        work.number,
        work.attempt,
        node.task,
        node.name,
        node.requirements,
        work.inputs,
        lineage,
        *ways,
    )


def put_together(shared: Shared, own: Own) -> Work:
    """Return the task that `take_apart` took apart."""
    number, attempt, task, name, requirements, inputs, made, log, rejected = own
    return Work(
        number,
        Node(task, name, shared.place, requirements, traits_of(type(task))),
        inputs,
        structs.replace(made, code=shared.code, environment=shared.environment),
        attempt,
        shared.text,
        shared.names,
        log,
        rejected,
    )
