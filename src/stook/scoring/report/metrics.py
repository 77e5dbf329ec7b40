"""The report's facts as plain data: what `metrics.json` holds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from stook.scoring.evaluation.average import average
from stook.scoring.evaluation.model import Evaluation, MethodScores
from stook.scoring.report.model import Report

__all__ = ["METRICS_VERSION", "to_metrics"]

METRICS_VERSION = 1


def to_metrics(report: Report) -> dict[str, object]:
    """Return the facts of a report as plain JSON values, by stable keys.

    Keys are only ever added within a version. Days and times are ISO 8601, amounts in the currency of the data,
    shares in 0..1. What is undefined, missing or infinite is null; NaN is never written. No customer is named.

    - `version`: 1. `title`, `currency`: as shown.
    - `verdict`: `level` (good, fair, poor), `sentence`, `reasons` (`level`, `gist`, `text`).
    - `outlook`: `as_of`, `horizon_days`, `customers`, `expected_total`, `expected_buyers`, `previous_total`,
      `previous_buyers`, `reference`, `bins` (`low`, `high`, `customers`, `total`, `reference`).
    - `average`: scores by name of method, plain means over the closed periods.
    - `evaluations`, newest first: `origin`, `horizon_days`, `customers`, `zero_share`, `actual_total`, `methods`
      (scores by name, the model first), `deciles` (`rank`, `customers`, `predicted`, `actual`).
    - `quality`: `source`, `rows_read`, `rows_accepted`, `rejected` (`reason`, `rows`), `columns` (`role`, `column`,
      `guessed`), `first`, `last`, `customers`, `notes`.
    - `provenance`: `created`, `stook_version`, `engine`, `bundles` (`role`, `name`, `id`, `digest`),
      `code_commit`, `code_dirty`, `parameters`.
    - `limits`: what not to conclude, and what was second best here, a sentence each.

    Scores are `label`, `point`, `rmse`, `mae`, `bias_of_sum`, `gini` and `quantiles` (`quantile`, `pinball`,
    `coverage`, `below`, `coverage_active`); `evaluation.model` says what each means.
    """
    newest_first = sorted(report.evaluations, key=lambda evaluation: evaluation.origin, reverse=True)
    facts = {
        "version": METRICS_VERSION,
        "title": report.title,
        "currency": report.currency,
        "verdict": report.verdict,
        "outlook": report.outlook,
        "average": _by_name(average(newest_first)),
        "evaluations": [_evaluation(evaluation) for evaluation in newest_first],
        "quality": report.quality,
        "provenance": report.provenance,
        "limits": report.limits,
    }
    return {key: _without_nan(item) for key, item in msgspec.to_builtins(facts).items()}


def _evaluation(evaluation: Evaluation) -> dict[str, object]:
    return {
        "origin": evaluation.origin,
        "horizon_days": evaluation.horizon_days,
        "customers": evaluation.customers,
        "zero_share": evaluation.zero_share,
        "actual_total": evaluation.actual_total,
        "methods": _by_name(evaluation.methods),
        "deciles": evaluation.deciles,
    }


def _by_name(methods: Sequence[MethodScores]) -> dict[str, object]:
    return {
        method.name: {"label": method.label, "point": method.point, **msgspec.to_builtins(method.scores)}
        for method in methods
    }


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
