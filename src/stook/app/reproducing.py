"""Make a bundle again from the record of how it was made, and compare."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from stook.app.reproducible_steps import Step, iter_steps
from stook.errors import NotFoundError, TaskError
from stook.pipeline.rerunning import Done, Order, Place
from stook.pipeline.source_code.asking_git import ask_git
from stook.pipeline.source_code.recorded_code import RecordedCode
from stook.store.ancestry import Ancestor, find_ancestry

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Again", "Reproducing", "Reproduction"]

_MOST = 100_000
_GONE = {"collected", "unknown", "unreadable"}
_CHILD = "from stook.pipeline.rerunning import main; main()"


@dataclass(frozen=True, slots=True)
class Again:
    """What has come of one task.

    Attributes:
        bundle: What it made then.
        state: `equal`, `differs`, or `failed`.
        digest: Digest of what it made now; empty where it failed.
        seconds: How long it took.
        code: Definitions that are not as they were.
        packages: Versions then and now of packages that differ, by name.
        met: How files and variables that it read are not as they were.
        error: Why it failed.
        traceback: The frames of the user's code.
    """

    bundle: Ancestor
    state: Literal["equal", "differs", "failed"]
    digest: str
    seconds: float
    code: tuple[str, ...]
    packages: Mapping[str, tuple[str, str]]
    met: tuple[str, ...]
    error: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What has come of all.

    Attributes:
        bundle: The bundle that was to be made again.
        tasks: What has come of each task, in the order in which they ran.
        taken: Bundles that were taken as they are though a task made them, and why.
        folder: Where the code and the results are, where they were to be kept.
    """

    bundle: Ancestor
    tasks: tuple[Again, ...]
    taken: tuple[Step, ...]
    folder: Path | None

    @property
    def first_different(self) -> Again | None:
        """The first task whose result is another than then."""
        return next((one for one in self.tasks if one.state == "differs"), None)

    @property
    def failed(self) -> Again | None:
        """The task that failed."""
        return next((one for one in self.tasks if one.state == "failed"), None)

    @property
    def is_equal(self) -> bool:
        """Whether the bundle came out as it was."""
        return self.failed is None and bool(self.tasks) and self.tasks[-1].state == "equal"


class Reproducing:
    """Makes a bundle again. Nothing is run, or written to the store, before `run`; and that writes to another store.

    Args:
        store: The store that has the bundle.
        bundle: The bundle.
        folder: A folder of the Git repository that has its commit.

    Raises:
        NotFoundError: No task made it, its code is not to be had, or something that it was made from is gone.
    """

    def __init__(self, store: Store, bundle: Bundle, folder: Path) -> None:
        self._store = store
        self._repository = _top_of(folder)
        found = find_ancestry(store, bundle, limit=_MOST)
        self.root = found.root
        with RecordedCode(self._repository, folder) as code:
            self.steps = tuple(iter_steps(store, found, code, folder))
        self._check()

    @property
    def runs(self) -> tuple[Step, ...]:
        """The tasks that will be run, in order."""
        return tuple(step for step in self.steps if step.recorded is not None)

    @property
    def strangers(self) -> tuple[str, ...]:
        """The owners of these tasks' results, other than the user."""
        own = self._store.repository.owner
        return tuple(dict.fromkeys(step.bundle.owner for step in self.runs if step.bundle.owner != own))

    @property
    def is_strange(self) -> bool:
        """Whether code will run that another may have written: theirs, or such as may have come from a remote."""
        has_changes = any(step.recorded.has_changes for step in self.runs if step.recorded)
        return bool(self.strangers) or (has_changes and bool(self._store.remotes()))

    def run(self, observe: Callable[[Again], None], *, keep: bool = False) -> Reproduction:
        """Run all tasks, in processes of their own, until one fails.

        Args:
            observe: Is told of each task that is done.
            keep: Leave the code and the results in a folder, and say where.

        Raises:
            NotFoundError: A commit cannot be checked out, or what was changed since does not fit it.
            TaskError: A process ended before it was done.
        """
        place = Path(tempfile.mkdtemp(prefix="stook-reproduce-"))
        tasks: list[Again] = []
        try:
            with RecordedCode(self._repository, place, keep=keep) as code:
                for again in self._run(code, place):
                    observe(again)
                    tasks.append(again)
        finally:
            if not keep:
                shutil.rmtree(place, ignore_errors=True)
        taken = tuple(step for step in self.steps if step.why_not)
        return Reproduction(self.root, tuple(tasks), taken, place if keep else None)

    def _run(self, code: RecordedCode, place: Path) -> Iterator[Again]:
        made: dict[str, str] = {}
        bundles = {step.bundle.id: step.bundle for step in self.steps}
        for folder, ids in _in_folders(code, self.runs):
            order = Order(str(folder), _place_of(self._store), self._target(place), ids, dict(made))
            for done in _do(order, place):
                made[done.bundle] = done.made
                yield _compared(bundles[done.bundle], done)
                if done.error:
                    return

    def _target(self, place: Path) -> Place:
        own = _place_of(self._store)
        return Place(str(place / "store"), own.context, str(place / "cache"), own.owner)

    def _check(self) -> None:
        step = next(step for step in self.steps if step.bundle.id == self.root.id)
        if step.recorded is None:
            raise NotFoundError(
                f"{self.root.ref} cannot be made again: {step.why_not or 'no task made it'}",
                kind="no-code",
                hint=f"stook show {self.root.ref} --code shows what is known of it",
            )
        used = {step.bundle.id for step in self.runs}
        for step in self.steps:
            if step.bundle.id not in used and step.bundle.state in _GONE:
                raise NotFoundError(
                    f"{self.root.ref} cannot be made again: {step.bundle.ref}, which it was made from, is gone",
                    kind="input-gone",
                    hint=f"stook lineage {self.root.ref} shows what there is",
                )


def _in_folders(code: RecordedCode, steps: Sequence[Step]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield folders with code, and the bundles that are to be made in each, in order: as many at once as may be."""
    folder: Path | None = None
    ids: list[str] = []
    for step in steps:
        if step.recorded is None:
            continue
        own = code.folder_for(step.recorded)
        if folder is not None and own != folder:
            yield folder, tuple(ids)
            ids = []
        folder = own
        ids.append(step.bundle.id)
    if folder is not None:
        yield folder, tuple(ids)


def _do(order: Order, place: Path) -> Iterator[Done]:
    import subprocess

    # The code may open the home store: it gets the one that is thrown away.
    environment = {**os.environ, "STOOK_HOME": order.target.url, "STOOK_CACHE": str(place / "cache")}
    with subprocess.Popen(
        [sys.executable, "-P", "-c", _CHILD],
        cwd=order.folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise TaskError("no process could be begun", kind="task-died", hint="look at the system's limits")
        with suppress(BrokenPipeError):  # it has ended: that is told below
            child.stdin.write(msgspec.json.encode(order))
            child.stdin.close()
        count, is_over = 0, False
        for line in child.stdout:
            done = msgspec.json.decode(line, type=Done)
            count, is_over = count + 1, bool(done.error)
            yield done
    if count < len(order.bundles) and not is_over:
        raise TaskError(
            f"the process that made {order.bundles[count]} again ended with {child.returncode}",
            kind="task-died",
            hint="its last words are above",
        )


def _compared(bundle: Ancestor, done: Done) -> Again:
    state: Literal["equal", "differs", "failed"] = "equal" if done.digest == bundle.digest else "differs"
    return Again(
        bundle,
        "failed" if done.error else state,
        done.digest,
        done.seconds,
        done.code,
        done.packages,
        done.met,
        done.error,
        done.traceback,
    )


def _place_of(store: Store) -> Place:
    repository = store.repository
    options = {name: str(value) for name, value in repository.options.items()}
    return Place(repository.url, store.context, str(repository.cache.parent), repository.owner, options)


def _top_of(folder: Path) -> Path | None:
    top = ask_git(folder, "rev-parse", "--show-toplevel")
    return Path(top.rstrip("\n")) if top else None
