"""Whether a task's result is there already, and if not, why: shared by those who run and those who only plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import InputError, IntegrityError, StookError
from stook.model.lineage import Asked, Input, Lineage
from stook.pipeline.closure import Closure, Codebase, Entry, Kind, close
from stook.pipeline.fingerprint import describe
from stook.pipeline.graph import Node
from stook.pipeline.locate import locate
from stook.pipeline.reasons import History
from stook.pipeline.tasks import Task, values_of

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Decider", "Decision", "FindDigest"]

_STOOK_ROOM = "stook.pipeline."
FindDigest = Callable[[Task], str | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about a task.

    Attributes:
        lineage: What there is to record of it before it has run.
        bundle: Its result, where that is there already.
        because: Why it is reused, or has to run.
        asks: Tasks to bring up to date first; only then it can be decided. It asked for them when it last ran.
    """

    lineage: Lineage
    bundle: Bundle | None = None
    because: tuple[str, ...] = ()
    asks: tuple[Task, ...] = ()


class Decider:
    """Knows code and history as they were when a run began. One for each run.

    Args:
        store: Where results are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._codebases: dict[tuple[Path, ...], Codebase] = {}
        self._closures: dict[type[Task], Closure] = {}
        self._histories: dict[str, History] = {}

    def describe(self, node: Node, inputs: Mapping[str, Input]) -> Lineage:
        """Return what there is to record of a task before it runs, its fingerprint included."""
        return describe(node.task_id, self._closure(node), values_of(node.task), inputs)

    def decide(self, node: Node, inputs: Mapping[str, Input], find_digest: FindDigest) -> Decision:
        """Decide on a task whose inputs are known.

        Args:
            node: The task.
            inputs: Its inputs by role.
            find_digest: Gives the digest of a task's result as of now; empty where it failed, None where that is not
                known yet.
        """
        made = self.describe(node, inputs)
        reasons: tuple[str, ...] = ()
        for bundle in self._store.outputs(node.name, made.fingerprint):
            if not bundle.record.conditional:
                return Decision(made, bundle, (f"same as {bundle.ref}",))
            differences, asks = self._test(bundle, node, find_digest)
            if asks:
                return Decision(made, asks=asks)
            if not differences:
                return Decision(made, bundle, (f"same as {bundle.ref}",))
            reasons = reasons or differences
        return Decision(made, None, reasons or self._reasons(node, made))

    def _test(
        self, bundle: Bundle, node: Node, find_digest: FindDigest
    ) -> tuple[tuple[str, ...], tuple[Task, ...]]:
        """Return how the world differs from what a task met when it ran, and what is to be known to tell."""
        from stook.pipeline.met import differences, load_asked

        try:
            lineage = bundle.lineage
        except IntegrityError as error:
            return (f"the description of {bundle.ref} cannot be read: {error.message}",), ()
        changed = differences(lineage, node.place.roots[0])
        if changed or not lineage.asked:
            return changed, ()
        try:
            tasks = [load_asked(asked, node.place.roots) for asked in lineage.asked]
        except StookError:
            return ("a task that it asked for is not there any more",), ()
        digests = [find_digest(task) for task in tasks]
        unknown = tuple(task for task, digest in zip(tasks, digests, strict=True) if digest is None)
        if unknown:
            return (), unknown
        return _changed_answers(lineage.asked, digests), ()

    def _reasons(self, node: Node, made: Lineage) -> tuple[str, ...]:
        if node.name not in self._histories:
            self._histories[node.name] = History(self._store.versions(node.name))
        return self._histories[node.name].reasons(made)

    def _closure(self, node: Node) -> Closure:
        """Return the code of a task; computed once for a class."""
        cls = type(node.task)
        if cls not in self._closures:
            roots = node.place.roots
            if roots not in self._codebases:
                self._codebases[roots] = Codebase(roots)
            codebase = self._codebases[roots]
            self._closures[cls] = close(_entries(cls, codebase), codebase)
        return self._closures[cls]


def _changed_answers(asked: tuple[Asked, ...], digests: list[str | None]) -> tuple[str, ...]:
    return tuple(
        f"{one.name}, which it asked for, changed"
        for one, digest in zip(asked, digests, strict=True)
        if one.digest != digest
    )


def _entries(task: type[Task], codebase: Codebase) -> list[Entry]:
    """Return where the class and those of its bases are defined that are neither Python's nor of this room."""
    entries = []
    for cls in task.__mro__:
        if not issubclass(cls, Task) or cls.__module__.startswith(_STOOK_ROOM):
            continue
        place = locate(cls)
        found = codebase.find(place.module)
        if found.kind is Kind.NOTHING or (found.kind is Kind.CODE and not _is(found.path, place.file)):
            raise InputError(
                f"{place.file} was imported as {place.module}, which now leads to {found.path or 'nothing'}",
                kind="module-taken",
                hint="give one of the files another name, or start Python in the workspace",
            )
        entries.append(Entry(place.module, place.name.partition(".")[0]))
    return entries


def _is(path: Path | None, file: Path) -> bool:
    return path is not None and path.resolve() == file
