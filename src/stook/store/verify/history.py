"""The log: every record of every writer, and what of it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stook.errors import IntegrityError
from stook.format import records
from stook.log import Damage, Reached
from stook.log.lines import object_key
from stook.model.position import Position
from stook.model.record import BundleRecord, ContextRecord
from stook.store.repository import Repository
from stook.store.verify.report import Observer, Problem, Progress

__all__ = ["History", "read_history"]

_TOLD_EACH = 20_000


@dataclass(frozen=True, slots=True)
class History:
    """What the log says, as far as it can be read.

    Attributes:
        records: How many records.
        bundles: How many of them say that a bundle exists.
        ids: The ids of all records; that of a bundle is the bundle's own.
        contexts: By id of each context that has a name the id of the last record that says so.
        nameless: The ids of all contexts that bundles are in and that have none.
        problems: Where it is damaged.
    """

    records: int
    bundles: int
    ids: frozenset[str]
    contexts: Mapping[str, str]
    nameless: frozenset[str]
    problems: tuple[Problem, ...]


def read_history(repository: Repository, observer: Observer) -> History:
    """Read the whole log from its storage.

    Raises:
        StorageError: It cannot be reached.
    """
    history = _read(repository, observer)
    # A context may have been named after its writer's segments were read, and got a bundle before another's were.
    return _read(repository, observer) if history.nameless else history


def _read(repository: Repository, observer: Observer) -> History:
    size, bundles, ids, problems = 0, 0, set[str](), list[Problem]()
    contexts, used = dict[str, str](), set[str]()
    for line in repository.log.read({}):
        if isinstance(line, Damage):
            problems.append(_problem(line.writer, line.position, line.problem))
            continue
        if isinstance(line, Reached):
            continue
        size += len(line.payload)
        try:
            record = records.load(line.payload)
        except IntegrityError as error:
            problems.append(_problem(line.writer, line.position, error.message))
            continue
        ids.add(record.id)
        if isinstance(record, BundleRecord):
            bundles += 1
            used.add(record.context)
        elif isinstance(record, ContextRecord):
            contexts[record.context] = max(record.id, contexts.get(record.context, ""))
        if len(ids) % _TOLD_EACH == 0:
            observer(Progress("log", len(ids), 0, size))
    observer(Progress("log", len(ids), len(ids), size))
    nameless = frozenset(used - contexts.keys())
    problems.extend(map(_nameless, sorted(nameless)))
    return History(len(ids), bundles, frozenset(ids), contexts, nameless, tuple(problems))


def _nameless(context: str) -> Problem:
    message = f"the log has lost the name of the context {context}; its bundles can be got by their ids only"
    return Problem("lost-context", f"context {context}", message, "stook rebuild")


def _problem(writer: str, position: Position, problem: str) -> Problem:
    key = object_key(writer, position.seq)
    return Problem(
        "damaged-log",
        key,
        f"records before byte {position.offset} of {key} are lost: {problem}",
        "stook rebuild writes again what this machine remembers of them; "
        f"or copy {key} from another copy of the store",
    )
