"""Recorded tasks done again, in a process of their own: told by a JSON line, tells a JSON line for each task.

Inputs are those of the record; what a task makes goes to another store, and to the tasks after it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook.errors import InputError, NotFoundError, StookError, TaskError

if TYPE_CHECKING:
    from stook.model.lineage import Input, Lineage
    from stook.pipeline.authoring.tasks import Task
    from stook.pipeline.graph import Node
    from stook.pipeline.running.work import Given
    from stook.store import Bundle, Store

__all__ = ["Done", "Order", "Place", "get_bundle", "main"]

_PACKAGE = "package:"


class Place(msgspec.Struct, frozen=True):
    """The words that open a store, without secrets."""

    url: str
    context: str
    cache: str
    owner: str
    options: dict[str, str] = {}


class Order(msgspec.Struct, frozen=True):
    """What is to be done.

    Attributes:
        folder: The workspace, as it was when the tasks ran.
        source: The store that has the inputs.
        target: The store that takes what is made.
        bundles: Ids of the bundles to make again, each after those that it was made from.
        made: Of those made again before, the id now by the id then.
    """

    folder: str
    source: Place
    target: Place
    bundles: tuple[str, ...]
    made: dict[str, str] = {}


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has come of one task.

    Attributes:
        bundle: Id of the bundle that was to be made again.
        made: Id of what was made; empty where it failed.
        digest: Digest of its content.
        seconds: How long it took.
        code: Definitions that are not as they were, or are there only then or now.
        packages: Versions then and now of packages that differ, by name; empty where one was not used.
        met: How files and variables that it read are not as they were.
        error: Why it failed.
        traceback: The frames of the user's code, where it raised.
    """

    bundle: str
    made: str = ""
    digest: str = ""
    seconds: float = 0.0
    code: tuple[str, ...] = ()
    packages: dict[str, tuple[str, str]] = {}
    met: tuple[str, ...] = ()
    error: str = ""
    traceback: str = ""


def main() -> None:
    """Read an order from standard input and carry it out; what tasks print goes to standard error."""
    import os

    report = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    rerun = _Rerun(order)
    for identifier in order.bundles:
        done = rerun.do(identifier)
        report.write(msgspec.json.encode(done) + b"\n")
        report.flush()
        if done.error:
            return


class _Rerun:
    def __init__(self, order: Order) -> None:
        self._folder = Path(order.folder)
        self._source = _open(order.source)
        self._target = _open(order.target)
        self._made = dict(order.made)

    def do(self, identifier: str) -> Done:
        """Make a bundle again."""
        then = get_bundle(self._source, identifier)
        try:
            return self._do(then)
        except StookError as error:
            return Done(identifier, error=error.message, traceback=str(error.facts.get("traceback", "")))

    def _do(self, then: Bundle) -> Done:
        from stook.pipeline.deciding.decide import Decider
        from stook.pipeline.deciding.met import differences
        from stook.pipeline.graph import collect
        from stook.pipeline.running.inline import InlineExecutor
        from stook.pipeline.running.work import Asks, Failed, Work
        from stook.pipeline.running.work import Done as Finished

        lineage = then.lineage
        node = self._expanded(collect(_load(lineage, self._folder))[-1], lineage)
        given = self._given(lineage)
        now = Decider(self._target).describe(node, {role: one.used for role, one in given.items()})
        met = differences(lineage, node.place.roots[0])
        executor = InlineExecutor(self._target)
        executor.submit(Work(0, node, given, now))
        [report] = executor.wait(None)
        while isinstance(report, Asks):
            executor.answer(0, self._answers(node, report.tasks, lineage))
            [report] = executor.wait(None)
        if isinstance(report, Finished):
            bundle = report.bundle
            self._made[then.id] = bundle.id
            return Done(
                then.id,
                bundle.id,
                bundle.digest,
                report.seconds,
                code=_changed(lineage.code, now.code),
                packages=_packages(lineage.code, now.code),
                met=met,
            )
        if isinstance(report, Failed):
            raise report.error
        raise TaskError(f"{node.task_id} did not end", kind="task-failed", hint="run it by itself")

    def _expanded(self, node: Node, lineage: Lineage) -> Node:
        """Put the tasks that were recorded in place of what stands for one for each partition."""
        from stook.pipeline.authoring.wanted import Mapped

        made = {}
        for role, required in node.requirements.roles.items():
            if isinstance(required, Mapped):
                of_role = [used for used in lineage.inputs if used.role.rpartition(".")[0] == role]
                records = [get_bundle(self._source, used.id).manifest.lineage for used in of_role]
                made[role] = [_load(record, self._folder) for record in records]
        return msgspec.structs.replace(node, requirements=node.requirements.expanded(made)) if made else node

    def _given(self, lineage: Lineage) -> Mapping[str, Given]:
        from stook.pipeline.running.work import Given

        found = {}
        for used in lineage.inputs:
            bundle = self._get(used)
            known = msgspec.structs.replace(used, name=bundle.name, id=bundle.id)
            found[used.role] = Given(bundle, known)
        return found

    def _get(self, used: Input) -> Bundle:
        if used.id in self._made:
            return self._target.get(self._made[used.id])
        return get_bundle(self._source, used.id)

    def _answers(self, node: Node, asked: Sequence[object], lineage: Lineage) -> list[Bundle]:
        """Return the bundles that a task was given when it asked; the same ones as then, in the order of then."""
        from stook.pipeline.authoring.tasks import Task
        from stook.pipeline.finding.specs import dump_task

        by_spec = {msgspec.json.encode(one.spec, order="sorted"): one for one in lineage.asked}
        found = []
        for task in asked:
            spec = msgspec.json.encode(dump_task(task), order="sorted") if isinstance(task, Task) else b""
            if spec not in by_spec:
                raise TaskError(
                    f"{node.task_id} asked for {task!r}, which it did not when it was recorded",
                    kind="task-failed",
                    hint="run it by itself",
                )
            then = by_spec[spec].id
            made = self._made.get(then)
            found.append(self._target.get(made) if made else get_bundle(self._source, then))
        return found


def _open(place: Place) -> Store:
    from stook.store.open import reopen

    return reopen(place.url, place.context, place.cache, place.owner, place.options)


def get_bundle(store: Store, identifier: str) -> Bundle:
    """Return a bundle of any context, also one that was removed."""
    store.refresh()
    catalog = store.repository.catalog
    row = catalog.find_bundle(identifier) or catalog.find_removed(identifier)
    if row is None:
        raise NotFoundError(
            f"the bundle {identifier} is not in the store",
            kind="bundle-not-found",
            hint="stook lineage shows it",
        )
    return store.bundle_of(row)


def _load(lineage: Lineage, folder: Path) -> Task:
    """Return the task that is recorded, from the code in a folder."""
    from stook.pipeline.finding.locate import roots_of
    from stook.pipeline.finding.specs import load_spec

    if not lineage.spec:
        raise InputError(
            f"{lineage.task} was recorded without its parameters by an older version",
            kind="no-spec",
            hint="run it again, with --force, to have it recorded",
        )
    file, module = str(lineage.spec.get("file", "")), str(lineage.spec.get("module", ""))
    roots = roots_of((folder / file).resolve(), module) if file else ()
    spec = {"params": lineage.params, **lineage.spec}
    return load_spec(spec, tuple(dict.fromkeys([folder.resolve(), *roots])))


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    keys = sorted(then.keys() | now.keys())
    return tuple(key for key in keys if not key.startswith(_PACKAGE) and then.get(key) != now.get(key))


def _packages(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    keys = sorted(key for key in then.keys() | now.keys() if key.startswith(_PACKAGE))
    return {
        key.removeprefix(_PACKAGE): (then.get(key, ""), now.get(key, ""))
        for key in keys
        if then.get(key) != now.get(key)
    }
