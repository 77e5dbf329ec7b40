"""Scores of several closed periods as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean

from stook.scoring.evaluation.model import Evaluation, MethodScores, QuantileScore, Scores

__all__ = ["average"]


def average(evaluations: Sequence[Evaluation]) -> tuple[MethodScores, ...]:
    """Return each method's plain mean over the periods: the model first, then the baselines.

    Every period counts the same, whatever its number of customers. A baseline that is missing from a period is left
    out, so that all means are over the same periods; likewise a quantile. A measure that a period does not define
    (no Gini where nobody bought) is left out for all methods alike, since that depends on the actual values only.
    """
    if not evaluations:
        return ()
    by_name = [{method.name: method for method in evaluation.methods} for evaluation in evaluations]
    return tuple(
        replace(method, scores=_mean_scores([methods[method.name].scores for methods in by_name]))
        for method in evaluations[0].methods
        if all(method.name in methods for methods in by_name)
    )


def _mean_scores(scores: Sequence[Scores]) -> Scores:
    return Scores(
        rmse=fmean(score.rmse for score in scores),
        mae=fmean(score.mae for score in scores),
        bias_of_sum=_mean(score.bias_of_sum for score in scores),
        gini=_mean(score.gini for score in scores),
        quantiles=tuple(
            _mean_quantile(found)
            for first in scores[0].quantiles
            if len(found := [q for score in scores if (q := score.find_quantile(first.quantile))])
            == len(scores)
        ),
    )


def _mean_quantile(scores: Sequence[QuantileScore]) -> QuantileScore:
    return QuantileScore(
        quantile=scores[0].quantile,
        pinball=fmean(score.pinball for score in scores),
        coverage=fmean(score.coverage for score in scores),
        below=fmean(score.below for score in scores),
        coverage_active=_mean(score.coverage_active for score in scores),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
