"""Whether a task's result is there already, and if not, why: shared by those who run and those who only plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import InputError
from stook.model.lineage import Lineage
from stook.pipeline.closure import Closure, Codebase, Entry, Kind, close
from stook.pipeline.fingerprint import InputBundle, describe
from stook.pipeline.graph import Node
from stook.pipeline.locate import locate
from stook.pipeline.reasons import History
from stook.pipeline.tasks import Task, values_of

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Decider", "input_of"]

_STOOK_ROOM = "stook.pipeline."


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about a task.

    Attributes:
        lineage: What there is to record of it before it has run.
        bundle: Its result, where that is there already.
        because: Why it is reused, or has to run.
    """

    lineage: Lineage
    bundle: Bundle | None
    because: tuple[str, ...]


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

    def decide(self, node: Node, inputs: Mapping[str, InputBundle]) -> Decision:
        """Decide on a task whose inputs are known."""
        made = describe(node.task_id, self._closure(node), values_of(node.task), inputs)
        bundle = self._store.find_output(node.name, made.fingerprint)
        if bundle is not None:
            return Decision(made, bundle, (f"same as {bundle.ref}",))
        if node.name not in self._histories:
            self._histories[node.name] = History(self._store.versions(node.name))
        return Decision(made, None, self._histories[node.name].reasons(made))

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


def input_of(bundle: Bundle) -> InputBundle:
    """Return a bundle as an input."""
    return InputBundle(bundle.name, bundle.id, bundle.digest)


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
