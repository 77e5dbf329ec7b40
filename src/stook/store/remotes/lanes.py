"""Jobs in threads, as many at once as the bytes that they hold allow."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Self, TypeVar

__all__ = ["Lanes"]

_WORKERS = 16
_MOST_JOBS = 64
_Out = TypeVar("_Out")


class Lanes:
    """Runs jobs. What they give is handed on in the thread that uses this, one at a time. To be used with `with`.

    At the end of the block all threads have ended. What was done by then is handed on even where the block failed or
    was interrupted; jobs that had not begun are dropped.

    Args:
        most_bytes: How many bytes the jobs may hold at once; one alone may be larger.

    Attributes:
        is_ending: Whether no job can be started any more.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held = 0
        self._jobs: dict[Future[Any], tuple[int, Callable[[Any], None]]] = {}
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="stook-transfer")
        self.is_ending = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_ending = True
        self._pool.shutdown(wait=True, cancel_futures=True)
        for future in list(self._jobs):
            if not future.cancelled() and future.exception() is None:
                self._hand_on(future)

    def make_room(self, size: int) -> None:
        """Wait until a job of so many bytes may begin. Raises what a job raised."""
        while self._jobs and (self._held + size > self._most_bytes or len(self._jobs) >= _MOST_JOBS):
            self._await_some()

    def start(self, size: int, work: Callable[[], _Out], then: Callable[[_Out], None]) -> None:
        """Have a job done that holds so many bytes; `then` gets what it gave, in a later call of these methods."""
        self._held += size
        self._jobs[self._pool.submit(work)] = (size, then)

    def drain(self) -> None:
        """Wait for all jobs, and those that they lead to. Raises what a job raised."""
        while self._jobs:
            self._await_some()

    def _await_some(self) -> None:
        for future in wait(self._jobs, return_when=FIRST_COMPLETED).done:
            self._hand_on(future)

    def _hand_on(self, future: Future[Any]) -> None:
        size, then = self._jobs.pop(future)
        self._held -= size
        then(future.result())
