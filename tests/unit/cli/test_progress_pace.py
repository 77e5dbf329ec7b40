"""How far a transfer is, between the moments in which that is known."""

from __future__ import annotations

from stook.cli.progress import Pace
from stook.store.remotes.report import Progress

MB = 1_000_000


def test_it_moves_on_at_the_rate_so_far() -> None:
    """Between two packs the bytes go on at the mean rate, and rate and time left stay as steady as the line is."""
    pace = Pace(0.0)
    pace.saw(Progress("send", 0, 100 * MB, 40 * MB), 0.0)
    assert (pace.done(5.0), pace.total, pace.rate()) == (0, None, 0.0)
    pace.saw(Progress("send", 20 * MB, 100 * MB, 40 * MB), 10.0)
    assert (pace.done(10.0), pace.rate()) == (20 * MB, 2 * MB)
    assert pace.done(15.0) == 30 * MB
    assert "1.9 MiB/s" in pace.text(15.0)
    assert "35" in pace.text(15.0)


def test_it_is_never_further_than_it_can_be() -> None:
    """On a line that got stuck it stops before what is on its way would be over, and so below the whole."""
    pace = Pace(0.0)
    pace.saw(Progress("receive", 60 * MB, 100 * MB, 40 * MB), 10.0)
    assert 90 * MB < pace.done(10_000.0) < 100 * MB
    pace.saw(Progress("receive", 100 * MB, 100 * MB), 10_001.0)
    assert pace.done(20_000.0) == 100 * MB


def test_it_never_goes_back() -> None:
    """Where a pack takes longer than was thought, what was shown stays until it is so."""
    pace = Pace(0.0)
    pace.saw(Progress("send", 20 * MB, 100 * MB, 80 * MB), 5.0)
    assert pace.done(15.0) == 60 * MB
    pace.saw(Progress("send", 30 * MB, 100 * MB, 70 * MB), 15.0)
    assert pace.done(15.0) == 60 * MB


def test_what_is_told_without_news_changes_no_rate() -> None:
    """Only bytes that are over count: that others set out says nothing about the line."""
    pace = Pace(0.0)
    pace.saw(Progress("send", 20 * MB, 100 * MB, 20 * MB), 10.0)
    pace.saw(Progress("send", 20 * MB, 100 * MB, 60 * MB), 14.0)
    assert (pace.rate(), pace.done(20.0)) == (2 * MB, 40 * MB)
