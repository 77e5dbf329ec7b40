"""Deciles and bins hold every customer once."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stook.errors import InputError
from stook.scoring.evaluation import deciles, distribution
from stook.scoring.evaluation.groups import nice_edges

AMOUNTS = st.floats(min_value=-1e4, max_value=1e9, allow_nan=False)


def test_deciles_by_hand() -> None:
    """Four customers in two groups: the two with the highest predictions come first, with what they spent."""
    first, second = deciles([5.0, 1.0, 0.0, 20.0], [4.0, 1.0, 2.0, 3.0], groups=2)
    assert (first.rank, first.customers, first.predicted, first.actual) == (1, 2, 7.0, 25.0)
    assert (second.rank, second.customers, second.predicted, second.actual) == (2, 2, 3.0, 1.0)


def test_equal_predictions_share_their_spend() -> None:
    """With one prediction for all, no group looks better than another."""
    assert {group.actual for group in deciles([8.0, 0.0, 0.0, 0.0], [1.0] * 4, groups=2)} == {4.0}


def test_fewer_customers_than_groups() -> None:
    """Three customers make three groups, none of them empty, and no customer makes no group."""
    assert [group.customers for group in deciles([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])] == [1, 1, 1]
    assert deciles([], []) == ()


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=50))
def test_deciles_lose_nothing(pairs: list[tuple[float, float]]) -> None:
    """Customers, predictions and spend add up to the whole, and sizes differ by one at most."""
    actual, predicted = np.array(pairs).T
    groups = deciles(actual, predicted)
    sizes = [group.customers for group in groups]
    assert sum(sizes) == len(pairs)
    assert max(sizes) - min(sizes) <= 1
    assert sum(group.actual for group in groups) == pytest.approx(actual.sum(), abs=1e-3)
    assert sum(group.predicted for group in groups) == pytest.approx(predicted.sum(), abs=1e-3)


def test_unequal_lengths_are_refused() -> None:
    """Deciles of two arrays of different customers are refused."""
    with pytest.raises(InputError):
        deciles([1.0], [1.0, 2.0])


@given(st.lists(AMOUNTS, min_size=1, max_size=60), st.lists(AMOUNTS, max_size=20))
def test_bins_hold_every_value_once(values: list[float], reference: list[float]) -> None:
    """Bins touch each other, are open at both ends, and count every prediction and every reference once."""
    bins = distribution(values, reference)
    assert sum(entry.customers for entry in bins) == len(values)
    assert sum(entry.reference or 0 for entry in bins) == len(reference)
    assert bins[0].low is None
    assert bins[-1].high is None
    assert all(one.high == other.low for one, other in pairwise(bins))
    for entry in bins:
        low = -math.inf if entry.low is None else entry.low
        high = math.inf if entry.high is None else entry.high
        assert entry.customers == sum(low <= value < high for value in values)


def test_edges_are_round() -> None:
    """Values from 3 to 700 are cut at 1-2-5 steps that enclose them."""
    assert nice_edges([3.0, 40.0, 700.0]) == [5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]


@given(st.lists(st.floats(min_value=0, max_value=1e300), max_size=30))
def test_edges_are_few_and_ascending(values: list[float]) -> None:
    """However far the values spread, there are one to twelve edges, in order."""
    edges = nice_edges(values)
    assert 1 <= len(edges) <= 12
    assert edges == sorted(set(edges))


def test_bins_do_not_grow_with_customers() -> None:
    """A million predictions need no more bins than a thousand of the same range."""
    random = np.random.default_rng(1)
    assert len(distribution(random.lognormal(4, 1.4, 1_000_000))) <= 13


def test_no_predictions_have_no_bins() -> None:
    """Nothing makes no bins, and a missing prediction is refused."""
    assert distribution([]) == ()
    with pytest.raises(InputError):
        distribution([1.0, math.nan])
