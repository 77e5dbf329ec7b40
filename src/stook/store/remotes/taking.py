"""What a pull takes: the chunks that it brings, and the records that it writes then."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from stook.errors import IntegrityError
from stook.format import records
from stook.format.limits import FRAME_HEADER
from stook.store.remotes.carrying import Carrier, local_reader
from stook.store.remotes.decoded import Decoded, load_relying
from stook.store.remotes.descriptions import Bringing
from stook.store.remotes.incoming import (
    Incoming,
    Taken,
    find_too_long,
    read_incoming,
    refs_there,
    subject,
)
from stook.store.remotes.mapping import ContextMap, rewrite_context
from stook.store.remotes.remote import Remote
from stook.store.remotes.report import Observer
from stook.store.stamp import append_payloads, restoration

if TYPE_CHECKING:
    from stook.store.packs.writing import BundleWriter, WritingIndex
    from stook.store.view import View

__all__ = ["iter_commits", "take"]

_COMMIT_BYTES: Final = 120 * 1024 * 1024


def take(store: View, remote: Remote, incoming: Incoming, observer: Observer, *, data: bool) -> Taken:
    """Take what was found to be taken: first the chunks, then the records.

    Args:
        store: Where it goes.
        remote: Where it is.
        incoming: What it is.
        observer: Is told how far it is.
        data: Take all data too.

    Raises:
        IntegrityError: The remote gave something that cannot be right, and it is not of some bundles alone, which would
            be left; nothing was taken.
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

    def take(self, incoming: Incoming, *, data: bool) -> Taken:
        """Take it."""
        with self._repository.writer() as writer:
            carrier = Carrier(self._remote.repository, writer, self._observer)
            fresh = read_incoming(self._remote, incoming.fresh)
            try:
                taken = self._bring(incoming, fresh, carrier, writer.index, data=data)
            except IntegrityError as error:
                raise self._nothing(error) from error
            writer.index.confirm()
            for one in taken.left.intersection(fresh):
                del fresh[one]
            self._append(incoming, fresh, taken, writer)
            fresh.clear()
        self._store.refresh()
        return taken

    def _bring(
        self,
        incoming: Incoming,
        fresh: Mapping[str, bytes],
        carrier: Carrier,
        here: WritingIndex,
        *,
        data: bool,
    ) -> Taken:
        """Bring the chunks; return what could not be had or cannot be right."""
        new = {*incoming.fresh, *incoming.revived}
        others = {*incoming.revived, *(incoming.present if data else ())}.difference(incoming.fresh)
        there = {**fresh, **read_incoming(self._remote, sorted(others))}
        faults = find_too_long(fresh, self._remote.config.context)
        for one in faults:
            del there[one]
        bringing = Bringing(
            there,
            local_reader(self._repository),
            carrier,
            here=here,
            there=self._remote.repository.reader().index,
        )
        faults |= bringing.bring_descriptions(new)
        left = frozenset(new.intersection(faults))
        described = carrier.transferred.chunks
        if data:
            faults |= bringing.bring_data()
        refs = refs_there(self._remote, faults)
        refused = [faults[one].of(refs[one], "bundle" if one in left else "data") for one in sorted(faults)]
        return Taken(carrier.transferred, carrier.transferred.chunks - described, tuple(refused), left)

    def _nothing(self, error: IntegrityError) -> IntegrityError:
        name = self._remote.config.name
        return type(error)(
            f"nothing was pulled from {name}: {error.message}",
            kind=error.kind,
            hint=f"stook verify --remote {shlex.quote(name)}",
            **error.facts,
        )

    def _append(
        self, incoming: Incoming, fresh: dict[str, bytes], taken: Taken, writer: BundleWriter
    ) -> None:
        """Write the records, in as few commits as they fit in, each of them whole.

        Those in `fresh` are replaced by what is written, so that no more than one of the two is in memory.
        """
        words = [word for word in incoming.words if subject(word) not in taken.left]
        config = self._remote.config
        contexts = ContextMap(
            self._remote.repository, self._repository, {config.remote_context: config.context}
        )
        context = contexts.find(config.remote_context)
        made = [records.dump(record) for record in contexts.made()]
        for one, payload in fresh.items():
            fresh[one] = rewrite_context(payload, context)
        revived = (one for one in incoming.revived if one not in taken.left)
        restored = [records.dump(restoration(self._repository, context, one)) for one in revived]
        relying = [*fresh.values(), *restored]
        commits = list(iter_commits([*made, *relying, *(rewrite_context(word, context) for word in words)]))
        for number, some in enumerate(commits, 1):
            on = Decoded(relying if number == len(commits) else [], load_relying)
            append_payloads(self._repository, writer.index, some, on)


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
