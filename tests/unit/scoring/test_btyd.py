from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stook.errors import InputError
from stook.scoring.btyd import (
    BgNbd,
    Customers,
    GammaGamma,
    expected_spend,
    fit_bg_nbd,
    fit_gamma_gamma,
)

# The estimates for the CDNOW customers in Fader, Hardie, Lee (2005), table 2, and Fader, Hardie (2013).
CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
CDNOW_VALUES = GammaGamma(p=6.25, q=3.74, v=15.44)


def simulate(
    model: BgNbd, size: int, weeks: float, seed: int, later: float = 0
) -> tuple[Customers, NDArray[np.float64]]:
    """Draw customers from the process itself, one purchase after the other.

    Returns:
        What is seen of them after `weeks`, and how many purchases each makes in the `later` weeks that follow.
    """
    random = np.random.default_rng(seed)
    rate = random.gamma(model.r, 1 / model.alpha, size)
    leaves = random.beta(model.a, model.b, size)
    frequency, recency, coming, now = np.zeros((4, size))
    alive = np.ones(size, bool)
    while alive.any():
        now = now + random.exponential(1, size) / rate
        alive &= now <= weeks + later
        seen = alive & (now <= weeks)
        frequency[seen] += 1
        recency[seen] = now[seen]
        coming += alive & ~seen
        alive &= random.random(size) >= leaves
    return Customers(frequency, recency, np.full(size, weeks), np.zeros(size)), coming


def with_values(customers: Customers, model: GammaGamma, seed: int) -> Customers:
    """Give each customer a mean value of the repeat purchases."""
    random = np.random.default_rng(seed)
    rate = random.gamma(model.q, 1 / model.v, len(customers.frequency))
    shape = np.maximum(model.p * customers.frequency, 1e-9)
    value = random.gamma(shape) / (rate * np.maximum(customers.frequency, 1))
    return Customers(customers.frequency, customers.recency, customers.age, value)


def one(frequency: float, recency: float, age: float, value: float = 0.0) -> Customers:
    """Return a single customer."""
    return Customers(*(np.array([number]) for number in (frequency, recency, age, value)))


def test_the_published_example_of_expected_purchases() -> None:
    """The worked example of the authors' note on BG/NBD in Excel: x=2, t_x=30.43, T=38.86, 39 weeks give 1.226."""
    assert CDNOW.expected_purchases(one(2, 30.43, 38.86), 39)[0] == pytest.approx(1.226, abs=2e-3)


def test_the_published_parameters_are_found_again() -> None:
    """Fitted to customers simulated with the CDNOW parameters, the model finds them, and expects as many purchases."""
    customers, _ = simulate(CDNOW, 30_000, 60, seed=1)
    fitted = fit_bg_nbd(customers)
    assert fitted.r == pytest.approx(CDNOW.r, rel=0.06)
    assert fitted.alpha == pytest.approx(CDNOW.alpha, rel=0.10)
    assert fitted.a / fitted.b == pytest.approx(CDNOW.a / CDNOW.b, rel=0.15)


def test_expected_purchases_are_right_on_average() -> None:
    """What is expected of simulated customers after 40 weeks is what they then do, in sum and by frequency."""
    seen, coming = simulate(CDNOW, 60_000, 40, seed=2, later=20)
    expected = CDNOW.expected_purchases(seen, 20)
    assert expected.sum() == pytest.approx(coming.sum(), rel=0.05)
    often = seen.frequency >= 3
    assert expected[often].sum() == pytest.approx(coming[often].sum(), rel=0.05)


def test_probabilities_and_expectations_stay_in_bounds() -> None:
    """Being alive is a probability, one for who never bought again; nobody is expected to buy a negative number."""
    frequency, recency, age = (grid.ravel() for grid in np.meshgrid([0, 1, 5, 300], [0, 1, 50], [50, 500.0]))
    customers = Customers(
        frequency.astype(float), np.where(frequency > 0, recency, 0.0), age, frequency * 0.0
    )
    alive = CDNOW.probability_alive(customers)
    assert ((alive >= 0) & (alive <= 1)).all()
    assert (alive[frequency == 0] == 1).all()
    purchases = np.stack([CDNOW.expected_purchases(customers, weeks) for weeks in (0, 1, 10, 100)])
    assert np.isfinite(purchases).all()
    assert (np.diff(purchases, axis=0) >= -1e-9).all()
    assert purchases[0] == pytest.approx(0, abs=1e-9)


def test_a_customer_of_yesterday_is_alive_rather_than_one_of_last_year() -> None:
    """The longer the silence, the lower the chance to be alive and the fewer purchases to come."""
    customers = Customers(np.full(3, 5.0), np.array([50.0, 30.0, 5.0]), np.full(3, 52.0), np.zeros(3))
    assert (np.diff(CDNOW.probability_alive(customers)) < 0).all()
    assert (np.diff(CDNOW.expected_purchases(customers, 10)) < 0).all()


def test_drop_out_of_mean_one_half_has_no_pole() -> None:
    """The formula divides by a - 1; at a = 1 the result is that of its neighbours."""
    at, near = (BgNbd(0.5, 4.0, a, 2.0).expected_purchases(one(2, 20, 30), 10)[0] for a in (1.0, 1.0001))
    assert at == pytest.approx(near, rel=1e-3)


def test_the_values_of_customers_are_found_again() -> None:
    """Fitted to simulated values, Gamma-Gamma expects as much as the true model, customer by customer."""
    customers = with_values(simulate(CDNOW, 20_000, 60, seed=3)[0], CDNOW_VALUES, seed=4)
    fitted = fit_gamma_gamma(customers)
    assert fitted.expected_value(customers) == pytest.approx(CDNOW_VALUES.expected_value(customers), rel=0.06)


def test_expected_value_lies_between_the_customer_and_everybody() -> None:
    """The more purchases, the nearer to the customer's own mean; who has none is worth the population's mean."""
    population = CDNOW_VALUES.p * CDNOW_VALUES.v / (CDNOW_VALUES.q - 1)
    few, many, none = (CDNOW_VALUES.expected_value(one(n, 1, 2, 100.0))[0] for n in (1, 50, 0))
    assert population < few < many < 100
    assert none == pytest.approx(population)


def test_spend_is_purchases_times_value() -> None:
    """A longer horizon never means less, and nobody spends a negative amount."""
    customers = with_values(simulate(CDNOW, 2_000, 60, seed=5)[0], CDNOW_VALUES, seed=6)
    month, year = expected_spend(customers, days=30), expected_spend(customers, days=365)
    assert (month >= 0).all()
    assert (year >= month).all()


def test_customers_without_a_second_purchase_cannot_be_fitted() -> None:
    """There is nothing to learn about values from first purchases alone: an error, not a number."""
    with pytest.raises(InputError, match="more than once"):
        fit_gamma_gamma(Customers(np.zeros(9), np.zeros(9), np.ones(9), np.zeros(9)))
