"""Something done with what comes, in the background: with all at once that has come meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

from stook.errors import StookError, StorageError
from stook.pipeline.meeting.blocks import unobserved

__all__ = ["Lane"]

_GATHER_SECONDS = 2.0
_MOST_GATHER_SECONDS = 30.0
_MOST_AT_ONCE = 1_000
_FAREWELL_SECONDS = 5.0
_BROKEN_OFF = StorageError(
    "it broke off, as said above", kind="broken-off", hint="stook doctor looks for what is wrong"
)


class Lane:
    """Does something with what is put in, in a thread of its own.

    After a failure it waits until the end, and tries again once: what comes meanwhile would most likely fail too, and
    each failure takes long.

    Args:
        work: What is done with some of it; raises StookError where none of it is done.
        fail: Is told of the first failure.
        gather: For so many seconds it is waited for more at first, later longer.
    """

    def __init__(
        self,
        work: Callable[[list[str]], None],
        fail: Callable[[StookError], None],
        gather: float = _GATHER_SECONDS,
    ) -> None:
        self._work = work
        self._fail = fail
        self._gather = gather
        self._todo: list[str] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_ended = self._is_stopped = False
        self.failure: StookError | None = None

    @property
    def left(self) -> tuple[str, ...]:
        """What is not done yet."""
        with self._changed:
            return tuple(self._todo)

    def put(self, one: str) -> None:
        """Have something done soon."""
        with self._changed:
            self._todo.append(one)
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="stook-exchange", daemon=True)
                self._thread.start()

    def end(self) -> None:
        """Do what is left, and wait for that."""
        self._end(is_stopped=False)

    def stop(self) -> None:
        """Begin nothing more, and wait for what is under way, though not long: nothing of it is half."""
        self._end(is_stopped=True)

    def _end(self, *, is_stopped: bool) -> None:
        with self._changed:
            self._is_ended, self._is_stopped = True, is_stopped
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_FAREWELL_SECONDS if is_stopped else None)

    def _run(self) -> None:
        with unobserved():  # what is opened here is nothing that a task reads
            self._work_off()

    def _work_off(self) -> None:
        while some := self._next():
            was_ended = self._is_ended
            failure: StookError | None = _BROKEN_OFF
            try:
                self._work(some)
                failure = None
            except StookError as error:
                failure = error
            finally:  # also where this thread ends with what nobody expected
                if failure is not None:
                    self._note(failure)
            if failure is None:
                self._strike_out(some)
            elif was_ended:
                return

    def _strike_out(self, done: list[str]) -> None:
        with self._changed:
            del self._todo[: len(done)]
            self.failure = None
            self._gather = min(2 * self._gather, _MOST_GATHER_SECONDS)

    def _next(self) -> list[str]:
        """Wait until something is to be done, and return some of it; nothing where it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._todo or self._is_ended)
            patience = None if self.failure else self._gather
            self._changed.wait_for(lambda: self._is_ended, patience)
            return [] if self._is_stopped else self._todo[:_MOST_AT_ONCE]

    def _note(self, error: StookError) -> None:
        is_first, self.failure = self.failure is None, error
        if is_first:
            self._fail(error)
