"""Results on a remote, looked up by fingerprint: to run with, and to plan with."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from itertools import islice

from stook.errors import IntegrityError, StookError
from stook.storage.ahead import Ahead
from stook.store import Bundle, Store
from stook.store.remotes.absent import lack_data
from stook.store.remotes.pull import Pulled, pull

__all__ = ["Foresee", "RemoteResults", "StoreAndRemote", "foresee_nothing"]

Foresee = Callable[[Store], Iterable[Bundle]]

_OF_A_NAME = 1_000
_OF_A_FINGERPRINT = 50
_MOST_PLANS = 5
_EACH_SECONDS = 15.0


def foresee_nothing(_store: Store) -> Iterable[Bundle]:
    """Expect no result in particular."""
    return ()


class StoreAndRemote(Store):
    """A store with results that a remote has besides: to look at; what is written goes to the store.

    Args:
        here: The store.
        there: The remote, opened as a store.
    """

    def __init__(self, here: Store, there: Store) -> None:
        super().__init__(here.repository, here.context)
        self._there = there

    def outputs(self, name: str, fingerprint: str) -> list[Bundle]:
        """Return the results that are here, newest first, and then those that only the remote has."""
        found = self._there.outputs(name, fingerprint)
        return [*super().outputs(name, fingerprint), *unknown_here(self, found)]

    def outputs_of(self, name: str, fingerprints: Sequence[str]) -> dict[str, list[Bundle]]:
        """Return, by fingerprint, what `outputs` returns of each."""
        return {fingerprint: self.outputs(name, fingerprint) for fingerprint in fingerprints}


class RemoteResults:
    """Results on a remote, which a run takes. The remote is asked when the first task has to run, and rarely again.

    Args:
        store: The store that they come into.
        remote: Name of the remote; the only one, or `origin` of several, where empty.
        foresee: Returns what a run would use, given a store with what is here and there: all of it is taken at once.
        fail: Is told of what cannot be taken.
        every: So many seconds after it was asked the remote may have news.

    Attributes:
        adopted: What has come, as `name@id`.
    """

    def __init__(
        self,
        store: Store,
        remote: str = "",
        *,
        foresee: Foresee = foresee_nothing,
        fail: Callable[[StookError], None],
        every: float = _EACH_SECONDS,
    ) -> None:
        self._store = store
        self._remote = remote
        self._foresee = foresee
        self._fail = fail
        self._every = every
        self._there: Store | None = None
        self._asked = 0.0
        self._plans = 0
        self._is_given_up = False
        self._left: set[str] = set()
        self.adopted: set[str] = set()

    def adopt(self, name: str, fingerprint: str) -> bool:
        """Take over what the remote has under a fingerprint, and what else the run is going to use.

        Where it cannot be reached there is nothing, and it is not asked again.
        """
        if self._is_given_up:
            return False
        try:  # in a thread, so that Ctrl-C is heard while a server is silent
            return Ahead(lambda: self._adopt(name, fingerprint)).result()
        except StookError as error:
            self._is_given_up = True
            self._fail(error)
            return False

    def lost(self, bundles: Collection[Bundle]) -> frozenset[str]:
        """Return the ids of those whose content is not here, and cannot be had from the remote that has them."""
        repository = self._store.repository
        lacking = [bundle for bundle in bundles if lack_data(repository, [bundle.id])]
        if not lacking:
            return frozenset()
        try:
            lacking = Ahead(lambda: self._get(lacking)).result()
        except StookError as error:
            self._fail(error)
        return frozenset(bundle.id for bundle in lacking if lack_data(repository, [bundle.id]))

    def both(self) -> Store:
        """Return a store with what is here and what the remote has. Raises StookError where it cannot be asked."""
        return StoreAndRemote(self._store, self._ask())

    def close(self) -> None:
        """Close what is open."""
        if self._there is not None:
            self._there.close()

    def _adopt(self, name: str, fingerprint: str) -> bool:
        there = self._ask()
        wanted = self._usable(there.outputs(name, fingerprint))[:_OF_A_FINGERPRINT]
        if wanted:
            self._take([*wanted, *self._more(there, name, wanted)])
        return any(bundle.ref in self.adopted for bundle in wanted)

    def _get(self, bundles: Sequence[Bundle]) -> list[Bundle]:
        """Get all data of those of some bundles that the remote has, as far as it can be had, and return these."""
        known = self._ask().repository.catalog.ids.find_states([bundle.id for bundle in bundles])
        found = [bundle for bundle in bundles if bundle.id in known]
        refs = list(dict.fromkeys(bundle.ref for bundle in found))
        try:
            if refs:
                pull(self._store, refs, remote=self._remote, data=True, aliases=False)
        except StookError as error:
            self._fail(error)
        return found

    def _ask(self) -> Store:
        """Return the remote as a store that knows what it has, as of not long ago."""
        if self._there is None:
            self._there = self._store.at_remote(self._remote)
        elif time.monotonic() - self._asked > self._every:
            self._there.refresh()
        else:
            return self._there
        self._asked = time.monotonic()
        return self._there

    def _more(self, there: Store, name: str, wanted: Sequence[Bundle]) -> list[Bundle]:
        """Return what had better come along: what the run will use, or where that is not foreseen, others of a name.

        What is said of a result is little, and asking for each would take long.
        """
        planned: list[Bundle] = []
        if self._plans < _MOST_PLANS:
            self._plans += 1
            with suppress(StookError):  # whoever has it wrong is told so by the run
                planned = list(self._foresee(StoreAndRemote(self._store, there)))
        if {bundle.id for bundle in planned}.isdisjoint(bundle.id for bundle in wanted):
            planned += islice((b for b in there.versions(name) if b.fingerprint), _OF_A_NAME)
        return self._usable(planned)

    def _usable(self, bundles: Sequence[Bundle]) -> list[Bundle]:
        return [bundle for bundle in unknown_here(self._store, bundles) if bundle.ref not in self._left]

    def _take(self, bundles: Sequence[Bundle]) -> None:
        refs = list(dict.fromkeys(bundle.ref for bundle in bundles))
        try:
            came = pull(self._store, refs, remote=self._remote, aliases=False)
        except IntegrityError as error:  # of some of them; the others have come
            if not isinstance(done := error.facts.get("pulled"), Pulled):
                raise
            came = done
            self._fail(error)
        self._left |= {*refs}.difference(came.bundles)
        self.adopted |= {*came.bundles}
        self._store.refresh()


def unknown_here(store: Store, bundles: Sequence[Bundle]) -> list[Bundle]:
    """Return those of some bundles that a store has in no context, and that were not removed there."""
    known = store.repository.catalog.ids.find_states([bundle.id for bundle in bundles])
    return [bundle for bundle in bundles if bundle.id not in known]
