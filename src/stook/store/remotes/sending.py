"""What bundles need goes to a remote first, then all records at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stook.catalog import Batch
from stook.format import records
from stook.model.record import BundleRecord, Record, RestoreRecord
from stook.store.packs.reach import needed_ids
from stook.store.refresh import refresh
from stook.store.remotes.hints import rewrite_hints
from stook.store.remotes.mapping import ContextMap
from stook.store.remotes.outgoing import Outgoing
from stook.store.remotes.packs_at import prepare
from stook.store.remotes.report import Observer, Transferred
from stook.store.remotes.transfer import transfer
from stook.store.stamp import append_payloads, restoration

if TYPE_CHECKING:
    from stook.store.packs.writing import WritingIndex
    from stook.store.repository import Repository

__all__ = ["send"]


def send(
    source: Repository, target: Repository, outgoing: Outgoing, contexts: ContextMap, observer: Observer
) -> Transferred:
    """Send what bundles need, and then all records at once.

    Args:
        source: Has them.
        target: Where they go.
        outgoing: What is sent.
        contexts: Which context there stands for which here.
        observer: Is told how far it is.

    Raises:
        ConflictError: Garbage was collected there meanwhile (`collected`), and nothing is visible.
        InputError: The records are too many to appear at once.
        StorageError: The remote cannot be reached or refuses; nothing is visible.
    """
    outgoing.require_one_commit()
    with target.writer() as writer:
        transferred = Transferred()
        if outgoing.bundles:
            prepare(writer, target, source, set(_iter_likely(target, outgoing, contexts)))
            needed = _iter_needed(source, outgoing)
            transferred = transfer(source, writer, needed, least_share=1.0, observer=observer)
            writer.index.confirm()
        said = _records(source, writer.index, outgoing, contexts, target)
        relying = [record for record, _ in said if isinstance(record, BundleRecord | RestoreRecord)]
        reached = append_payloads(target, writer.index, [payload for _, payload in said], relying)
    if reached:
        target.catalog.apply(Batch(said, reached))
    else:  # a catalog that has records, but not how far it has read, would not see that a log was put back
        refresh(target)
    return transferred


def _iter_likely(target: Repository, outgoing: Outgoing, contexts: ContextMap) -> Iterator[str]:
    """Yield the packs there that are likely to have some of what is needed: those of the same names."""
    places = {(contexts.find(sent.record.context), sent.record.name) for sent in outgoing.bundles}
    known = {context: set(target.catalog.names(context)) for context, _ in places}
    for context, name in places:
        row = target.catalog.find_latest(context, name) if name in known[context] else None
        if row is not None and isinstance(record := records.load(row.payload), BundleRecord):
            yield from record.packs
    for sent in outgoing.bundles:
        yield from sent.record.packs if sent.is_revived else ()


def _iter_needed(source: Repository, outgoing: Outgoing) -> Iterator[bytes]:
    reader = source.reader()
    for sent in outgoing.bundles:
        yield from needed_ids(reader, sent.record)


def _records(
    source: Repository, index: WritingIndex, outgoing: Outgoing, contexts: ContextMap, target: Repository
) -> list[tuple[Record, bytes]]:
    """Return the records that a push writes with their bytes, those that make contexts first."""
    sent = [one for one in outgoing.bundles if one.record.id not in outgoing.recorded]
    hinted = rewrite_hints([(one.record, one.payload) for one in sent], source.reader(), index)
    carried = contexts.carry([*hinted, *outgoing.words])
    restored = [
        restoration(target, contexts.find(one.record.context), one.record.id)
        for one in outgoing.bundles
        if one.is_revived
    ]
    made, restoring = map(records.dump, contexts.made()), map(records.dump, restored)
    return [(records.load(payload), payload) for payload in (*made, *carried, *restoring)]
