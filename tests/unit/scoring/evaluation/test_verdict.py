"""What follows from which scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from stook.scoring.evaluation import (
    Evaluation,
    MethodScores,
    QuantileScore,
    Scores,
    Thresholds,
    Verdict,
    verdict,
)

GOOD = Scores(
    rmse=100, mae=40, bias_of_sum=0.05, gini=0.78, quantiles=(QuantileScore(0.9, 20, 0.88, 0.88, 0.75),)
)
RIVAL = Scores(rmse=120, mae=45, bias_of_sum=-0.3, gini=0.70)


def periods(model: Scores = GOOD, rival: Scores = RIVAL, count: int = 3) -> list[Evaluation]:
    """Return closed periods that all went alike."""
    return [
        Evaluation(
            origin=date(2011, 1 + index, 1),
            horizon_days=60,
            customers=100,
            zero_share=0.5,
            actual_total=5000,
            model=MethodScores("model", "Model", model),
            baselines=(MethodScores("last_period", "Last period", rival, point=True),),
        )
        for index in range(count)
    ]


def findings(result: Verdict) -> list[str]:
    """Return the levels of the reasons."""
    return [reason.level for reason in result.reasons]


def covering(share: float) -> Scores:
    """Return good scores whose upper limit held for this share."""
    return replace(GOOD, quantiles=(QuantileScore(0.9, 20, share, share, None),))


def test_good_where_everything_holds() -> None:
    """A model that beats the baseline, ranks, covers and sums well is fit to use, and the sentence says why."""
    result = verdict(periods())
    assert result.level == "good"
    assert findings(result) == ["good"] * 5
    assert result.sentence.startswith("Fit to use: the model beats every baseline on error and ranking, ")


def test_no_closed_period_is_poor() -> None:
    """Untested predictions are never called good."""
    result = verdict([])
    assert (result.level, result.sentence) == ("poor", "Untested: treat these numbers as a guess.")


@pytest.mark.parametrize(
    ("rmse", "gini", "level"),
    [(120, 0.70, "good"), (121, 0.78, "fair"), (100, 0.69, "fair"), (121, 0.6, "poor")],
)
def test_baselines_must_not_do_better(rmse: float, gini: float, level: str) -> None:
    """A tie is no loss; to lose on one of error and ranking is fair, on both poor."""
    thresholds = Thresholds(gini=(0.5, 0.4))
    assert verdict(periods(replace(GOOD, rmse=rmse, gini=gini)), thresholds=thresholds).level == level


@pytest.mark.parametrize(
    ("share", "level"), [(0.84, "good"), (0.96, "good"), (0.83, "fair"), (0.97, "fair"), (0.74, "poor")]
)
def test_upper_limit_within_six_points(share: float, level: str) -> None:
    """Coverage of q90 within six points is good, within fifteen fair, whichever side."""
    assert verdict(periods(covering(share))).level == level


def test_short_coverage_says_how_short_and_why() -> None:
    """With less than two years of history a short upper limit is explained by the season; with more it is not."""
    evaluations = [*periods(covering(0.85), count=2), *periods(covering(0.76), count=3)[2:]]
    result = verdict(evaluations, history_days=374)
    assert result.level == "fair"
    assert "the 90% limit holds for only 82% of customers" in result.sentence
    text = result.reasons[2].text
    assert "8.0 points short (tolerance 6 points)" in text
    assert "least in the period from 1 March 2011: 76%" in text
    assert "374 days of history are less than two years" in text
    assert "two years" not in verdict(evaluations, history_days=731).reasons[2].text


@pytest.mark.parametrize(
    ("bias", "level"), [(-0.20, "good"), (0.21, "fair"), (-0.21, "fair"), (0.51, "poor"), (None, "good")]
)
def test_total_within_a_fifth(bias: float | None, level: str) -> None:
    """The bias of the sum is good to 20% and fair to 50%; where it is undefined it is not held against the model."""
    assert verdict(periods(replace(GOOD, bias_of_sum=bias))).level == level


@pytest.mark.parametrize(("gini", "level"), [(0.7, "good"), (0.69, "fair"), (0.49, "poor")])
def test_ranking_thresholds(gini: float, level: str) -> None:
    """Beating a weak baseline does not make a weak ranking good."""
    assert verdict(periods(replace(GOOD, gini=gini), replace(RIVAL, gini=0.1))).level == level


def test_few_periods_are_fair_at_best() -> None:
    """One closed period is too little for a good verdict, however well it went."""
    result = verdict(periods(count=1))
    assert result.level == "fair"
    assert "it was tested on only 1 closed period" in result.sentence


def test_model_without_baselines_and_quantiles_is_judged_on_the_rest() -> None:
    """What was not measured gives no reason."""
    bare = [replace(period, baselines=()) for period in periods(replace(GOOD, quantiles=()))]
    assert findings(verdict(bare)) == ["good", "good", "good"]
