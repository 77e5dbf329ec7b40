"""What a pull takes: the chunks that it brings, and the records that it writes then."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import structs

from stook.errors import IntegrityError
from stook.format import records
from stook.format.limits import FRAME_HEADER
from stook.model.record import BundleRecord, RestoreRecord
from stook.store.remotes.carrying import Carrier, local_reader
from stook.store.remotes.descriptions import bring_descriptions, data_ids
from stook.store.remotes.incoming import Incoming, read_incoming, require_same
from stook.store.remotes.mapping import ContextMap, rewrite_context
from stook.store.remotes.remote import Remote
from stook.store.remotes.report import Observer, Transferred
from stook.store.stamp import append_payloads, restoration

if TYPE_CHECKING:
    from stook.store.packs.writing import BundleWriter
    from stook.store.view import View

__all__ = ["iter_commits", "take"]

_COMMIT_BYTES: Final = 120 * 1024 * 1024

_Taken = tuple[BundleRecord, bytes]


def take(store: View, remote: Remote, incoming: Incoming, observer: Observer, *, data: bool) -> Transferred:
    """Take what was found to be taken: first the chunks, then the records.

    Args:
        store: Where it goes.
        remote: Where it is.
        incoming: What it is.
        observer: Is told how far it is.
        data: Take all data too.

    Raises:
        IntegrityError: The remote gave something that cannot be right; nothing of it was taken.
        StorageError: The remote cannot be reached.
    """
    return _Taking(store, remote, observer).take(incoming, data=data)


class _Taking:
    """One taking, from a remote of which is known what it has."""

    def __init__(self, store: View, remote: Remote, observer: Observer) -> None:
        self._store = store
        self._repository = store.repository
        self._remote = remote
        self._observer = observer

    def take(self, incoming: Incoming, *, data: bool) -> Transferred:
        """Take it."""
        require_same(self._remote, self._repository, incoming, every=data)
        with self._repository.writer() as writer:
            carrier = Carrier(self._remote.repository, writer, self._observer)
            try:
                taken = self._bring(incoming, carrier, data=data)
            except IntegrityError as error:
                raise self._refused(error) from error
            writer.index.confirm()
            self._append(incoming, taken, writer)
        self._store.refresh()
        return carrier.transferred

    def _bring(self, incoming: Incoming, carrier: Carrier, *, data: bool) -> list[_Taken]:
        """Bring the chunks; return the records of bundles that are not here."""
        now = self._repository.clock.now()
        taken = list(read_incoming(self._remote, incoming.fresh, now))
        there = [record for record, _ in taken]
        reader = local_reader(self._repository)
        others = {*incoming.revived, *(incoming.present if data else ())}.difference(incoming.fresh)
        there += [record for record, _ in read_incoming(self._remote, sorted(others), now)]
        bring_descriptions(there, reader, carrier)
        if data:
            carrier.learn(pack for record in there for pack in record.packs)
            carrier.carry(data_ids(there, reader))
        return taken

    def _refused(self, error: IntegrityError) -> IntegrityError:
        name = self._remote.config.name
        hint = error.hint if error.kind == "id-ahead" else f"stook verify --remote {shlex.quote(name)}"
        message = f"nothing was pulled from {name}: {error.message}"
        return type(error)(message, kind=error.kind, hint=hint, **error.facts)

    def _append(self, incoming: Incoming, taken: Sequence[_Taken], writer: BundleWriter) -> None:
        """Write the records, in as few commits as they fit in, each of them whole."""
        config = self._remote.config
        contexts = ContextMap(
            self._remote.repository, self._repository, {config.remote_context: config.context}
        )
        context = contexts.find(config.remote_context)
        said = [*map(records.dump, contexts.made())]
        said += [rewrite_context(payload, context) for _, payload in taken]
        words = [rewrite_context(word, context) for word in incoming.words]
        relying: list[BundleRecord | RestoreRecord] = [
            structs.replace(record, context=context) for record, _ in taken
        ]
        for bundle in incoming.revived:
            relying.append(restoration(self._repository, context, bundle))
            said.append(records.dump(relying[-1]))
        commits = list(iter_commits([*said, *words]))
        for number, some in enumerate(commits, 1):
            append_payloads(self._repository, writer.index, some, relying if number == len(commits) else ())


def iter_commits(payloads: Sequence[bytes], most_bytes: int = _COMMIT_BYTES) -> Iterator[list[bytes]]:
    """Yield records in groups, each of which is not too much for one commit."""
    some: list[bytes] = []
    size = 0
    for payload in payloads:
        if some and size + len(payload) + FRAME_HEADER > most_bytes:
            yield some
            some, size = [], 0
        some.append(payload)
        size += len(payload) + FRAME_HEADER
    if some:
        yield some
