"""Which tasks of a graph are meant: by name of the output, of the task, or a pattern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from stook.errors import InputError, NotFoundError
from stook.pipeline.authoring.class_parameters import output_name
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.authoring.wanted import Item, Mapped, Partition, Requirement, needs_of
from stook.pipeline.graph import Node, collect
from stook.pipeline.running.options import RunOptions

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Choice", "NewestBundles", "targets_of"]


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

    def pick(self, nodes: Sequence[Node], targets: Sequence[Task]) -> Sequence[Node]:
        """Return those of some tasks that it takes: where only some are to run, these and what they require."""
        if not self._only:
            return nodes
        needed: set[Requirement] = set(targets)
        for node in nodes:
            if _is_meant(node, self._only):
                needed |= {node.task, *map(needs_of, node.requirements.roles.values())}
        return [node for node in nodes if node.task in needed]


class NewestBundles:
    """Finds results as they are, whatever has become of code and inputs since; lists each name once.

    Args:
        store: Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_name: dict[str, dict[str, Bundle]] = {}

    def get(self, node: Node) -> Bundle:
        """Return the newest bundle of a task with its parameters, made from the same items and partitions.

        Raises:
            NotFoundError: There is none.
        """
        if node.name not in self._by_name:
            bundles = reversed(self._store.versions(node.name))
            self._by_name[node.name] = {_key_of(bundle): bundle for bundle in bundles}
        bundle = self._by_name[node.name].get(_wanted_key(node))
        if bundle is None:
            raise NotFoundError(
                f"{node.task!r} is needed and was never made",
                kind="never-made",
                hint=f"run without --only, or with --only {node.name} too",
                name=node.name,
            )
        return bundle


def targets_of(targets: Task | Sequence[Task], options: RunOptions) -> tuple[Task, ...]:
    """Return the tasks to bring up to date: the targets, or those of their graph that `upto` and `only` name.

    Raises:
        NotFoundError: A name fits no task of the graph.
        InputError: There is no target, or the graph is wrong.
    """
    given = (targets,) if isinstance(targets, Task) else tuple(dict.fromkeys(targets))
    if not given:
        raise InputError("there is no task to run", kind="no-target", hint="give run at least one task")
    names = (*options.upto, *options.only, *options.force)
    if not names:
        return given
    nodes = collect(*given)
    ends = options.upto or options.only
    # Which tasks come of partitions is not known yet, but what they are called is.
    mapped = {name for node in nodes for name in _iter_mapped_names(node)}
    later = [name for name in names if any(fnmatchcase(one, name) for one in mapped)]
    found = {name: _choose(nodes, name, later) for name in names if name in ends or name not in later}
    return tuple(dict.fromkeys(node.task for name in ends for node in found[name])) or given


def _choose(nodes: Sequence[Node], name: str, later: Sequence[str]) -> list[Node]:
    """Return the tasks of a graph that a name or pattern fits; `later` are those that only tasks of partitions fit."""
    found = [node for node in nodes if _is_meant(node, (name,))]
    if found:
        return found
    if name in later:
        raise InputError(
            f"which tasks are called {name} is known only when the table is there that they are mapped over",
            kind="task-of-partitions",
            hint=f"name the task that requires them, or run them with --force {name}",
        )
    import difflib

    names = sorted({node.name for node in nodes} | {type(node.task).__name__ for node in nodes})
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    raise NotFoundError(
        f"no task of {nodes[-1].task_id} is called {name}",
        kind="task-not-found",
        hint=f"did you mean {near[0]}?" if near else f"its tasks are {', '.join(names[:20])}",
    )


def _iter_mapped_names(node: Node) -> Iterator[str]:
    for required in node.requirements.roles.values():
        if isinstance(required, Mapped):
            yield from (output_name(required.task), required.task.__name__)


def _is_meant(node: Node, patterns: Sequence[str]) -> bool:
    names = (node.name, type(node.task).__name__, node.task_id, repr(node.task))
    return any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns for name in names)


def _key_of(bundle: Bundle) -> str:
    parts = {used.role: f"{used.item}/{used.part}" for used in bundle.inputs if used.item or used.part}
    return repr((sorted(bundle.params.items()), sorted(parts.items())))


def _wanted_key(node: Node) -> str:
    from stook.pipeline.authoring.parameters import plain
    from stook.pipeline.authoring.tasks import values_of

    params = {name: plain(value) for name, value in values_of(node.task).items()}
    parts = {
        role: f"{required.path}/" if isinstance(required, Item) else f"{required.item}/{required.label}"
        for role, required in node.requirements.roles.items()
        if isinstance(required, Item | Partition)
    }
    return repr((sorted(params.items()), sorted(parts.items())))
