"""Take what a remote has: records and descriptions, and where wanted all data; what cannot be right is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from stook.errors import IntegrityError, StookError
from stook.store.remotes.aliasing import AliasOutcome, sync_aliases
from stook.store.remotes.diverged import diverged_error
from stook.store.remotes.elsewhere import Elsewhere
from stook.store.remotes.fetch import learn
from stook.store.remotes.incoming import Incoming, Taken, find_incoming, refs_there, require_same, subject
from stook.store.remotes.mapping import settle
from stook.store.remotes.refused import Refused, refused_error
from stook.store.remotes.remote import Remote, ask_remote
from stook.store.remotes.report import Observer, Transferred, ignore

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["Pulled", "pull"]


class Pulled(msgspec.Struct, frozen=True):
    """What came.

    Attributes:
        remote: Name of the remote; the only one, or `origin` of several, where not given.
        url: Where it is.
        bundles: The versions that are new here, as `name@id`, oldest first.
        restored: Versions that had been removed here and are there again, as `name@id`.
        words: How many tags and commits came for versions that were here.
        aliases: Aliases that were made or moved here, as `name@alias`.
        transferred: What went over for what came.
        removed_here: Versions that were left there, because they had been removed here, as `name@id`.
        refused: What was left there, because it cannot be right. Where there is any, this is a fact of an error.
        elsewhere: Versions that were left there, because they are here in another context, which alone has them.
    """

    remote: str
    url: str
    bundles: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    words: int = 0
    aliases: tuple[str, ...] = ()
    transferred: Transferred = Transferred()
    removed_here: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()


def pull(  # noqa: PLR0913 - each is one thing to choose, and by name
    store: View,
    names: Sequence[str] = (),
    *,
    remote: str = "",
    version: str = "",
    data: bool = False,
    force: bool = False,
    aliases: bool = True,
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
        aliases: Bring aliases together too.
        observer: Is told how far it is.
    """
    opened = ask_remote(store, remote)
    try:
        learn(opened)
        store.refresh()
        config = settle(store.repository, opened.config, opened.repository)
        work = _Pull(store, Remote(config, opened.repository), observer)
        return work.run(names, version, data=data, force=force if aliases else None)
    finally:
        opened.close()


class _Pull:
    """One pull, from a remote of which is known what it has."""

    def __init__(self, store: View, remote: Remote, observer: Observer) -> None:
        self._store = store
        self._repository = store.repository
        self._remote = remote
        self._observer = observer

    def run(self, names: Sequence[str], version: str, *, data: bool, force: bool | None) -> Pulled:
        """Take what was asked for. Aliases are left alone where `force` is None."""
        incoming = find_incoming(self._remote, self._repository, names, version)
        taken = self._take(incoming, data=data)
        broken: IntegrityError | None = None
        outcome = AliasOutcome()
        try:
            if force is not None:
                outcome = self._sync_aliases(incoming.names, force=force)
        except IntegrityError as error:  # of one alias; all others were brought together
            broken = error
        done = self._tell(incoming, taken, outcome)
        name = self._remote.config.name
        if broken is None and outcome.diverged:
            also: StookError | None = diverged_error(outcome.diverged, name, done, ours_at_source=False)
        else:
            also = broken
        if done.refused:
            is_all = not (done.bundles or done.restored or done.words or done.aliases or taken.data)
            raise refused_error(done.refused, name, done, is_all=is_all, also=also)
        if also is not None:
            also.facts["pulled"] = done
            raise also
        return done

    def _take(self, incoming: Incoming, *, data: bool) -> Taken:
        require_same(self._remote, self._repository, incoming, every=data)
        if incoming.is_empty and not data:
            return Taken()
        from stook.store.remotes.taking import take  # most pulls may have nothing to take

        return take(self._store, self._remote, incoming, self._observer, data=data)

    def _sync_aliases(self, names: Sequence[str], *, force: bool) -> AliasOutcome:
        config, there = self._remote.config, self._remote.repository
        return sync_aliases(there, config.remote_context, self._repository, config.context, names, force)

    def _tell(self, incoming: Incoming, taken: Taken, outcome: AliasOutcome) -> Pulled:
        """Return what came of it."""
        config = self._remote.config
        refs = refs_there(self._remote, {*incoming.fresh, *incoming.revived, *incoming.removed})
        came = [one for one in incoming.fresh if one not in taken.left]
        back = [one for one in incoming.revived if one not in taken.left]
        return Pulled(
            remote=config.name,
            url=config.url,
            bundles=tuple(refs[one] for one in came if one not in back),
            restored=tuple(refs[one] for one in back),
            words=sum(subject(word) in incoming.present for word in incoming.words),
            aliases=outcome.moved,
            transferred=taken.transferred if came or back or taken.data else Transferred(),
            removed_here=tuple(refs[one] for one in incoming.removed),
            refused=incoming.refused + taken.refused,
            elsewhere=tuple(incoming.elsewhere.values()),
        )
