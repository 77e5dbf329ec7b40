"""One closed period, several of them, and their way to plain data and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from stook.scoring.evaluation import Evaluation, Forecast, average, evaluate

MODEL = Forecast("model", "Model", [1.0, 4.0], {0.5: [0.0, 3.0], 0.9: [2.0, 9.0]})
BASELINE = Forecast("last_period", "Last period", [3.0, 0.0])


def one(actual: list[float], origin: date = date(2024, 1, 1)) -> Evaluation:
    """Evaluate the model against the baseline."""
    return evaluate(actual, MODEL, [BASELINE], origin=origin, horizon_days=30)


def test_evaluation_states_the_period() -> None:
    """Customers, total and share without spend are those of the actual values."""
    evaluation = one([5.0, 2.0])
    assert (evaluation.customers, evaluation.actual_total, evaluation.zero_share) == (2, 7.0, 0.0)
    assert [group.actual for group in evaluation.deciles] == [2.0, 5.0]
    assert one([0.0, 5.0]).zero_share == 0.5


def test_single_numbers_stand_in_for_quantiles() -> None:
    """A baseline without quantiles is held against the model's levels with its one number, and says so."""
    evaluation = one([0.0, 5.0])
    baseline = evaluation.baselines[0]
    assert baseline.point
    assert not evaluation.model.point
    assert [found.quantile for found in baseline.scores.quantiles] == [0.5, 0.9]
    assert baseline.scores.quantiles[1].pinball == pytest.approx((0.1 * 3 + 0.9 * 5) / 2)


def test_average_counts_each_period_alike() -> None:
    """Means over two periods are plain, measure by measure and quantile by quantile."""
    first, second = one([0.0, 5.0]), one([1.0, 1.0])
    model = average([first, second])[0].scores
    assert model.rmse == pytest.approx((first.model.scores.rmse + second.model.scores.rmse) / 2)
    assert model.bias_of_sum == pytest.approx((0.0 + 1.5) / 2)
    expected = (first.model.scores.quantiles[1].pinball + second.model.scores.quantiles[1].pinball) / 2
    assert model.quantiles[1].pinball == pytest.approx(expected)


def test_average_leaves_out_what_a_period_does_not_define() -> None:
    """A period where all spent the same has no Gini: the mean is over the others."""
    first, second = one([0.0, 5.0]), one([1.0, 1.0])
    assert second.model.scores.gini is None
    assert average([first, second])[0].scores.gini == first.model.scores.gini


def test_average_leaves_out_a_baseline_missing_from_a_period() -> None:
    """All means are over the same periods, so a method that skipped one has none."""
    first = one([0.0, 5.0])
    assert [method.name for method in average([first, replace(first, baselines=())])] == ["model"]
    assert average([]) == ()


def test_evaluations_survive_plain_data() -> None:
    """An evaluation goes to plain data, as a bundle keeps it, and comes back equal."""
    evaluation = one([0.0, 5.0])
    assert msgspec.convert(msgspec.to_builtins(evaluation), Evaluation) == evaluation
