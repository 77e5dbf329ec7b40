"""Results shared while a pipeline runs: those that others have made are taken, and those made here are sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Self

from stook.errors import StookError
from stook.model.events import Event, TaskFinished

if TYPE_CHECKING:
    from stook.store import Store

__all__ = ["Exchange", "Exchanged", "RemoteResults"]

_OF_A_NAME = 1_000


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What was exchanged with a remote.

    Attributes:
        adopted: Results that others had made, as `name@id`.
        pulled: How many of these have all their data here.
        pushed: Results that the remote has now and had not before, as `name@id`.
        failures: What went wrong, in order; the run went on without.
    """

    adopted: tuple[str, ...] = ()
    pulled: int = 0
    pushed: tuple[str, ...] = ()
    failures: tuple[StookError, ...] = ()


class RemoteResults:
    """Results on a remote, by name and fingerprint. What is there is asked once, when the first task has to run.

    Args:
        store: The store that they come into.
        remote: Name of the remote; the only one, or `origin` of several, where empty.
    """

    def __init__(self, store: Store, remote: str = "") -> None:
        self._store = store
        self._remote = remote
        self._there: Store | None = None
        self._asked = False
        self.adopted: list[str] = []
        self.failure: StookError | None = None

    def adopt(self, name: str, fingerprint: str) -> bool:
        """Take over what the remote has under a fingerprint; where it cannot be reached, there is nothing.

        Others of that name come along: what is said of them is little, and asking for each would take long.
        """
        if self.failure is not None:
            return False
        try:
            return self._adopt(name, fingerprint)
        except StookError as error:
            self.failure = error
            return False

    def close(self) -> None:
        """Close what is open."""
        if self._there is not None:
            self._there.close()

    def _adopt(self, name: str, fingerprint: str) -> bool:
        if not self._asked:
            self._asked = True
            self._store.fetch(self._remote)
            self._there = self._store.at_remote(self._remote)
        found = self._there.outputs(name, fingerprint) if self._there else []
        here = {bundle.id for bundle in self._store.outputs(name, fingerprint)}
        wanted = [bundle for bundle in found if bundle.id not in here]
        if not wanted or self._there is None:
            return False
        others = islice((b for b in self._there.versions(name) if b.fingerprint), _OF_A_NAME)
        refs = dict.fromkeys(bundle.ref for bundle in (*wanted, *others))
        came = self._store.pull(*refs, remote=self._remote)
        self.adopted += came.bundles
        self._store.refresh()
        return any(bundle.id not in here for bundle in self._store.outputs(name, fingerprint))


class Exchange:
    """Exchanges results with a remote while a run goes on; used with `with`, which waits for what is on its way.

    Args:
        store: The store that the run is of.
        remote: Name of the remote; the only one, or `origin` of several, where empty.
        take: Take results that others have made.
        data: Get the data of results of others in the background, too, instead of when it is used.
        send: Send each result in the background once it is there.
    """

    def __init__(
        self, store: Store, remote: str = "", *, take: bool = False, data: bool = False, send: bool = False
    ) -> None:
        self._store = store
        self._remote = remote
        self.elsewhere = RemoteResults(store, remote) if take or data else None
        self._lanes = [
            _Lane(work) for is_wanted, work in ((send, self._send), (data, self._get_data)) if is_wanted
        ]
        self._pushed: list[str] = []
        self._pulled = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_stopped = kind is not None and not issubclass(kind, Exception)
        for lane in self._lanes:
            lane.end(at_once=is_stopped)
        if self.elsewhere is not None:
            self.elsewhere.close()

    def observe(self, event: Event, /) -> None:
        """Take note of a result that is there now."""
        if isinstance(event, TaskFinished):
            for lane in self._lanes:
                lane.put(event.bundle)

    def result(self) -> Exchanged:
        """Return what was exchanged; to be asked after the `with` block."""
        taken = self.elsewhere
        failures = [lane.failure for lane in self._lanes if lane.failure is not None]
        if taken is not None and taken.failure is not None:
            failures.insert(0, taken.failure)
        adopted = tuple(taken.adopted) if taken is not None else ()
        return Exchanged(adopted, self._pulled, tuple(self._pushed), tuple(failures))

    def _send(self, refs: list[str]) -> None:
        self._pushed += self._store.push(*refs, remote=self._remote).bundles

    def _get_data(self, refs: list[str]) -> None:
        adopted = set(self.elsewhere.adopted) if self.elsewhere is not None else set()
        wanted = [ref for ref in refs if ref in adopted]
        if wanted:
            self._store.pull(*wanted, remote=self._remote, data=True)
            self._pulled += len(wanted)


class _Lane:
    """Does something with what is put in, in a thread of its own; all that has come meanwhile at once.

    Its first failure ends it: what comes later would most likely fail too, and take long.
    """

    def __init__(self, work: Callable[[list[str]], None]) -> None:
        self._work = work
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="stook-exchange", daemon=True)
        self._is_stopped = False
        self.failure: StookError | None = None

    def put(self, ref: str) -> None:
        """Have something done with a bundle soon."""
        if not self._thread.is_alive() and self._thread.ident is None:
            self._thread.start()
        self._queue.put(ref)

    def end(self, *, at_once: bool) -> None:
        """Wait until all is done; or only for what is under way."""
        self._is_stopped = at_once
        if self._thread.ident is not None:
            self._queue.put(None)
            with suppress(KeyboardInterrupt):
                self._thread.join()

    def _run(self) -> None:
        ended = False
        while not ended:
            refs = [self._queue.get()]
            while not self._queue.empty():
                refs.append(self._queue.get())
            ended = None in refs
            todo = [ref for ref in refs if ref is not None]
            if not todo or self._is_stopped or self.failure is not None:
                continue
            try:
                self._work(todo)
            except StookError as error:
                self.failure = error
