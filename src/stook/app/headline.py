"""The few numbers of a `metrics.json` that a person wants first."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["headline"]

_NUMBER = (int, float)


def headline(metrics: Mapping[str, object]) -> tuple[str, ...]:
    """Return short lines about predictions; those whose facts the metrics lack are left out.

    Args:
        metrics: Content of a `metrics.json`, as `stook.scoring.report.to_metrics` makes it.
    """
    lines = [
        _verdict(_table(metrics, "verdict")),
        _outlook(_table(metrics, "outlook")),
        _rows(_table(metrics, "quality")),
    ]
    scores = _table(metrics, "average")
    lines += [_scores(str(name), score) for name, score in scores.items() if isinstance(score, Mapping)]
    limits = metrics.get("limits")
    lines += [f"note: {limit}" for limit in limits] if isinstance(limits, list) else []
    return tuple(line for line in lines if line)


def _table(metrics: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = metrics.get(key)
    return found if isinstance(found, Mapping) else {}


def _verdict(verdict: Mapping[str, object]) -> str:
    return (
        f"verdict: {verdict['level']}. {verdict['sentence']}"
        if {"level", "sentence"} <= verdict.keys()
        else ""
    )


def _outlook(outlook: Mapping[str, object]) -> str:
    total, customers, days = (outlook.get(key) for key in ("expected_total", "customers", "horizon_days"))
    if not (isinstance(total, _NUMBER) and isinstance(customers, _NUMBER)):
        return ""
    return f"expected spend: {total:,.0f} by {customers:,} customers over the next {days} days"


def _rows(quality: Mapping[str, object]) -> str:
    read, accepted = quality.get("rows_read"), quality.get("rows_accepted")
    if not (isinstance(read, int) and isinstance(accepted, int)):
        return ""
    return f"rows: {accepted:,} of {read:,} used; stook cat rejected shows the others"


def _scores(name: str, score: Mapping[str, object]) -> str:
    rmse, gini = score.get("rmse"), score.get("gini")
    if not (isinstance(rmse, _NUMBER) and isinstance(gini, _NUMBER)):
        return ""
    return f"{score.get('label', name)}: RMSE {rmse:,.0f}, Gini {gini:.3f}"
