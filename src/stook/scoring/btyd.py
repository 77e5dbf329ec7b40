"""Buy till you die: BG/NBD for how often a customer buys again, Gamma-Gamma for how much each time.

Sources:
    P. S. Fader, B. G. S. Hardie, K. L. Lee (2005), "Counting Your Customers" the Easy Way: An Alternative to the
    Pareto/NBD Model, Marketing Science 24(2). Numbers of equations below are theirs.
    P. S. Fader, B. G. S. Hardie (2013), The Gamma-Gamma Model of Monetary Value, brucehardie.com/notes/025.

Time is in weeks: with days the likelihood is badly scaled and its optimum hard to find.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, expit, gammaln, hyp2f1

from stook.errors import InputError

__all__ = ["BgNbd", "Customers", "GammaGamma", "expected_spend", "fit_bg_nbd", "fit_gamma_gamma"]

Vector = NDArray[np.float64]
# Keeps parameters where the data say nothing about them from running off to zero or infinity.
_LOG_BOUNDS = (-8.0, 8.0)
_PENALTY = 1e-3


@dataclass(frozen=True)
class Customers:
    """What the models need to know of each customer: arrays of one length.

    Attributes:
        frequency: Repeat purchases, the first not counted.
        recency: Weeks from the first purchase to the last.
        age: Weeks from the first purchase to the end of the observation.
        value: Mean amount of the repeat purchases; ignored where `frequency` is 0.
    """

    frequency: Vector
    recency: Vector
    age: Vector
    value: Vector


@dataclass(frozen=True)
class BgNbd:
    """Purchases at a rate that is gamma(r, alpha), and after each a drop-out with a chance that is beta(a, b).

    Attributes:
        r: Shape of the rates.
        alpha: Their scale, in weeks.
        a: First parameter of the drop-out.
        b: Second parameter of the drop-out.
    """

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, customers: Customers) -> Vector:
        """Return the log likelihood of each customer, equation (6) in logs."""
        x, t_x, age = customers.frequency, customers.recency, customers.age
        common = gammaln(self.r + x) - gammaln(self.r) + self.r * np.log(self.alpha)
        alive = betaln(self.a, self.b + x) - betaln(self.a, self.b) - (self.r + x) * np.log(self.alpha + age)
        with np.errstate(divide="ignore"):
            gone = np.where(
                x > 0,
                betaln(self.a + 1, self.b + np.maximum(x, 1) - 1)
                - betaln(self.a, self.b)
                - (self.r + x) * np.log(self.alpha + t_x),
                -np.inf,
            )
        return np.asarray(common + np.logaddexp(alive, gone))

    def probability_alive(self, customers: Customers) -> Vector:
        """Return the chance that each customer has not dropped out."""
        x, t_x, age = customers.frequency, customers.recency, customers.age
        log_odds = np.log(self.a / (self.b + np.maximum(x, 1) - 1))
        log_odds += (self.r + x) * np.log((self.alpha + age) / (self.alpha + t_x))
        return np.asarray(np.where(x > 0, expit(-log_odds), 1.0))

    def expected_purchases(self, customers: Customers, weeks: float) -> Vector:
        """Return how many purchases each customer is expected to make in the next `weeks`, equation (10)."""
        x, age = customers.frequency, customers.age
        # The formula has a pole at a = 1, where its limit is as good as its neighbours.
        a = self.a + 1e-6 if abs(self.a - 1) < 1e-6 else self.a
        z = weeks / (self.alpha + age + weeks)
        hyper = hyp2f1(self.r + x, self.b + x, a + self.b + x - 1, z)
        shrink = ((self.alpha + age) / (self.alpha + age + weeks)) ** (self.r + x)
        buying = (a + self.b + x - 1) / (a - 1) * (1 - shrink * hyper)
        return np.asarray(np.maximum(buying, 0) * self.probability_alive(customers))


@dataclass(frozen=True)
class GammaGamma:
    """Amounts that are gamma around a mean of each customer's own, which is inverse gamma across customers.

    Attributes:
        p: Shape of the amounts of one customer.
        q: Shape across customers.
        v: Scale across customers, in currency.
    """

    p: float
    q: float
    v: float

    def log_likelihood(self, frequency: Vector, value: Vector) -> Vector:
        """Return the log likelihood of mean values over `frequency` purchases; both above zero. Equation (1a)."""
        p, q, v, x = self.p, self.q, self.v, frequency
        constant = gammaln(p * x + q) - gammaln(p * x) - gammaln(q)
        return np.asarray(
            constant + q * np.log(v) + (p * x - 1) * np.log(value) + p * x * np.log(x)
            - (p * x + q) * np.log(x * value + v)
        )  # fmt: skip

    def expected_value(self, customers: Customers) -> Vector:
        """Return the expected mean amount of each customer: between the customer's own and everybody's."""
        x = customers.frequency
        value = np.where(x > 0, customers.value, 0.0)
        return np.asarray(self.p * (self.v + x * value) / (self.p * x + self.q - 1))


def fit_bg_nbd(customers: Customers) -> BgNbd:
    """Fit by maximum likelihood, with a very weak penalty on the logs of the parameters.

    Raises:
        InputError: There is no customer, or no optimum was found.
    """

    def loss(logs: Vector) -> float:
        model = BgNbd(*np.exp(logs))
        return float(-model.log_likelihood(customers).mean() + _PENALTY * np.mean(logs**2))

    start = (
        np.log([0.5, max(float(np.median(customers.age)) / 4, 1.0), 0.8, 2.5]) if len(customers.age) else None
    )
    return BgNbd(*_minimise(loss, start))


def fit_gamma_gamma(customers: Customers) -> GammaGamma:
    """Fit by maximum likelihood to the customers with repeat purchases of more than nothing.

    Raises:
        InputError: There is no such customer, or no optimum was found.
    """
    chosen = (customers.frequency > 0) & (customers.value > 0)
    frequency, value = customers.frequency[chosen], customers.value[chosen]
    scale = float(value.mean()) if len(value) else 1.0

    def loss(logs: Vector) -> float:
        # q above 1, else the mean across customers is infinite.
        model = GammaGamma(np.exp(logs[0]), 1 + np.exp(logs[1]), np.exp(logs[2]))
        return float(-model.log_likelihood(frequency, value / scale).mean() + _PENALTY * np.mean(logs**2))

    p, q, v = _minimise(loss, np.log([2.0, 2.0, 2.0]) if len(value) else None)
    return GammaGamma(p, 1 + q, v * scale)


def expected_spend(customers: Customers, *, days: float) -> Vector:
    """Fit both models and return each customer's expected spend in the next `days`.

    Raises:
        InputError: There are no repeat purchases to fit to.
    """
    purchases = fit_bg_nbd(customers).expected_purchases(customers, days / 7)
    return np.asarray(purchases * fit_gamma_gamma(customers).expected_value(customers))


def _minimise(loss: object, start: Vector | None) -> Vector:
    if start is None:
        raise InputError(
            "no customer bought more than once", kind="no-repeat-purchases", hint="give a longer history"
        )
    found = minimize(loss, start, method="L-BFGS-B", bounds=[_LOG_BOUNDS] * len(start))
    if not np.all(np.isfinite(found.x)) or not np.isfinite(found.fun):
        raise InputError(f"the fit failed: {found.message}", kind="fit-failed", hint="give a longer history")
    return np.asarray(np.exp(found.x))
