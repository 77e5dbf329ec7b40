"""What bundles need goes to a remote first, then all records at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from stook.catalog import Batch
from stook.format import records
from stook.model.record import BundleRecord, Record
from stook.storage.ahead import Ahead
from stook.storage.folder import FolderStorage
from stook.storage.object_storage import ObjectStorage
from stook.store.packs.reach import needed_ids
from stook.store.refresh import refresh
from stook.store.remotes.decoded import Decoded, load_relying
from stook.store.remotes.hints import rewrite_hints
from stook.store.remotes.mapping import ContextMap
from stook.store.remotes.outgoing import Outgoing
from stook.store.remotes.packs_at import look, prepare
from stook.store.remotes.report import Observer, Transferred
from stook.store.remotes.transfer import transfer
from stook.store.stamp import append_payloads, restoration

if TYPE_CHECKING:
    from stook.store.packs.writing import WritingIndex
    from stook.store.repository import Repository

__all__ = ["Sender"]

_FIRST: Final = 16_384


class Sender:
    """Writes to a remote, and asks it at once what it has, if that is worth knowing. To be closed.

    It may be made before it is known who the remote is, and whether anything has to be sent.

    Args:
        target: The repository there.
        has_bundles: Whether bundles will be sent, as far as is known.
    """

    def __init__(self, target: Repository, *, has_bundles: bool) -> None:
        self._target = target
        self._writer = target.writer()
        asks = has_bundles and not isinstance(target.storage, FolderStorage)
        self._listed = Ahead(partial(look, self._writer)) if asks else None
        if isinstance(target.storage, ObjectStorage):
            target.storage.connection("write")  # made while nothing has been answered yet: that takes as long

    def send(
        self, source: Repository, outgoing: Outgoing, contexts: ContextMap, observer: Observer
    ) -> Transferred:
        """Send what bundles need, and then all records at once. To be called once.

        Args:
            source: Has them.
            outgoing: What is sent.
            contexts: Which context there stands for which here.
            observer: Is told how far it is.

        Raises:
            ConflictError: Garbage was collected there meanwhile (`collected`), and nothing is visible.
            InputError: The records are too many to appear at once.
            StorageError: The remote cannot be reached or refuses; nothing is visible.
        """
        outgoing.require_one_commit()
        target, index = self._target, self._writer.index
        transferred = Transferred()
        if outgoing.bundles:
            needed = _iter_needed(source, outgoing)
            first = list(islice(needed, _FIRST))  # while the remote has not answered yet
            listed = self._listed.result() if self._listed else None
            prepare(self._writer, target, source, set(_iter_likely(target, outgoing, contexts)), listed)
            needed = chain(first, needed)
            transferred = transfer(source, self._writer, needed, least_share=1.0, observer=observer)
            index.confirm()
        words = contexts.carry(outgoing.words)
        relying = _relying(source, index, outgoing, contexts, target)
        said = [*map(records.dump, contexts.made()), *relying, *words]
        reached = append_payloads(target, index, said, Decoded(relying, load_relying))
        if reached:
            target.catalog.apply(Batch(Decoded(said, _load_pair), reached))
        else:  # a catalog that has records, but not how far it has read, would not see that a log was put back
            refresh(target)
        return transferred

    def close(self) -> None:
        """Let garbage collection go on."""
        if self._listed:
            self._listed.close()
        self._writer.close()


def _iter_likely(target: Repository, outgoing: Outgoing, contexts: ContextMap) -> Iterator[str]:
    """Yield the packs there that are likely to have some of what is needed: those of the same names."""
    made = (sent.record for sent in outgoing.bundles)
    places = {(contexts.find(record.context), record.name) for record in made}
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


def _relying(
    source: Repository, index: WritingIndex, outgoing: Outgoing, contexts: ContextMap, target: Repository
) -> list[bytes]:
    """Return the bytes of the records that make or restore bundles at the target."""
    sent = (one for one in outgoing.bundles if records.read_id(one.payload) not in outgoing.recorded)
    hinted = rewrite_hints(((one.record, one.payload) for one in sent), source.reader(), index)
    carried = contexts.carry(hinted)
    revived = (one.record for one in outgoing.bundles if one.is_revived)
    restored = [restoration(target, contexts.find(record.context), record.id) for record in revived]
    return [*carried, *map(records.dump, restored)]


def _load_pair(payload: bytes) -> tuple[Record, bytes]:
    return records.load(payload), payload
