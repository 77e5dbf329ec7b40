"""The report as one page of HTML that needs nothing else: no script, no font, no request."""

from __future__ import annotations

from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from stook.scoring.report import accuracy, charts, customers, formats, sources
from stook.scoring.report.model import Report

__all__ = ["render"]


def render(report: Report) -> str:
    """Return the page; equal reports give equal bytes.

    Everything that came from data is escaped, cleaned of what a page cannot show, and cut where it is too long.
    The size depends on the periods, bins and rows shown, never on the number of customers.
    """
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            symbol=report.currency,
            accuracy=accuracy,
            customers=customers,
            sources=sources,
            newest=report.newest,
            implied=implied_range(report),
            charts=_pictures(report),
            quantiles=_quantiles(report),
        )
    )


def implied_range(report: Report) -> tuple[float, float] | None:
    """Return between which totals the actual one falls if the misses of the closed periods repeat.

    A total that was predicted with bias b was in truth predicted / (1 + b). None where no period tells.
    """
    biases = [evaluation.model.scores.bias_of_sum for evaluation in report.evaluations]
    known = [bias for bias in biases if bias is not None and bias > -1]
    if not known:
        return None
    total = report.outlook.expected_total
    low, high = sorted((total / (1 + max(known)), total / (1 + min(known))))
    return low, high


def _pictures(report: Report) -> dict[str, Markup]:
    newest = report.newest
    pictures = dict.fromkeys(("deciles", "distribution", "periods"), Markup())
    if newest is not None and newest.deciles:
        pictures["deciles"] = charts.responsive(partial(charts.decile_chart, newest.deciles, report.currency))
    if report.outlook.bins:
        drawn = partial(charts.distribution_chart, report.outlook.bins, report.currency)
        pictures["distribution"] = charts.responsive(drawn)
    if any(evaluation.model.scores.bias_of_sum is not None for evaluation in report.evaluations):
        pictures["periods"] = charts.responsive(partial(charts.period_chart, report.evaluations))
    return pictures


def _quantiles(report: Report) -> list[float]:
    return [score.quantile for score in report.newest.model.scores.quantiles] if report.newest else []


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("stook.scoring.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    named = ("amount", "compact", "count", "day", "moment", "percent", "short", "signed_percent")
    environment.filters.update({name: getattr(formats, name) for name in named})
    return environment


def _clean(value: object) -> object:
    """Clean whatever a template prints, so that no template can forget to."""
    return formats.short(value, 1000) if isinstance(value, str) and not isinstance(value, Markup) else value
