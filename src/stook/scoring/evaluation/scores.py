"""How far predictions were from what happened: pure functions over equally long numpy arrays.

Every function raises InputError where the arrays are empty, differ in length or hold anything but finite numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from stook.errors import InputError
from stook.scoring.evaluation.model import QuantileScore, Scores

__all__ = ["bias_of_sum", "coverage", "gini", "mae", "mid_ranks", "pinball", "rmse", "score"]

Floats = npt.NDArray[np.float64]


def score(actual: npt.ArrayLike, mean: npt.ArrayLike, quantiles: Mapping[float, npt.ArrayLike]) -> Scores:
    """Return every measure of one method over one closed period.

    Args:
        actual: What each customer spent.
        mean: The expected value predicted for each, in the same order.
        quantiles: Predictions by level, such as `{0.1: …, 0.5: …, 0.9: …}`; may be empty.
    """
    y, expected = _pair(actual, mean)
    return Scores(
        rmse=rmse(y, expected),
        mae=mae(y, expected),
        bias_of_sum=bias_of_sum(y, expected),
        gini=gini(y, expected),
        quantiles=tuple(_score_quantile(y, quantiles[level], level) for level in sorted(quantiles)),
    )


def rmse(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Root mean squared error; the mean of the distribution minimises it."""
    y, p = _pair(actual, predicted)
    return float(np.sqrt(np.mean((p - y) ** 2)))


def mae(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Mean absolute error; the median minimises it, so an honest mean does not."""
    y, p = _pair(actual, predicted)
    return float(np.mean(np.abs(p - y)))


def bias_of_sum(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float | None:
    """(sum predicted - sum actual) / |sum actual|: +0.1 is 10% too high; None where the actual sum is zero."""
    y, p = _pair(actual, predicted)
    total = float(y.sum())
    return (float(p.sum()) - total) / abs(total) if total else None


def gini(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float | None:
    """Normalised Gini: how well the predictions rank customers by what they then spent.

    The concentration index of `actual` ordered by `predicted`, over the same ordered by itself: 1 is the perfect
    order, 0 no better than chance. In covariance form, sum of y x (rank - mean rank), with mid-ranks for ties
    (Lerman & Yitzhaki, "A note on the calculation and interpretation of the Gini index", Economics Letters 15,
    1984), so that neither input order nor many equal predictions change it by luck.

    Returns:
        The index, or None where all actual values are equal.
    """
    y, p = _pair(actual, predicted)
    middle = (len(y) + 1) / 2
    best = float(np.dot(y, mid_ranks(y) - middle))
    return float(np.dot(y, mid_ranks(p) - middle)) / best if np.ptp(y) > 0 and best > 0 else None


def pinball(actual: npt.ArrayLike, predicted: npt.ArrayLike, level: float) -> float:
    """Mean pinball loss of a predicted quantile; the true quantile minimises it.

    `level x (y - p)` where y is above the prediction, `(1 - level) x (p - y)` where below (Koenker & Bassett,
    "Regression quantiles", Econometrica 46, 1978).
    """
    y, p = _pair(actual, predicted)
    error = y - p
    return float(np.mean(np.maximum(level * error, (level - 1) * error)))


def coverage(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Share of actual values at or below the prediction; near the level for a calibrated quantile.

    Where more than `level` of the actual values are exactly zero it is above the level for any prediction that is not
    negative: read it beside the coverage among the active, and see `QuantileScore.gap`.
    """
    y, p = _pair(actual, predicted)
    return float(np.mean(y <= p))


def mid_ranks(values: npt.ArrayLike) -> Floats:
    """Rank from 1 upwards; equal values share the mean of their ranks."""
    _, place, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Floats = last - (counts - 1) / 2
    return shared[place]


def _score_quantile(actual: Floats, values: npt.ArrayLike, level: float) -> QuantileScore:
    if not 0 < level < 1:
        raise InputError(f"a quantile lies between 0 and 1, not {level}", kind="bad-quantile")
    y, p = _pair(actual, values)
    active = y > 0
    return QuantileScore(
        quantile=level,
        pinball=pinball(y, p, level),
        coverage=coverage(y, p),
        below=float(np.mean(y < p)),
        coverage_active=coverage(y[active], p[active]) if active.any() else None,
    )


def _pair(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[Floats, Floats]:
    y, p = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if y.ndim != 1 or y.shape != p.shape or not len(y):
        raise InputError(
            f"cannot score {p.shape} predictions against {y.shape} actual values",
            kind="bad-scores",
            hint="pass two arrays of the same customers in the same order, at least one of them",
        )
    if not (np.isfinite(y).all() and np.isfinite(p).all()):
        raise InputError(
            "cannot score values that are missing or infinite",
            kind="bad-scores",
            hint="leave these customers out, or mend the step that made them",
        )
    return y, p
