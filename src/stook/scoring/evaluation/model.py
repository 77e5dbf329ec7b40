"""What an evaluation says: plain values, ready for a report, a gate or a JSON file.

Amounts are in the currency of the data, shares and coverages in 0..1, biases relative (-0.2 = 20% too low).
A measure that the data do not define (a Gini where nobody bought) is None, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

__all__ = [
    "Bin",
    "Decile",
    "Evaluation",
    "Level",
    "MethodScores",
    "QuantileScore",
    "Reason",
    "Scores",
    "Verdict",
]

Level = Literal["good", "fair", "poor"]


@dataclass(frozen=True)
class QuantileScore:
    """How well one predicted quantile did.

    Attributes:
        quantile: The nominal level, such as 0.9.
        pinball: Mean pinball loss, in currency; lower is better.
        coverage: Share of customers whose actual value is at or below the prediction.
        below: Share of customers whose actual value is strictly below it.
        coverage_active: As `coverage`, among customers with an actual value above zero; None if there are none.
    """

    quantile: float
    pinball: float
    coverage: float
    below: float
    coverage_active: float | None

    @property
    def gap(self) -> float:
        """How far the quantile is off as a share of customers: negative if it is too low, 0 if it holds.

        A quantile holds if its level lies between the shares strictly below it and at or below it. Without
        ties these are one share; where most spend nothing, a median of zero holds although far more than half are
        at or below it.
        """
        if self.coverage < self.quantile:
            return self.coverage - self.quantile
        return max(self.below - self.quantile, 0.0)


@dataclass(frozen=True)
class Scores:
    """How well one method predicted one closed period.

    Attributes:
        rmse: Root mean squared error of the expected value, in currency.
        mae: Mean absolute error of the expected value, in currency.
        bias_of_sum: (predicted sum - actual sum) / actual sum; None where the actual sum is zero.
        gini: Normalised Gini, 1 = ranks customers as they turned out, 0 = no better than chance; None where
            all customers spent the same.
        quantiles: One entry per predicted quantile, ascending; empty for a method that has none.
    """

    rmse: float
    mae: float
    bias_of_sum: float | None
    gini: float | None
    quantiles: tuple[QuantileScore, ...] = ()

    def find_quantile(self, level: float) -> QuantileScore | None:
        """Return the score of the quantile at `level`, or None where it was not predicted."""
        return next((score for score in self.quantiles if abs(score.quantile - level) < 1e-9), None)


@dataclass(frozen=True)
class MethodScores:
    """The scores of one method, the model or a baseline.

    Attributes:
        name: Stable key for programs: `model`, `last_period`, `lifetime_rate`, `bg_nbd_gamma_gamma`.
        label: What people read, such as "BG/NBD + Gamma-Gamma".
        scores: How it did.
        point: The method predicts one number, which stands in for every quantile: its pinball loss is a
            fair yardstick, its coverage means nothing and is not shown.
    """

    name: str
    label: str
    scores: Scores
    point: bool = False


@dataclass(frozen=True)
class Decile:
    """One group of customers ranked by prediction, highest first.

    Attributes:
        rank: 1 for the customers with the highest predictions.
        customers: How many are in the group.
        predicted: Sum of their predictions.
        actual: Sum of what they then spent.
    """

    rank: int
    customers: int
    predicted: float
    actual: float


@dataclass(frozen=True)
class Bin:
    """One bin of a distribution of predictions: `low` <= value < `high`.

    Attributes:
        low: Lower edge; None for the bin that is open downwards.
        high: Upper edge; None for the bin that is open upwards.
        customers: How many predictions fall into it.
        total: Their sum.
        reference: How many predictions of the reference fall into it, if there is a reference.
    """

    low: float | None
    high: float | None
    customers: int
    total: float
    reference: int | None = None


@dataclass(frozen=True)
class Evaluation:
    """One closed period: what was predicted at its origin, against what then happened.

    Attributes:
        origin: First day that the prediction did not see.
        horizon_days: Length of the period.
        customers: Customers who were predicted and judged.
        zero_share: Share of them who spent nothing.
        actual_total: What they spent in all.
        model: Scores of the model.
        baselines: Scores of the methods that it has to beat.
        deciles: The model's predictions against the actual values, by decile.
    """

    origin: date
    horizon_days: int
    customers: int
    zero_share: float
    actual_total: float
    model: MethodScores
    baselines: tuple[MethodScores, ...]
    deciles: tuple[Decile, ...] = ()

    @property
    def methods(self) -> tuple[MethodScores, ...]:
        """The model, then the baselines."""
        return (self.model, *self.baselines)


@dataclass(frozen=True)
class Reason:
    """One finding behind a verdict.

    Attributes:
        level: What this finding alone says of the predictions.
        gist: A clause for the verdict's sentence: "the 90% limit is too low".
        text: The finding in full, with the figures and the threshold that they were held against.
    """

    level: Level
    gist: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """May one use these predictions? One word, one sentence, and why."""

    level: Level
    sentence: str
    reasons: tuple[Reason, ...]
