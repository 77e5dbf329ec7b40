"""Find what a remote lacks, and send it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from stook.model.position import Position
from stook.store.remotes.aliasing import AliasOutcome, sync_aliases
from stook.store.remotes.choosing import Choice
from stook.store.remotes.config import RemoteConfig
from stook.store.remotes.diverged import diverged_error
from stook.store.remotes.fetch import learn
from stook.store.remotes.mapping import ContextMap, pairs_of, settle
from stook.store.remotes.outgoing import Outgoing, find_outgoing
from stook.store.remotes.remote import ask_remote
from stook.store.remotes.report import Observer, Transferred, ignore
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.remotes.sending import Sender
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
    aliases: bool = True,
    observer: Observer = ignore,
) -> Pushed:
    """Send bundles to a remote of the store's context. Further arguments and errors are those of `Store.push`.

    Args:
        store: The store.
        choice: Which bundles.
        remote: See there.
        force: See there.
        aliases: Bring aliases together too.
        observer: Is told how far it is.
    """
    store.refresh()
    opened = ask_remote(store, remote)
    there, sender = opened.repository, None
    try:
        # By what is known already: it is mostly right, and tells what to ask before the remote has answered.
        plan = _make_plan(store, choice, opened.config, there)
        sender = _find_sender(there, plan.outgoing)
        learn(opened)
        config = settle(store.repository, opened.config, there)
        if (plan.config, plan.known) != (config, there.catalog.positions()):
            plan = _make_plan(store, choice, config, there)
            sender = sender or _find_sender(there, plan.outgoing)
        outgoing, contexts = plan.outgoing, plan.contexts
        transferred = _NOTHING
        if sender is not None and not outgoing.is_empty:
            transferred = sender.send(store.repository, outgoing, contexts, observer)
        outcome = _sync_aliases(store, there, plan, force=force) if aliases else AliasOutcome()
    finally:
        if sender is not None:
            sender.close()
        opened.close()
    done = Pushed(
        config.name,
        config.url,
        bundles=tuple(sent.ref for sent in outgoing.bundles if not sent.is_revived),
        restored=tuple(sent.ref for sent in outgoing.bundles if sent.is_revived),
        present=outgoing.present,
        words=len(outgoing.words),
        aliases=outcome.moved,
        transferred=transferred,
        scratch=outgoing.scratch,
        removed_there=outgoing.removed,
    )
    if outcome.diverged:
        raise diverged_error(outcome.diverged, config.name, done, ours_at_source=True)
    return done


class _Plan(msgspec.Struct, frozen=True):
    """What is sent, by what is known of the remote when its log was known as far as `known`."""

    config: RemoteConfig
    known: Mapping[str, Position]
    contexts: ContextMap
    outgoing: Outgoing


def _make_plan(store: View, choice: Choice, config: RemoteConfig, there: Repository) -> _Plan:
    # Before anything is looked up: others of this machine may learn more meanwhile.
    known = there.catalog.positions()
    contexts = ContextMap(store.repository, there, pairs_of(store.repository, config))
    return _Plan(config, known, contexts, find_outgoing(store, choice, there, contexts))


def _find_sender(there: Repository, outgoing: Outgoing) -> Sender | None:
    if outgoing.is_empty:
        return None
    from stook.store.remotes.sending import Sender  # most pushes may have nothing to send

    return Sender(there, has_bundles=bool(outgoing.bundles))


def _sync_aliases(store: View, there: Repository, plan: _Plan, *, force: bool) -> AliasOutcome:
    context = store.find_context_id()
    if context is None:
        return AliasOutcome()
    return sync_aliases(
        store.repository, context, there, plan.contexts.find(context), plan.outgoing.names, force
    )
