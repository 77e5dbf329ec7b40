"""Shapes, scales and round ticks."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stook.scoring.report.svg import Scale, circle, drawing, nice_ticks, text

VALUES = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 100, [0, 50, 100]),
        (0, 0.23, [0, 0.1, 0.2, 0.3]),
        (-0.28, 0.11, [-0.3, -0.2, -0.1, 0, 0.1, 0.2]),
        (0, 0, [0, 0.5]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    """Ticks are 1, 2 or 5 times a power of ten apart."""
    assert nice_ticks(low, high) == pytest.approx(ticks)


@given(VALUES, VALUES)
@example(0.0, 5e-324)
def test_ticks_enclose_and_are_few(one: float, other: float) -> None:
    """Any range lies within its ticks, of which there are two to seven."""
    low, high = min(one, other), max(one, other)
    if high - low < 1e-6 * max(abs(low), abs(high)):
        low = min(0.0, high)
    ticks = nice_ticks(low, high)
    slack = 1e-6 * max(abs(low), abs(high), 1e-300)
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack
    assert 2 <= len(ticks) <= 7


def test_scale_is_a_straight_line() -> None:
    """The ends fall on the ends, the middle on the middle; a scale may run downwards."""
    scale = Scale(0, 10, 200, 100)
    assert [scale(0), scale(5), scale(10)] == [200, 150, 100]


def test_drawing_is_named_for_those_who_cannot_see_it() -> None:
    """A drawing is an image with a title and a description, both escaped."""
    image = ET.fromstring(  # noqa: S314 -- our own text
        str(drawing((10, 20), [text((0, 5.26), "<a&b>", "tick")], name="x", title="A < B", about="all"))
    )
    assert image.attrib["role"] == "img"
    assert image.attrib["aria-labelledby"] == "x-title x-desc"
    assert [child.text for child in image] == ["A < B", "all", "<a&b>"]
    assert image[2].attrib["y"] == "5.3"


def test_numbers_are_short_and_never_minus_zero() -> None:
    """Positions have one decimal at most, so that a page stays small and the same on every machine."""
    assert 'cx="-0.0"' not in str(circle((-0.01, 1 / 3), 2, "mean"))
    assert str(circle((-0.01, 1 / 3), 2, "mean")) == '<circle cx="0" cy="0.3" r="2" class="mean"/>'
