"""Whether a task's result is there already, and if not, why: shared by those who run and those who only plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import InputError
from stook.pipeline.closure import Closure, Codebase, Entry, Kind, close
from stook.pipeline.fingerprint import Fingerprint, InputBundle, fingerprint
from stook.pipeline.graph import Node
from stook.pipeline.locate import locate
from stook.pipeline.reasons import History
from stook.pipeline.tasks import Task, values_of

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Decider", "input_of"]

_STOOK_ROOM = "stook.pipeline."


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

    def fingerprint(self, node: Node, inputs: Mapping[str, InputBundle]) -> Fingerprint:
        """Return the fingerprint of a task whose inputs are known."""
        return fingerprint(self.closure(node), values_of(node.task), inputs)

    def find(self, node: Node, made: Fingerprint) -> Bundle | None:
        """Return the bundle with a fingerprint, or None."""
        return self._store.find_output(node.name, made.digest)

    def reasons(self, node: Node, made: Fingerprint) -> tuple[str, ...]:
        """Return why a task has to run."""
        return self.history(node.name).reasons(made, node.task_id)

    def history(self, name: str) -> History:
        """Return the bundles of a name as they were when first asked for."""
        if name not in self._histories:
            self._histories[name] = History(self._store.versions(name))
        return self._histories[name]

    def closure(self, node: Node) -> Closure:
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
