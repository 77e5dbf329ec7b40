from __future__ import annotations

import numpy as np
import pytest

from customer_value.calibration import UPPER, conformal, widen
from customer_value.model import BUYER_LEVELS, LEVELS, Spend, quantile

RANDOM = np.random.default_rng(3)
SIZE = 2_000


@pytest.fixture
def spend() -> Spend:
    """Predictions for customers of every kind."""
    p_active = RANDOM.random(SIZE)
    buyers = np.sort(RANDOM.normal(4, 2, (len(BUYER_LEVELS), SIZE)).clip(0), axis=0)
    quantiles = {level: np.expm1(quantile(level, p_active, buyers)) for level in LEVELS}
    return Spend(p_active, np.ones(SIZE), quantiles)


def test_quantiles_never_cross(spend):
    """A higher level never has a lower value, before and after the upper limit is widened."""
    for each in (spend, widen(spend, [0.5, 0.0, 0.2, 1.0])):
        low, middle, high = each.quantiles.values()
        assert (low >= 0).all()
        assert (low <= middle).all()
        assert (middle <= high).all()


def test_the_median_of_a_rare_buyer_is_nothing():
    """Who buys with a chance below one half spends nothing in the median."""
    buyers = np.full((len(BUYER_LEVELS), 1), 5.0)
    assert quantile(0.5, np.array([0.49]), buyers) == 0
    assert quantile(0.5, np.array([0.51]), buyers) == 5


def test_a_sure_buyer_has_the_quantiles_of_the_buyers():
    """Where the chance to buy is one, the hurdle changes nothing."""
    buyers = np.arange(len(BUYER_LEVELS), dtype=float)[:, None]
    found = [quantile(level, np.array([1.0]), buyers)[0] for level in LEVELS]
    assert found == [BUYER_LEVELS.index(level) for level in LEVELS]


def test_conformal_widening_covers_what_it_saw():
    """Raised by the widening, the limit holds for the share that it promises."""
    missing = RANDOM.normal(0.5, 1, 500)
    assert np.mean(missing <= conformal(missing)) >= UPPER


def test_one_good_period_does_not_narrow_a_range():
    """Where limits were too wide, they stay as they are."""
    assert conformal(np.full(500, -1.0)) == 0
