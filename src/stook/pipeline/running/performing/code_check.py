"""A process that runs a task has the very code that the task's fingerprint was made of."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import StookError, TaskError
from stook.pipeline.deciding.decide import Decider

if TYPE_CHECKING:
    from stook.pipeline.running.work import Work
    from stook.store import Store

__all__ = ["CodeCheck", "StaleCodeError", "changed_meanwhile"]

_COARSE_SECONDS = 0.02  # by which the clock of files may be late
_NO_MODULES = frozenset({"order", "package", "version"})


class StaleCodeError(Exception):
    """A file was changed after this process had imported it; a new process would do."""


class CodeCheck:
    """Knows when each module was imported at the earliest. One for each process.

    A file last changed before the run began is what the run has read. Of one changed later, this process has the new
    content if the change was before it could import it; then the closure is made anew and compared.

    Args:
        store: The store of the run.
        began: When the run began, in seconds since the epoch.
        is_shared: Whether the process does other things too: what it had imported before is as it is.
    """

    def __init__(self, store: Store, began: float, *, is_shared: bool = False) -> None:
        self._store = store
        self._began = began - _COARSE_SECONDS
        self._earlier = frozenset(sys.modules) if is_shared else frozenset()
        self._since: dict[str, float] = {}
        self._last = 0.0
        self._open: dict[int, tuple[object, set[str]]] = {}
        self.note()

    def note(self) -> None:
        """Take note of modules that were imported since the last call."""
        now = time.time() - _COARSE_SECONDS
        if len(sys.modules) != len(self._since):
            for name in tuple(sys.modules):
                self._since.setdefault(name, self._last)
        self._last = now

    def expect(self, work: Work) -> None:
        """Be ready for a task that begins: no file that it is still to import was changed only just now.

        Such a file could not be told from one that is changed once it is imported.
        """
        names = {key.partition(":")[0] for key in work.lineage.code} - _NO_MODULES
        roots = work.node.place.roots
        settled = max(
            (self._when_settled(name, roots) for name in names if name not in sys.modules), default=0.0
        )
        wait = settled - time.time()
        if wait > 0:
            time.sleep(min(wait, 2 * _COARSE_SECONDS))
        self.note()

    def _when_settled(self, module: str, roots: Sequence[Path]) -> float:
        """Return from when on a change of a module's file shows in its time."""
        path = module.replace(".", "/")
        files = [f"{root}/{path}{end}" for root in roots for end in (".py", "/__init__.py")]
        changed = [_changed(file) for file in files if os.path.exists(file)]
        return (max(changed) if changed else self._began + _COARSE_SECONDS) + _COARSE_SECONDS

    def check(self, work: Work) -> None:
        """Make sure of the modules of a task that are imported by now.

        Raises:
            TaskError: The code is another than the run has decided on.
            StaleCodeError: It is so in this process.
        """
        self.note()
        modules = self._modules_to_check(work.lineage.code)
        new = {name: file for name in modules if (file := _file_of(name))}
        late = {name: when for name, file in new.items() if (when := _changed(file)) >= self._began}
        if any(when >= self._since.get(name, 0.0) for name, when in late.items()):
            raise StaleCodeError
        if late and not self._is_same(work):
            raise changed_meanwhile(work)
        modules.difference_update(new)

    def _modules_to_check(self, code: Mapping[str, str]) -> set[str]:
        """Return those of a closure that were not imported when it was last checked; to take away from."""
        key = id(code)
        if key not in self._open:
            modules = {name.partition(":")[0] for name in code} - self._earlier - _NO_MODULES
            self._open[key] = code, modules
        return self._open[key][1]

    def _is_same(self, work: Work) -> bool:
        used = {role: given.used for role, given in work.inputs.items()}
        try:
            made = Decider(self._store).describe(work.node, used)
        except StookError:
            return False
        return made.fingerprint == work.lineage.fingerprint


def _file_of(module: str) -> str | None:
    return getattr(sys.modules.get(module), "__file__", None)


def _changed(file: str) -> float:
    try:
        return os.stat(file).st_ctime
    except OSError:
        return float("inf")


def changed_meanwhile(work: Work) -> TaskError:
    """Return what is said of a task whose code is not that of its fingerprint any more."""
    task = work.node.task_id
    return TaskError(
        f"the code of {task} was changed after this run had decided on it",
        kind="code-changed-meanwhile",
        hint="run again",
        task=task,
    )
