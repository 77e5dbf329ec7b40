"""The hurdle model: will a customer buy at all, and if so, for how much?

Half of the customers spend nothing in the period, the others amounts that differ by a factor of thousands. So one model
gives the chance to buy, and others, on a log scale, the mean and the quantiles of the spend of those who do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from customer_value.boosting import fit, predict
from customer_value.features import feature_names

# Quantiles to predict, and those of the buyers from which they are read off.
LEVELS = (0.1, 0.5, 0.9)
BUYER_LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9, 0.97)


@dataclass(frozen=True)
class Spend:
    """A prediction for each customer: arrays of one length.

    Attributes:
        p_active: Chance to buy anything in the period.
        mean: Expected spend.
        quantiles: Spend by level; never crossing.
    """

    p_active: np.ndarray
    mean: np.ndarray
    quantiles: dict[float, np.ndarray]

    def scaled(self, level: float) -> Spend:
        """Return the same with other means."""
        return replace(self, mean=self.mean * level)


@dataclass(frozen=True)
class Hurdle:
    """A fitted model.

    Attributes:
        features: Columns that it looks at, in order.
        active: Chance to buy.
        log_mean: Mean of log(1 + spend) of those who buy.
        log_quantiles: Quantiles of the same, by level.
        smearing: Mean spend of the buyers over exp(mean of the logs): what the log scale hides (Duan 1983).
    """

    features: list[str]
    active: Any
    log_mean: Any
    log_quantiles: dict[float, Any]
    smearing: float

    def predict(self, table: pl.DataFrame) -> Spend:
        """Predict the spend of each row."""
        x = matrix(table, self.features)
        p_active = predict(self.active, x)
        buyers = np.stack([predict(model, x) for model in self.log_quantiles.values()])
        buyers = np.maximum(np.sort(buyers, axis=0), 0.0)
        return Spend(
            p_active=p_active,
            mean=p_active * np.exp(predict(self.log_mean, x)) * self.smearing,
            quantiles={level: np.expm1(quantile(level, p_active, buyers)) for level in LEVELS},
        )


def fit_hurdle(table: pl.DataFrame) -> Hurdle:
    """Fit to rows whose target is known."""
    features = feature_names(table)
    x, spend = matrix(table, features), table["target"].to_numpy()
    buys = spend > 0
    buyers, logs = x[buys], np.log1p(spend[buys])
    log_mean = fit("mean", buyers, logs)
    return Hurdle(
        features=features,
        active=fit("active", x, buys.astype(float)),
        log_mean=log_mean,
        log_quantiles={level: fit("quantile", buyers, logs, level) for level in BUYER_LEVELS},
        smearing=float(spend[buys].mean() / np.exp(predict(log_mean, buyers)).mean()),
    )


def matrix(table: pl.DataFrame, features: list[str]) -> np.ndarray:
    """Return the features as floats, missing ones as NaN."""
    return table.select(pl.col(features).cast(pl.Float64)).to_numpy()


def quantile(level: float, p_active: np.ndarray, buyers: np.ndarray) -> np.ndarray:
    """Return a quantile of log(1 + spend) of everybody, from those of the buyers.

    Of 100 customers who buy with chance 0.4, 60 spend nothing: the 90th is the 30th of the 40 who buy, their quantile
    at 0.75. A higher level never gives a lower value, since `buyers` (levels x customers) is sorted.
    """
    among_buyers = (level - (1 - p_active)) / np.maximum(p_active, 1e-9)
    between = np.interp(among_buyers, BUYER_LEVELS, np.arange(len(BUYER_LEVELS)))
    below = np.floor(between).astype(int)
    above, each = np.minimum(below + 1, len(buyers) - 1), np.arange(buyers.shape[1])
    value = buyers[below, each] + (between - below) * (buyers[above, each] - buyers[below, each])
    return np.where(among_buyers > 0, value, 0.0)
