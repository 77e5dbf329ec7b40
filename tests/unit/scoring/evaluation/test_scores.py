"""Measures against values worked out by hand, and what holds for any numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stook.errors import InputError
from stook.scoring.evaluation import QuantileScore, score
from stook.scoring.evaluation.scores import bias_of_sum, coverage, gini, mae, mid_ranks, pinball, rmse

AMOUNTS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False).map(lambda value: round(value, 2))
PAIRS = st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=40)


def split(pairs: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Return actual and predicted values as arrays."""
    return np.array([a for a, _ in pairs]), np.array([p for _, p in pairs])


def test_errors_by_hand() -> None:
    """Errors of 3, -4 and 0 have an RMSE of sqrt(25/3) and an MAE of 7/3; the sums 9 and 10 a bias of -10%."""
    actual, predicted = [0.0, 8.0, 2.0], [3.0, 4.0, 2.0]
    assert rmse(actual, predicted) == pytest.approx(math.sqrt(25 / 3))
    assert mae(actual, predicted) == pytest.approx(7 / 3)
    assert bias_of_sum(actual, predicted) == pytest.approx(-0.1)


def test_bias_is_undefined_without_spend_and_keeps_its_sign_below_zero() -> None:
    """A sum of zero gives no bias; where returns exceed sales, too high a prediction still counts as too high."""
    assert bias_of_sum([0.0, 0.0], [1.0, 2.0]) is None
    assert bias_of_sum([-10.0], [-5.0]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("level", "expected"), [(0.1, (0.1 * 6 + 0.9 * 2) / 2), (0.9, (0.9 * 6 + 0.1 * 2) / 2)]
)
def test_pinball_by_hand(level: float, expected: float) -> None:
    """One prediction 6 too low and one 2 too high weigh level x 6 and (1 - level) x 2."""
    assert pinball([10.0, 0.0], [4.0, 2.0], level) == pytest.approx(expected)


def test_median_pinball_is_half_the_absolute_error() -> None:
    """At level 0.5 the pinball loss is half the MAE."""
    actual, predicted = [1.0, 5.0, 0.0], [2.0, 2.0, 2.0]
    assert pinball(actual, predicted, 0.5) == pytest.approx(mae(actual, predicted) / 2)


@given(st.lists(AMOUNTS, min_size=1, max_size=30), st.sampled_from([0.1, 0.5, 0.9]), AMOUNTS)
def test_true_quantile_minimises_pinball(values: list[float], level: float, other: float) -> None:
    """No constant prediction has a lower pinball loss than the sample's own quantile."""
    best = np.quantile(values, level, method="inverted_cdf")
    count = len(values)
    least = pinball(values, np.full(count, best), level)
    assert least <= pinball(values, np.full(count, other), level) + 1e-6


def test_gini_by_hand() -> None:
    """Spend of 0, 0, 1, 3 in the order 0, 1, 0, 3 has 4/5 of the best concentration."""
    actual, predicted = [0.0, 1.0, 0.0, 3.0], [1.0, 2.0, 3.0, 4.0]
    # ranks minus 2.5: predicted -1.5 -0.5 0.5 1.5 -> 1x-0.5 + 3x1.5 = 4; actual: 1x0.5 + 3x1.5 = 5
    assert gini(actual, predicted) == pytest.approx(4 / 5)


def test_gini_of_the_extremes() -> None:
    """The true order has 1, the reverse -1, equal predictions 0; equal actual values have none."""
    actual = [0.0, 2.0, 5.0, 9.0]
    assert gini(actual, [1.0, 2.0, 3.0, 4.0]) == pytest.approx(1)
    assert gini(actual, [4.0, 3.0, 2.0, 1.0]) == pytest.approx(-1)
    assert gini(actual, [7.0] * 4) == pytest.approx(0)
    assert gini([3.0, 3.0], [1.0, 2.0]) is None


def test_gini_agrees_with_the_area_under_the_concentration_curve() -> None:
    """The covariance form equals the definition by cumulated shares."""
    random = np.random.default_rng(3)
    actual, predicted = random.lognormal(size=500), random.lognormal(size=500)

    def area(order: np.ndarray) -> float:
        shares = np.concatenate([[0], np.cumsum(actual[order]) / actual.sum()])
        return 1 - float(np.sum((shares[1:] + shares[:-1]) / len(actual)))

    expected = area(np.argsort(predicted)) / area(np.argsort(actual))
    assert gini(actual, predicted) == pytest.approx(expected)


@given(PAIRS, st.randoms(use_true_random=False))
def test_order_of_customers_does_not_count(pairs: list[tuple[float, float]], random: object) -> None:
    """Scores are the same whichever way the customers are sorted, ties among predictions included."""
    pairs = [(actual, round(predicted, -5)) for actual, predicted in pairs]
    shuffled = pairs.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = gini(*split(pairs)), gini(*split(shuffled))
    assert (one is None) == (other is None)
    assert one == pytest.approx(other, abs=1e-6)


@given(PAIRS)
def test_gini_lies_between_its_extremes(pairs: list[tuple[float, float]]) -> None:
    """Whatever the numbers, the Gini is none or within -1 and 1."""
    value = gini(*split(pairs))
    assert value is None or -1 - 1e-9 <= value <= 1 + 1e-9


@given(PAIRS)
def test_rmse_is_at_least_mae(pairs: list[tuple[float, float]]) -> None:
    """The root mean square is never below the mean absolute error, and neither is below zero."""
    assert rmse(*split(pairs)) >= mae(*split(pairs)) * (1 - 1e-12) >= 0


def test_mid_ranks_share_ties() -> None:
    """Equal values share the mean of the ranks that they take up."""
    assert mid_ranks([5.0, 1.0, 5.0, 9.0]).tolist() == [2.5, 1.0, 2.5, 4.0]


def test_coverage_counts_values_at_the_limit() -> None:
    """A value that equals its limit is covered."""
    assert coverage([0.0, 2.0, 5.0, 7.0], [0.0, 2.0, 4.0, 9.0]) == 0.75


def test_coverage_given_spend_leaves_out_who_spent_nothing() -> None:
    """Two of three are covered, of the two with spend one; strictly below is one."""
    found = score([0.0, 4.0, 9.0], [1.0, 1.0, 1.0], {0.9: [0.0, 5.0, 5.0]}).quantiles[0]
    assert (found.coverage, found.below, found.coverage_active) == (
        pytest.approx(2 / 3),
        pytest.approx(1 / 3),
        0.5,
    )


def test_coverage_given_spend_is_none_where_nobody_spent() -> None:
    """Without spend there is nothing to cover."""
    assert score([0.0], [0.0], {0.5: [0.0]}).quantiles[0].coverage_active is None


@pytest.mark.parametrize(
    ("coverage_", "below", "gap"),
    [(0.85, 0.85, -0.05), (0.95, 0.93, 0.03), (0.95, 0.4, 0.0), (0.9, 0.9, 0.0)],
)
def test_gap_is_zero_where_ties_enclose_the_level(coverage_: float, below: float, gap: float) -> None:
    """A quantile is off only if its level is outside the shares below it and at or below it."""
    found = QuantileScore(quantile=0.9, pinball=1, coverage=coverage_, below=below, coverage_active=None)
    assert found.gap == pytest.approx(gap)


def test_score_sorts_the_quantiles_and_finds_them() -> None:
    """Quantiles come out ascending; one that was not predicted is not found."""
    scores = score([1.0, 2.0], [1.0, 2.0], {0.9: [2.0, 3.0], 0.1: [0.0, 0.0]})
    assert [found.quantile for found in scores.quantiles] == [0.1, 0.9]
    assert scores.find_quantile(0.9) is scores.quantiles[1]
    assert scores.find_quantile(0.5) is None


@pytest.mark.parametrize(
    ("actual", "predicted"),
    [([], []), ([1.0], [1.0, 2.0]), ([math.nan], [1.0]), ([1.0], [math.inf]), ([[1.0]], [[1.0]])],
)
def test_what_cannot_be_scored_is_refused(actual: list[float], predicted: list[float]) -> None:
    """Empty, unequal, missing, infinite and two-dimensional arrays are refused rather than scored as NaN."""
    with pytest.raises(InputError) as caught:
        score(actual, predicted, {})
    assert caught.value.kind == "bad-scores"


@pytest.mark.parametrize("level", [0.0, 1.0, 90.0])
def test_levels_are_shares(level: float) -> None:
    """A level of 90 instead of 0.9 is refused."""
    with pytest.raises(InputError) as caught:
        score([1.0], [1.0], {level: [1.0]})
    assert caught.value.kind == "bad-quantile"
