"""What the newest closed period teaches about a model: the level of its means, the width of its ranges.

To predict from an origin, one model is fitted to all periods that were closed by then, and a second one to those closed
a whole horizon earlier. How far the second one was off on the newest closed period corrects the first.

The upper limit is widened by one-sided conformal prediction on the log scale (after Romano, Patterson, Candès 2019),
apart for customers who rarely, sometimes, often or nearly always buy; it is never narrowed on one period's word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from customer_value.model import Hurdle, Spend, fit_hurdle
from customer_value.origins import CLOSED

UPPER = 0.9
SEGMENT_EDGES = (0.25, 0.5, 0.75)
SMALLEST_SEGMENT = 50
LEVEL_LIMITS = (0.8, 1.25)
# About a year of origins would be learnt from in any case; older customers behaved otherwise.
MOST_DAYS = 365


@dataclass(frozen=True)
class CalibratedModel:
    """A hurdle model and its corrections.

    Attributes:
        hurdle: The model.
        level: Factor on the means.
        widening: By segment of `p_active`, what to add to log(1 + upper limit).
    """

    hurdle: Hurdle
    level: float
    widening: list[float]

    def predict(self, table: pl.DataFrame) -> Spend:
        """Predict the spend of each row."""
        return widen(self.hurdle.predict(table).scaled(self.level), self.widening)

    def to_tree(self) -> dict[str, Any]:
        """Return it as a tree of models and values, as a bundle keeps it."""
        parts = vars(self.hurdle) | {"level": self.level, "widening": self.widening}
        return parts | {"log_quantiles": {str(level): m for level, m in self.hurdle.log_quantiles.items()}}

    @classmethod
    def from_tree(cls, tree: dict[str, Any]) -> CalibratedModel:
        """Return what `to_tree` took apart."""
        parts = dict(tree)
        level, widening = parts.pop("level"), parts.pop("widening")
        parts["log_quantiles"] = {float(name): model for name, model in parts["log_quantiles"].items()}
        return cls(Hurdle(**parts), level, widening)


def fit_calibrated(table: pl.DataFrame, step: int = 0) -> CalibratedModel:
    """Fit what could have been fitted at the origin `step`, with nothing from its future."""
    earlier = step + CLOSED
    hurdles = [fit_hurdle(closed_by(table, known)) for known in (step, earlier)]
    return calibrate(*hurdles, table.filter(pl.col("step") == earlier))


def closed_by(table: pl.DataFrame, step: int) -> pl.DataFrame:
    """Return the rows whose outcome was known at the origin `step`, none older than about a year."""
    known = table.filter(pl.col("step") >= step + CLOSED)
    return known.filter(pl.col("origin") >= known["origin"].max() - pl.duration(days=MOST_DAYS))


def calibrate(hurdle: Hurdle, earlier: Hurdle, newest: pl.DataFrame) -> CalibratedModel:
    """Correct a model by how an earlier one, fitted a horizon before, was off on the newest closed period."""
    predicted, spent = earlier.predict(newest), newest["target"].to_numpy()
    level = float(np.clip(spent.sum() / predicted.mean.sum(), *LEVEL_LIMITS))
    upper, segments = predicted.quantiles[UPPER], segment(predicted)
    missing = np.log1p(spent) - np.log1p(upper)
    widening = [conformal(missing[(segments == n) & (upper > 0)]) for n in range(len(SEGMENT_EDGES) + 1)]
    return CalibratedModel(hurdle, level, widening)


def conformal(missing: np.ndarray) -> float:
    """Return what to add so that `UPPER` of the customers would have stayed below, for a finite sample."""
    if len(missing) < SMALLEST_SEGMENT:
        return 0.0
    level = min(UPPER * (1 + 1 / len(missing)), 1.0)
    return max(float(np.quantile(missing, level, method="higher")), 0.0)


def widen(spend: Spend, widening: list[float]) -> Spend:
    """Raise the upper limit of each customer by their segment's widening; a limit of zero stays."""
    upper = spend.quantiles[UPPER]
    wider = np.expm1(np.log1p(upper) + np.asarray(widening)[segment(spend)])
    return replace(spend, quantiles={**spend.quantiles, UPPER: np.where(upper > 0, wider, 0.0)})


def segment(spend: Spend) -> np.ndarray:
    """Return how likely each customer is to buy: 0 = rarely, 3 = nearly always."""
    return np.digitize(spend.p_active, SEGMENT_EDGES)
