"""Make the catalog again from the log and the packs alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stook.format import records
from stook.model.record import BundleRecord, ContextRecord
from stook.store.packs.chunk_index import list_packs
from stook.store.refresh import iter_batches
from stook.store.repository import Repository
from stook.store.stamp import stamp
from stook.store.verify.hidden import iter_hidden
from stook.store.verify.history import History, read_history
from stook.store.verify.packs import check_packs
from stook.store.verify.report import Observer, Problem, Progress, ignore
from stook.store.words.contexts import context_id_of

if TYPE_CHECKING:
    from stook.store.store import Store

__all__ = ["Rebuilt", "rebuild"]

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a catalog was made from.

    Attributes:
        records: How many records of the log.
        bundles: How many of those say that a bundle exists.
        packs: How many packs.
        chunks: How many chunks in them.
        rescued: How many records were lost in the log, or left out of a checkpoint, and written to the log again.
        problems: What could not be read.
    """

    records: int
    bundles: int
    packs: int
    chunks: int
    rescued: int
    problems: tuple[Problem, ...]


def rebuild(store: Store, *, observer: Observer = ignore) -> Rebuilt:
    """Read the whole log and the index of every pack into the catalog of this machine, in the place of what it knows.

    Others may go on using the catalog: they see the old one until the new one is there. What is damaged is passed
    over and reported. Records that the log has lost and the old catalog still has, or that a checkpoint leaves out, are
    first appended to it; a context whose name nobody knows any more is named anew.

    Raises:
        StorageError: The storage cannot be reached, or the cache folder refuses.
    """
    repository = store.repository
    history = read_history(repository, observer)
    rescued = _rescue(store, history)
    repository.catalog.replace(iter_batches(repository.log.read({})))
    packs, chunks, problems = _learn_packs(repository, observer)
    return Rebuilt(
        records=history.records + len(rescued),
        bundles=history.bundles + sum(isinstance(records.load(one), BundleRecord) for one in rescued),
        packs=packs,
        chunks=chunks,
        rescued=len(rescued),
        problems=(*history.problems, *problems),
    )


def _rescue(store: Store, history: History) -> list[bytes]:
    """Append to the log what of it only the catalog still has, and what a checkpoint left out; return that.

    Neither order nor repetition of records counts.
    """
    repository = store.repository
    lost = [
        payload for payload in repository.catalog.iter_known() if records.read_id(payload) not in history.ids
    ]
    known = set(map(records.read_id, lost))
    for _, payload in iter_hidden(repository.storage, history):
        if (identifier := records.read_id(payload)) not in known:
            known.add(identifier)
            lost.append(payload)
    if lost:  # or it was appended since the log was read
        ids = read_history(repository, ignore).ids
        lost = [payload for payload in lost if records.read_id(payload) not in ids]
    lost = [*_lost_contexts(store, history), *lost]
    for start in range(0, len(lost), _AT_ONCE):
        repository.log.append(lost[start : start + _AT_ONCE])
    return lost


def _lost_contexts(store: Store, history: History) -> Iterator[bytes]:
    repository = store.repository
    names = {context: f"recovered-{context[:8]}" for context in history.nameless}
    names |= {context_id_of(repository.id, store.context): store.context}
    names |= {context.id: context.name for context in repository.catalog.contexts()}
    for context, name in sorted(names.items()):
        if context in history.nameless:
            mark = stamp(repository)
            yield records.dump(ContextRecord(mark.id, context, name, mark.time, mark.owner))


def _learn_packs(repository: Repository, observer: Observer) -> tuple[int, int, list[Problem]]:
    """Return how many packs and chunks there are, and what is wrong with packs."""
    packs, known = list_packs(repository.storage), repository.catalog.chunks
    for name in known.packs() - packs.keys():
        known.forget_pack(name)
    chunks, size, problems = 0, 0, list[Problem]()
    for done, pack in enumerate(check_packs(repository.storage, packs.items(), deep=False), 1):
        known.forget_pack(pack.name)
        if pack.problem:
            message = f"the pack {pack.name} is damaged: {pack.problem}"
            problems.append(Problem("damaged-pack", pack.key, message, "stook verify --deep"))
            continue
        known.add(pack.name, pack.entries)
        chunks, size = chunks + len(pack.entries), size + pack.size
        observer(Progress("packs", done, len(packs), size))
    known.tidy()
    return len(packs) - len(problems), chunks, problems
