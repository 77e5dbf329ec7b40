"""Work in the background: all at once that has come meanwhile, and after a failure once more at the end."""

from __future__ import annotations

import threading

import pytest

from stook.app.lane import Lane
from stook.errors import StookError, StorageError

_SOON = 30


def test_what_comes_meanwhile_is_done_at_once() -> None:
    """While something is under way the rest gathers, and is done together."""
    began, go_on = threading.Event(), threading.Event()
    calls: list[list[str]] = []

    def work(some: list[str]) -> None:
        calls.append(some)
        began.set()
        go_on.wait(_SOON)

    lane = Lane(work, _refuse, gather=0.0)
    lane.put("a")
    assert began.wait(_SOON)
    lane.put("b")
    lane.put("c")
    go_on.set()
    lane.end()
    assert calls == [["a"], ["b", "c"]]
    assert lane.left == ()


def test_a_failure_is_told_once_and_tried_again_at_the_end() -> None:
    """What failed is kept with what comes later, and is not tried again before the end, where all is done at once."""
    failed = threading.Event()
    calls: list[list[str]] = []

    def work(some: list[str]) -> None:
        calls.append(some)
        if len(calls) == 1:
            raise StorageError("no network")

    lane = Lane(work, lambda _: failed.set(), gather=0.0)
    lane.put("a")
    assert failed.wait(_SOON)
    lane.put("b")
    assert lane.left == ("a", "b")
    lane.end()
    assert calls == [["a"], ["a", "b"]]
    assert lane.failure is None
    assert lane.left == ()


def test_what_fails_to_the_end_is_left() -> None:
    """Where it fails at the end too, it is told once, and what is not done is known."""
    failed = threading.Event()
    told: list[str] = []

    def work(_some: list[str]) -> None:
        raise StorageError("no network")

    def fail(error: StookError) -> None:
        told.append(error.message)
        failed.set()

    lane = Lane(work, fail, gather=0.0)
    lane.put("a")
    assert failed.wait(_SOON)
    lane.put("b")
    lane.end()
    assert told == ["no network"]
    assert lane.failure is not None
    assert lane.left == ("a", "b")


def test_stopping_begins_nothing() -> None:
    """Who stops waits for nothing that has not begun."""
    calls: list[list[str]] = []
    lane = Lane(calls.append, _refuse, gather=3600.0)
    lane.put("a")
    lane.stop()
    assert not calls
    assert lane.left == ("a",)


def _refuse(error: StookError) -> None:
    raise error


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_nobody_expected_is_told_too() -> None:
    """A mistake of ours, or of a library, ends the thread, and what it left undone is known."""
    told: list[StookError] = []

    def work(_some: list[str]) -> None:
        raise ValueError("odd")

    lane = Lane(work, told.append, gather=0)
    lane.put("a")
    lane.end()
    assert [error.kind for error in told] == ["broken-off"]
    assert (lane.left, lane.failure is not None) == (("a",), True)
