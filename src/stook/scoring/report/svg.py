"""A few shapes of SVG, as text. Colours and fonts come from the page's style sheet, by class."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

__all__ = ["Scale", "circle", "drawing", "line", "nice_ticks", "rectangle", "text"]


@dataclass(frozen=True)
class Scale:
    """A straight line from values to pixels: `low` falls on `start`, `high` on `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of `value`."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def nice_ticks(low: float, high: float, steps: int = 4) -> list[float]:
    """Return round values, 1, 2 or 5 times a power of ten apart, that enclose `low` and `high`.

    About `steps` intervals (Heckbert, "Nice numbers for graph labels", Graphics Gems, 1990), at least one.
    """
    span = (high - low) or abs(high) or 1.0
    rough = max(span / steps, sys.float_info.min)  # below that floats have few digits, and at last none
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [index * step for index in range(first, max(last, first + 1) + 1)]


def drawing(
    size: tuple[float, float], children: Iterable[Markup], *, name: str, title: str, about: str
) -> Markup:
    """Return a whole image with a title and a description for those who cannot see it.

    Args:
        size: Width and height in pixels; it shrinks with the page, never grows.
        children: What is drawn.
        name: Unique in the page; ids are made from it.
        title: What it is.
        about: What it shows, with the main figures.
    """
    width, height = (_number(side) for side in size)
    head = Markup('<title id="{0}-title">{1}</title><desc id="{0}-desc">{2}</desc>').format(
        name, title, about
    )
    return Markup(
        '<svg role="img" viewBox="0 0 {0} {1}" width="{0}" height="{1}" '
        'aria-labelledby="{2}-title {2}-desc">{3}{4}</svg>'
    ).format(width, height, name, head, Markup().join(children))


def rectangle(box: Sequence[float], style: str) -> Markup:
    """Return a rectangle; `box` is x, y, width, height."""
    return _tag("rect", dict(zip(("x", "y", "width", "height"), box, strict=True)), style)


def line(points: Sequence[float], style: str) -> Markup:
    """Return a straight line; `points` is x1, y1, x2, y2."""
    return _tag("line", dict(zip(("x1", "y1", "x2", "y2"), points, strict=True)), style)


def circle(centre: tuple[float, float], radius: float, style: str) -> Markup:
    """Return a circle."""
    return _tag("circle", {"cx": centre[0], "cy": centre[1], "r": radius}, style)


def text(at: tuple[float, float], content: str, style: str) -> Markup:
    """Return a line of text; the class decides what of it stands at the point: its start, middle or end."""
    template = Markup('<text x="{}" y="{}" class="{}">{}</text>')
    return template.format(_number(at[0]), _number(at[1]), style, content)


def _tag(name: str, numbers: Mapping[str, float], style: str) -> Markup:
    attributes = " ".join(f'{key}="{_number(value)}"' for key, value in numbers.items())
    return Markup(f'<{name} {attributes} class="{escape(style)}"/>')  # noqa: S704 -- names are ours, the class is escaped


def _number(value: float) -> str:
    return f"{round(value, 1) + 0.0:g}"
