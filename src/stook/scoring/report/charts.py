"""The report's pictures. Each comes in two widths, since the text of a shrunken picture cannot be read on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stook.scoring.evaluation.model import Bin, Decile, Evaluation
from stook.scoring.report.formats import compact, count, day, percent, signed_percent
from stook.scoring.report.model import TopCustomer
from stook.scoring.report.svg import Scale, circle, drawing, line, nice_ticks, rectangle, text
from stook.scoring.report.table import MOST_ROWS

__all__ = [
    "Size",
    "decile_chart",
    "distribution_chart",
    "interval_bar",
    "period_chart",
    "responsive",
    "top_scale",
]


@dataclass(frozen=True)
class Size:
    """How wide a picture is, and the name of that width in the style sheet."""

    name: str
    width: int


_SIZES = (Size("wide", 800), Size("narrow", 358))
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 6, 14, 40
_BAR_LENGTH, _BAR_HEIGHT, _BAR_EDGE = 190, 16, 5


def responsive(draw: Callable[[Size], Markup]) -> Markup:
    """Return the picture at every size; the style sheet shows the one that fits."""
    return Markup().join(Markup('<div class="{}">{}</div>').format(size.name, draw(size)) for size in _SIZES)


def decile_chart(deciles: Sequence[Decile], symbol: str, size: Size) -> Markup:
    """Draw pairs of columns: predicted and actual sums of each decile."""
    height = 280
    sums = [amount for decile in deciles for amount in (decile.predicted, decile.actual)]
    ticks = _ticks(sums)
    scale = _vertical(ticks, height)
    slot = (size.width - _LEFT - _RIGHT) / len(deciles)
    shapes = [*_axis(scale, ticks, size, label=lambda value: compact(value, symbol))]
    bar = slot * 0.36
    for index, decile in enumerate(deciles):
        middle = _LEFT + slot * (index + 0.5)
        shapes.append(_column(scale, decile.predicted, (middle - bar - 0.5, bar), "predicted"))
        shapes.append(_column(scale, decile.actual, (middle + 0.5, bar), "actual"))
        shapes.append(text((middle, height - 22), str(decile.rank), "tick middle"))
    shapes.append(text((size.width / 2, height - 4), "group by prediction, 1 = highest", "label middle"))
    first = deciles[0]
    about = (
        f"Group 1, the highest: predicted {compact(first.predicted, symbol)}, "
        f"actual {compact(first.actual, symbol)}. All values are in the table below."
    )
    title = "Predicted and actual spend by decile of prediction"
    return drawing((size.width, height), shapes, name=f"deciles-{size.name}", title=title, about=about)


def distribution_chart(bins: Sequence[Bin], symbol: str, size: Size) -> Markup:
    """Draw a column for each bin of predictions, with a mark at the reference's share of customers."""
    height = 260
    shares = _shares([entry.customers for entry in bins])
    marks = _shares([entry.reference or 0 for entry in bins])
    ticks = _ticks([*shares, *marks])
    scale = _vertical(ticks, height)
    slot = (size.width - _LEFT - _RIGHT) / len(bins)
    shapes = [*_axis(scale, ticks, size, label=lambda share: percent(share, 0))]
    for index, (entry, share, mark) in enumerate(zip(bins, shares, marks, strict=True)):
        left = _LEFT + slot * index
        shapes.append(_column(scale, share, (left + 1, slot - 2), "predicted"))
        if entry.reference is not None:
            across = (left + 1, scale(mark), left + slot - 1, scale(mark))
            shapes += [line(across, "halo"), line(across, "reference")]
        if entry.high is not None and (slot > 30 or index % 2):
            shapes.append(text((left + slot, height - 22), compact(entry.high), "tick middle"))
    if slot > 45:
        shapes.append(text((_LEFT + slot * 0.4, height - 22), "less", "tick middle"))
        shapes.append(text((size.width - _RIGHT - slot * 0.4, height - 22), "more", "tick middle"))
    unit = f" ({symbol})" if symbol else ""
    shapes.append(text((size.width / 2, height - 4), f"predicted spend of a customer{unit}", "label middle"))
    fullest = max(bins, key=lambda entry: entry.customers)
    about = f"Most customers, {count(fullest.customers)}, are predicted {_between(fullest, symbol)}."
    title = "Customers by predicted spend"
    return drawing((size.width, height), shapes, name=f"distribution-{size.name}", title=title, about=about)


def period_chart(evaluations: Sequence[Evaluation], size: Size) -> Markup:
    """Draw how far the predicted total was off in each closed period, newest first."""
    periods = sorted(evaluations, key=lambda evaluation: evaluation.origin, reverse=True)[:MOST_ROWS]
    found = [(e.origin, e.model.scores.bias_of_sum) for e in periods]
    known = [(origin, bias) for origin, bias in found if bias is not None]
    ticks = _ticks([0.0, *(bias for _, bias in known)])
    digits = 0 if ticks[1] - ticks[0] > 0.009 else 1
    left, row, bottom = 92, 26, 20
    height = len(known) * row + bottom + 8
    scale = Scale(ticks[0], ticks[-1], left + 22, size.width - 26)
    shapes = [
        line((scale(tick), 4, scale(tick), height - bottom), "grid" if tick else "zero") for tick in ticks
    ]
    shapes += [
        text((scale(t), height - 4), signed_percent(t, digits) if t else "0", "tick middle") for t in ticks
    ]
    for index, (origin, bias) in enumerate(known):
        y = index * row + row / 2 + 4
        shapes.append(text((0, y + 4), f"{origin:%Y-%m-%d}", "tick"))
        shapes.append(line((scale(0), y, scale(bias), y), "stem"))
        shapes.append(circle((scale(bias), y), 5, "predicted"))
    about = "; ".join(f"{day(origin)} {signed_percent(bias)}" for origin, bias in known)
    title = "Error of the predicted total by closed period"
    return drawing((size.width, height), shapes, name=f"periods-{size.name}", title=title, about=about)


def top_scale(customers: Sequence[TopCustomer]) -> Scale:
    """Return the common scale of the range bars of these customers."""
    high = max(max(customer.high, customer.expected, customer.previous) for customer in customers)
    low = min(0.0, *(customer.low for customer in customers))
    ticks = nice_ticks(low, high, 6)
    return Scale(ticks[0], max(ticks[-1], high), _BAR_EDGE, _BAR_LENGTH - _BAR_EDGE)


def interval_bar(customer: TopCustomer, scale: Scale, symbol: str, *, name: str) -> Markup:
    """Draw one customer: a bar from low to high, a tick at the median, a dot at the mean, a ring at the last period."""
    middle = _BAR_HEIGHT / 2
    low, high = scale(customer.low), scale(customer.high)
    shapes = [
        line((scale(scale.low), middle, scale(scale.high), middle), "track"),
        rectangle((low, middle - 3.5, max(high - low, 1), 7), "range"),
        line((scale(customer.median), middle - 6, scale(customer.median), middle + 6), "median"),
        circle((scale(customer.previous), middle), 3.5, "previous"),
        circle((scale(customer.expected), middle), 4, "mean"),
    ]
    about = (
        f"from {compact(customer.low, symbol)} over a median of {compact(customer.median, symbol)} "
        f"to {compact(customer.high, symbol)}, mean {compact(customer.expected, symbol)}"
    )
    return drawing(
        (_BAR_LENGTH, _BAR_HEIGHT), shapes, name=name, title="Range of the prediction", about=about
    )


def _ticks(values: Sequence[float]) -> list[float]:
    return nice_ticks(min(0.0, *values), max(0.0, *values))


def _vertical(ticks: Sequence[float], height: int) -> Scale:
    return Scale(ticks[0], ticks[-1], height - _BOTTOM, _TOP)


def _axis(
    scale: Scale, ticks: Sequence[float], size: Size, *, label: Callable[[float], str]
) -> Iterator[Markup]:
    for tick in ticks:
        y = scale(tick)
        yield line((_LEFT, y, size.width - _RIGHT, y), "grid" if tick else "zero")
        yield text((_LEFT - 8, y + 4), label(tick), "tick end")


def _column(scale: Scale, value: float, place: tuple[float, float], style: str) -> Markup:
    left, width = place
    top, bottom = sorted((scale(value), scale(0)))
    return rectangle((left, top, width, bottom - top), style)


def _shares(counts: Sequence[int]) -> list[float]:
    whole = sum(counts)
    return [number / whole if whole else 0.0 for number in counts]


def _between(entry: Bin, symbol: str) -> str:
    if entry.low is None:
        return f"under {compact(entry.high, symbol)}"
    if entry.high is None:
        return f"{compact(entry.low, symbol)} or more"
    return f"{compact(entry.low, symbol)} to {compact(entry.high, symbol)}"
