"""Which tasks of a graph are meant: by name of the output, of the task, or a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from stook.errors import NotFoundError
from stook.pipeline.graph import Node, collect
from stook.pipeline.running.options import RunOptions
from stook.pipeline.tasks import Task

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Choice", "choose", "newest_of", "targets_of"]


class Choice:
    """What `--force` and `--only` say of each task.

    Args:
        options: How the run is to be done.
    """

    def __init__(self, options: RunOptions) -> None:
        self._force = options.force
        self._only = options.only

    def is_forced(self, node: Node) -> bool:
        """Tell whether a task is to run though its result is there."""
        return bool(self._force) and _is_meant(node, self._force)

    def is_taken_as_it_is(self, node: Node) -> bool:
        """Tell whether a task is not among those to run, where only some are."""
        return bool(self._only) and not _is_meant(node, self._only)


def newest_of(store: Store, node: Node) -> Bundle:
    """Return the newest bundle of a task's name, by preference one with the same parameters.

    Raises:
        NotFoundError: There is none.
    """
    from stook.pipeline.parameters import plain
    from stook.pipeline.tasks import values_of

    params = {name: plain(value) for name, value in values_of(node.task).items()}
    bundles = store.versions(node.name)
    if not bundles:
        raise NotFoundError(
            f"{node.name} is needed and was never made",
            kind="never-made",
            hint=f"run without --only, or with --only {node.name} too",
            name=node.name,
        )
    return next((bundle for bundle in bundles if bundle.params == params), bundles[0])


def targets_of(target: Task, upto: Sequence[str], given: Iterable[str]) -> tuple[Task, ...]:
    """Return the tasks to bring up to date: the target itself, or those of its graph at which the run is to stop.

    Args:
        target: What was asked for.
        upto: Names or patterns of the tasks to stop at.
        given: Further names or patterns, which must fit something.

    Raises:
        NotFoundError: A name fits no task of the graph.
    """
    names = (*upto, *given)
    if not names:
        return (target,)
    nodes = collect(target)
    found = {name: choose(nodes, name) for name in names}
    return tuple(dict.fromkeys(node.task for name in upto for node in found[name])) or (target,)


def choose(nodes: Sequence[Node], name: str) -> list[Node]:
    """Return the tasks of a graph that a name or pattern fits. Raises NotFoundError where it fits none."""
    found = [node for node in nodes if _is_meant(node, (name,))]
    if not found:
        import difflib

        names = sorted({node.name for node in nodes} | {type(node.task).__name__ for node in nodes})
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        raise NotFoundError(
            f"no task of {nodes[-1].task_id} is called {name}",
            kind="task-not-found",
            hint=f"did you mean {near[0]}?" if near else f"its tasks are {', '.join(names[:20])}",
        )
    return found


def _is_meant(node: Node, patterns: Sequence[str]) -> bool:
    names = (node.name, type(node.task).__name__, node.task_id, repr(node.task))
    return any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns for name in names)
