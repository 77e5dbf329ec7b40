"""Ids grow, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stook.errors import IntegrityError
from stook.model.clock import Clock, id_millis, is_id

_LAST = "76EZ91ZPZZ" + "Z" * 16


def test_ids_grow_while_the_clock_goes_back() -> None:
    """A clock that is set back by hours still makes greater ids, near the greatest that it knows."""
    times = iter([1000.0, 999.0, 10.0, 1000.0, 1001.0])
    clock = Clock(now=lambda: next(times))
    ids = [clock.new_id() for _ in range(5)]
    assert ids == sorted(set(ids))
    assert id_millis(ids[2]) == 1_000_000
    assert all(is_id(text) for text in ids)


def test_clocks_behind_one_id_make_different_ids() -> None:
    """Two machines whose clocks are behind the newest id do not both make its successor."""
    newest = Clock(now=lambda: 9e9).new_id()
    late = [Clock(now=lambda: 1.0) for _ in range(2)]
    for clock in late:
        clock.observe(newest)
    made = [clock.new_id() for clock in late]
    assert made[0] != made[1]
    assert min(made) > newest


def test_a_copy_knows_what_the_clock_knew() -> None:
    """The clock of a forked process goes on from its parent's."""
    clock = Clock(now=lambda: 5.0)
    seen = Clock(now=lambda: 7.0).new_id()
    clock.observe(seen)
    assert clock.copy().new_id() > seen


def test_an_id_at_the_end_of_time_is_refused_in_words() -> None:
    """A hostile greatest id gives an error that says so, not an overflow."""
    clock = Clock()
    clock.observe(_LAST)
    with pytest.raises(IntegrityError, match="year 9999"):
        clock.new_id()


def test_the_last_id_is_of_the_year_9999() -> None:
    """What would be later is no id: nothing that is made could follow it."""
    end = datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)
    assert is_id(_LAST)
    assert id_millis(_LAST) == (end - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert not is_id("76EZ91ZQ" + "0" * 18)
    assert not is_id("7" + "Z" * 25)


@pytest.mark.parametrize("text", ["", "8" + "0" * 25, "0" * 25, "0" * 25 + "U", "0" * 25 + "a", "0" * 27])
def test_what_is_no_id(text: str) -> None:
    """An id is 26 upper-case Crockford letters of at most 128 bits."""
    assert not is_id(text)
