"""Take what a remote has: records and descriptions, and where wanted all data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from stook.store.remotes.aliasing import diverged_error, sync_aliases
from stook.store.remotes.fetch import learn
from stook.store.remotes.incoming import (
    Incoming,
    find_incoming,
    refs_of,
    subject,
)
from stook.store.remotes.mapping import settle
from stook.store.remotes.remote import Remote, open_remote
from stook.store.remotes.report import Observer, Transferred, ignore

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["Pulled", "pull"]

_NOTHING: Final = Transferred()


class Pulled(msgspec.Struct, frozen=True):
    """What came.

    Attributes:
        remote: Name of the remote; the only one, or `origin` of several, where not given.
        url: Where it is.
        bundles: The versions that are new here, as `name@id`, oldest first.
        restored: Versions that had been removed here and are there again, as `name@id`.
        words: How many tags and commits came for versions that were here.
        aliases: Aliases that were made or moved here, as `name@alias`.
        transferred: What went over.
        removed_here: Versions that were left there, because they had been removed here, as `name@id`.
    """

    remote: str
    url: str
    bundles: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    words: int = 0
    aliases: tuple[str, ...] = ()
    transferred: Transferred = _NOTHING
    removed_here: tuple[str, ...] = ()


def pull(  # noqa: PLR0913 - each is one thing to choose, and by name
    store: View,
    names: Sequence[str] = (),
    *,
    remote: str = "",
    version: str = "",
    data: bool = False,
    force: bool = False,
    observer: Observer = ignore,
) -> Pulled:
    """Take bundles from a remote into a store. The other arguments, and what is raised, are those of `Store.pull`.

    Args:
        store: The store; bundles come into its context.
        names: See there.
        remote: See there.
        version: See there.
        data: See there.
        force: See there.
        observer: Is told how far it is.
    """
    opened = open_remote(store, remote)
    try:
        learn(opened)
        store.refresh()
        config = settle(store.repository, opened.config, opened.repository)
        work = _Pull(store, Remote(config, opened.repository), observer)
        return work.run(names, version, data=data, force=force)
    finally:
        opened.close()


class _Pull:
    """One pull, from a remote of which is known what it has."""

    def __init__(self, store: View, remote: Remote, observer: Observer) -> None:
        self._store = store
        self._repository = store.repository
        self._remote = remote
        self._observer = observer

    def run(self, names: Sequence[str], version: str, *, data: bool, force: bool) -> Pulled:
        """Take what was asked for."""
        incoming = find_incoming(self._remote, self._repository, names, version)
        refs = self._refs(incoming)
        transferred = _NOTHING
        if data or not incoming.is_empty:
            from stook.store.remotes.taking import take  # most pulls may have nothing to take

            transferred = take(self._store, self._remote, incoming, self._observer, data=data)
        config, there = self._remote.config, self._remote.repository
        outcome = sync_aliases(
            there, config.remote_context, self._repository, config.context, incoming.names, force
        )
        done = Pulled(
            remote=config.name,
            url=config.url,
            bundles=tuple(refs[one] for one in incoming.fresh if one not in incoming.revived),
            restored=tuple(refs[one] for one in incoming.revived),
            words=sum(subject(word) in incoming.present for word in incoming.words),
            aliases=outcome.moved,
            transferred=transferred,
            removed_here=tuple(refs[one] for one in incoming.removed),
        )
        if outcome.diverged:
            raise diverged_error(outcome.diverged, config.name, done, ours_at_source=False)
        return done

    def _refs(self, incoming: Incoming) -> dict[str, str]:
        ids = {*incoming.fresh, *incoming.revived, *incoming.removed}
        rows = self._remote.repository.catalog.ids.iter_rows(sorted(ids))
        return dict(zip(sorted(ids), refs_of(rows), strict=True))
