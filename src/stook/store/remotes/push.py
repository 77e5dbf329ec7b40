"""Find what a remote lacks, and send it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stook.store.remotes.aliasing import AliasOutcome, diverged_error, sync_aliases
from stook.store.remotes.choosing import Choice
from stook.store.remotes.fetch import learn
from stook.store.remotes.mapping import ContextMap, pairs_of, settle
from stook.store.remotes.outgoing import find_outgoing
from stook.store.remotes.remote import open_remote
from stook.store.remotes.report import Observer, Transferred, ignore

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["Pushed", "push"]

_ALL = Choice()
_NOTHING = Transferred()


class Pushed(msgspec.Struct, frozen=True):
    """What was sent.

    Attributes:
        remote: Name of the remote; the only one, or `origin` of several, where not given.
        url: Where it is.
        bundles: The versions that are new there, as `name@id`, oldest first.
        restored: Versions that had been removed there and are there again, as `name@id`.
        present: How many of those chosen were there already.
        words: How many tags and commits were sent.
        aliases: Aliases that were made or moved there, as `name@alias`.
        transferred: What went over.
        scratch: How many versions were left because nobody has committed them; only told where nothing was named.
        removed_there: Versions that nobody named and that were left, because they had been removed there, as `name@id`.
    """

    remote: str
    url: str
    bundles: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    present: int = 0
    words: int = 0
    aliases: tuple[str, ...] = ()
    transferred: Transferred = _NOTHING
    scratch: int = 0
    removed_there: tuple[str, ...] = ()


def push(
    store: View,
    choice: Choice = _ALL,
    *,
    remote: str = "",
    force: bool = False,
    observer: Observer = ignore,
) -> Pushed:
    """Send bundles to a remote of the store's context. Further arguments and errors are those of `Store.push`.

    Args:
        store: The store.
        choice: Which bundles.
        remote: See there.
        force: See there.
        observer: Is told how far it is.
    """
    store.refresh()
    context = store.find_context_id()
    opened = open_remote(store, remote)
    try:
        learn(opened)
        there = opened.repository
        config = settle(store.repository, opened.config, there)
        contexts = ContextMap(store.repository, there, pairs_of(store.repository, config))
        outgoing = find_outgoing(store, choice, there, contexts)
        transferred = _NOTHING
        if not outgoing.is_empty:
            from stook.store.remotes.sending import send  # most pushes may have nothing to send

            transferred = send(store.repository, there, outgoing, contexts, observer)
        aliases = AliasOutcome()
        if context is not None:
            aliases = sync_aliases(
                store.repository, context, there, contexts.find(context), outgoing.names, force
            )
    finally:
        opened.close()
    done = Pushed(
        config.name,
        config.url,
        bundles=tuple(sent.ref for sent in outgoing.bundles if not sent.is_revived),
        restored=tuple(sent.ref for sent in outgoing.bundles if sent.is_revived),
        present=outgoing.present,
        words=len(outgoing.words),
        aliases=aliases.moved,
        transferred=transferred,
        scratch=outgoing.scratch,
        removed_there=outgoing.removed,
    )
    if aliases.diverged:
        raise diverged_error(aliases.diverged, config.name, done, ours_at_source=True)
    return done
