"""Results shared while a pipeline runs: those that others have made are taken, and those made here are sent."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from stook.app.exchange_choice import ExchangeChoice
from stook.app.lane import Lane
from stook.app.remote_results import Foresee, RemoteResults, foresee_nothing
from stook.errors import StookError, StorageError
from stook.model.events import (
    Event,
    Exchanged,
    ExchangeFailed,
    ExchangeWaiting,
    Observer,
    TaskFinished,
)
from stook.pipeline import Others, RunOptions, RunResult, Task, run
from stook.pipeline.planning import Planner
from stook.store.remotes.absent import lack_data
from stook.store.remotes.choosing import Choice
from stook.store.remotes.pull import pull
from stook.store.remotes.push import push
from stook.store.remotes.remote import get_config, known_catalog

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Exchange", "run_exchanging", "warn_of_failures"]

_SHOWN = 3


class Exchange:
    """Exchanges results with a remote while a run goes on; used with `with`, which waits for what is on its way.

    Args:
        store: The store that the run is of.
        choice: What is exchanged, and with which remote.
        observer: Is told what is exchanged, and what fails; also from other threads.
        foresee: Returns what the run would use, given a store with what is here and there.

    Attributes:
        elsewhere: Results on the remote, to be taken; None where they are not.

    Raises:
        NotFoundError: There is no such remote.
    """

    def __init__(
        self,
        store: Store,
        choice: ExchangeChoice,
        observer: Observer,
        *,
        foresee: Foresee = foresee_nothing,
    ) -> None:
        self._store = store
        self._remote = get_config(store, choice.remote)
        self._observer = observer
        name = self._remote.name
        fail = partial(self._tell, "take")
        self.elsewhere = RemoteResults(store, name, foresee=foresee, fail=fail) if choice.take else None
        self._sending = Lane(self._send, partial(self._tell, "send")) if choice.send else None
        self._getting = Lane(self._get, partial(self._tell, "get")) if choice.data else None
        self._taken: list[str] = []
        self._sent: list[str] = []
        self._got = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lanes = [lane for lane in (self._sending, self._getting) if lane]
        try:
            if kind is None or issubclass(kind, Exception):
                self._finish(lanes)
                if self.elsewhere is not None:
                    self.elsewhere.close()
        finally:
            for lane in lanes:
                lane.stop()
            done = self.result()
            if done != Exchanged(self._remote.name):
                self._observer(done)

    def observe(self, event: Event, /) -> None:
        """Take note of a result that is there now."""
        if not isinstance(event, TaskFinished):
            return
        is_theirs = self.elsewhere is not None and event.bundle in self.elsewhere.adopted
        if is_theirs:
            self._taken.append(event.bundle)
        elif self._sending:
            self._sending.put(event.bundle)
        if self._getting and event.decision == "reused":
            self._getting.put(event.bundle)

    def result(self) -> Exchanged:
        """Return what was exchanged so far."""
        unsent = self._lacking(self._sending.left) if self._sending else ()
        taken = tuple(dict.fromkeys(self._taken))
        return Exchanged(self._remote.name, taken, self._got, tuple(self._sent), unsent)

    def find_failure(self) -> StorageError | None:
        """Return the error for results that should have been sent, and could not be; None where all were."""
        error = self._sending.failure if self._sending else None
        unsent = self.result().unsent
        if error is None or not unsent:
            return None
        count = "1 result is" if len(unsent) == 1 else f"{len(unsent):,} results are"
        name = self._remote.name
        found = StorageError(
            f"the run went well, and {count} here, but not on {name}: {error.message}",
            kind="results-not-sent",
            hint=_command(unsent, name),
            remote=name,
            unsent=list(unsent),
        )
        found.__cause__ = error
        return found

    def _finish(self, lanes: Sequence[Lane]) -> None:
        sending = self._lacking(self._sending.left) if self._sending else ()
        getting = self._absent(self._getting.left) if self._getting else ()
        if sending or getting:
            self._observer(ExchangeWaiting(len(sending) + len(getting)))
        for lane in lanes:
            lane.end()

    def _tell(self, what: str, error: StookError) -> None:
        self._observer(ExchangeFailed(what, error.message, error.hint, self._remote.name))

    def _send(self, refs: list[str]) -> None:
        lacking = self._lacking(refs)
        if lacking:
            done = push(self._store, Choice(lacking), remote=self._remote.name, aliases=False)
            self._sent += done.bundles

    def _get(self, refs: list[str]) -> None:
        absent = self._absent(refs)
        if absent:
            pull(self._store, absent, remote=self._remote.name, data=True, aliases=False)
            self._got += len(absent)

    def _lacking(self, refs: Sequence[str]) -> tuple[str, ...]:
        """Return those of some results that the remote has not and never had, as far as is known without asking it."""
        known = self._states(refs)
        return tuple(dict.fromkeys(ref for ref in refs if _id_of(ref) not in known))

    def _absent(self, refs: Sequence[str]) -> tuple[str, ...]:
        """Return those of some results whose data is not here and, as far as is known, on the remote."""
        known, repository = self._states(refs), self._store.repository
        there = dict.fromkeys(ref for ref in refs if known.get(_id_of(ref)))
        return tuple(ref for ref in there if lack_data(repository, [_id_of(ref)]))

    def _states(self, refs: Sequence[str]) -> Mapping[str, bool]:
        if not refs:
            return {}
        with closing(known_catalog(self._store.repository, self._remote)) as catalog:
            return catalog.ids.find_states([_id_of(ref) for ref in refs])


def run_exchanging(
    targets: Sequence[Task],
    store: Store,
    options: RunOptions,
    others: Others,
    choice: ExchangeChoice,
) -> RunResult:
    """Run tasks, and exchange results with a remote meanwhile.

    Args:
        targets: The tasks.
        store: Where bundles are.
        options: How the run is to be done.
        others: Whom it tells, also of what is exchanged, and heeds.
        choice: What is exchanged.

    Raises:
        StorageError: The run went well, and what it should have sent could not be sent (`results-not-sent`); the fact
            `result` has what came of it. What else is raised is what `pipeline.run` raises.
        NotFoundError: There is no such remote.
    """
    tell = others.observer

    def observe(event: Event, /) -> None:
        tell(event)
        exchange.observe(event)

    def foresee(both: Store) -> list[Bundle]:
        return [step.bundle for step in Planner(both, options).plan(tuple(targets)).steps if step.bundle]

    exchange = Exchange(store, choice, tell, foresee=foresee)
    others = msgspec.structs.replace(
        others, observer=observe, elsewhere=exchange.elsewhere or others.elsewhere
    )
    with exchange:
        result = run(targets, store=store, options=options, others=others)
    failure = exchange.find_failure()
    if failure is not None:
        failure.facts["result"] = result
        raise failure
    return result


def warn_of_failures(event: Event, /) -> None:
    """Warn of what could not be exchanged: for where nobody observes a run."""
    if isinstance(event, ExchangeFailed):
        warnings.warn(f"{event.what} {event.remote}: {event.message}", stacklevel=2)


def _command(unsent: Sequence[str], remote: str) -> str:
    if len(unsent) > _SHOWN:
        return "run it again with --push, which sends what is not there"
    import shlex

    return shlex.join(["stook", "push", "--remote", remote, *unsent])


def _id_of(ref: str) -> str:
    return ref.rpartition("@")[2]
