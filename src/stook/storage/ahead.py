"""What a storage is asked before the answer is needed, so that it comes while something else is done."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Final, Generic, TypeVar

__all__ = ["Ahead"]

_LAST_SECONDS: Final = 2.0

_Out_co = TypeVar("_Out_co", covariant=True)


class Ahead(Generic[_Out_co]):
    """Some work that goes on in a thread of its own, which begins at once.

    Args:
        work: What is done. What it would change must not matter when it is given up.
    """

    # A pool of Python's would do the same; to import it takes as long as an answer from a server nearby.
    def __init__(self, work: Callable[[], _Out_co]) -> None:
        self._work = work
        self._given: list[_Out_co] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="stook-ahead", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._given.append(self._work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is wanted
            self._error = error

    def result(self, seconds: float | None = None) -> _Out_co:
        """Wait until the work is done, so many seconds at the most, and return what it gave. Raises what it raised.

        Raises:
            TimeoutError: It is not done by then; it goes on.
        """
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._given[0]

    def close(self) -> None:
        """Give it up, once it had a moment to end by itself: no process ends well in the midst of an answer."""
        self._thread.join(_LAST_SECONDS)
