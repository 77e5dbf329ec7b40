"""What is asked before the answer is needed."""

from __future__ import annotations

import threading

import pytest

from stook.errors import StorageError
from stook.storage.ahead import Ahead


def test_the_work_goes_on_while_something_else_is_done() -> None:
    """It has begun before anybody waits for it, and gives what it gives each time that it is asked for it."""
    begun, may_end = threading.Event(), threading.Event()

    def work() -> int:
        begun.set()
        assert may_end.wait(60)
        return 7

    ahead = Ahead(work)
    assert begun.wait(60)
    may_end.set()
    assert (ahead.result(), ahead.result()) == (7, 7)


def test_what_goes_wrong_is_raised_where_the_answer_is_wanted() -> None:
    """And not where it is given up."""

    def work() -> int:
        raise StorageError("the server is away", kind="unreachable")

    ahead = Ahead(work)
    ahead.close()
    with pytest.raises(StorageError, match="away"):
        ahead.result()
