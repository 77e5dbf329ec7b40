"""Numbers and foreign text as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stook.scoring.report import formats


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_234_567, "£1.23M"),
        (999_999, "£1M"),
        (45_600, "£45.6k"),
        (999.6, "£1k"),
        (152, "£152"),
        (0.5, "£0.5"),
        (-20_000, "−£20k"),
        (0, "£0"),
        (-0.0001, "£0"),
        (None, "–"),
        (3e12, "£3T"),
    ],
)
def test_compact(value: float | None, expected: str) -> None:
    """Large amounts read in three figures, the sign before the currency."""
    assert formats.compact(value, "£") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1234.56, "£1,235"), (9.99, "£9.99"), (9.999, "£10"), (0, "£0"), (-1.5, "−£1.50"), (None, "–")],
)
def test_amount(value: float | None, expected: str) -> None:
    """Amounts read in full, with pennies only where they matter."""
    assert formats.amount(value, "£") == expected


def test_shares() -> None:
    """Shares read as percentages; changes carry their sign, zero none."""
    assert formats.percent(0.1234) == "12.3%"
    assert formats.signed_percent(0.05, 0) == "+5%"
    assert formats.signed_percent(-0.276) == "−27.6%"
    assert formats.signed_percent(0.0) == "0.0%"
    assert formats.percent(None) == formats.signed_percent(None) == "–"


def test_times() -> None:
    """Days are written out; a time names its zone only where it has one."""
    assert formats.day(date(2011, 10, 1)) == "1 October 2011"
    assert formats.moment(datetime(2026, 1, 2, 3, 4, tzinfo=UTC)) == "03:04 UTC, 2 January 2026"
    assert formats.moment(datetime(2026, 1, 2, 3, 4)) == "03:04, 2 January 2026"


def test_long_text_is_cut_in_the_middle() -> None:
    """Beginning and end of a long id stay, and the whole is of the length asked for."""
    text = formats.short("abc" + "x" * 1000 + "xyz", 30)
    assert text.startswith("abc")
    assert text.endswith("xyz")
    assert len(text) == 30


@given(st.text(st.characters(), max_size=50))
def test_any_text_is_made_printable(text: str) -> None:
    """Whatever an id holds, half characters and controls included, it can be encoded and shown."""
    shown = formats.short(text)
    assert shown.encode().decode() == shown
    assert not set(shown) & {"\x00", "\x1b", "\u202e", "\u2066", "\x85"}
