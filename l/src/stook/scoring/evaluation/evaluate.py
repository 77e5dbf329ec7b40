"""From the predictions of several methods to one closed period's evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from stook.scoring.evaluation.groups import deciles
from stook.scoring.evaluation.model import Evaluation, MethodScores
from stook.scoring.evaluation.scores import score

__all__ = ["Forecast", "evaluate"]


@dataclass(frozen=True, eq=False)
class Forecast:
    """What one method predicted at an origin.

    Attributes:
        name: Stable key: `model`, `last_period`, `lifetime_rate`, `bg_nbd_gamma_gamma`.
        label: What people read.
        mean: Expected value of each customer.
        quantiles: Predictions by level; empty for a method that predicts one number only, which then stands
            in for every quantile of the model.
    """

    name: str
    label: str
    mean: npt.ArrayLike
    quantiles: Mapping[float, npt.ArrayLike] = field(default_factory=dict)


def evaluate(
    actual: npt.ArrayLike,
    model: Forecast,
    baselines: Sequence[Forecast] = (),
    *,
    origin: date,
    horizon_days: int,
) -> Evaluation:
    """Judge the model and the baselines on one closed period.

    Args:
        actual: What each customer spent, in the order of the forecasts.
        model: The model's forecast.
        baselines: What it has to beat.
        origin: First day that the forecasts did not see.
        horizon_days: Length of the period.

    Raises:
        InputError: Lengths differ, there is no customer, or a value is missing or infinite.
    """
    spent = np.asarray(actual, dtype=np.float64)
    levels = tuple(model.quantiles)
    return Evaluation(
        origin=origin,
        horizon_days=horizon_days,
        model=_judge(spent, model, levels),
        baselines=tuple(_judge(spent, baseline, levels) for baseline in baselines),
        customers=len(spent),
        zero_share=float(np.mean(spent == 0)),
        actual_total=float(spent.sum()),
        deciles=deciles(spent, model.mean),
    )


def _judge(actual: npt.NDArray[np.float64], forecast: Forecast, levels: Sequence[float]) -> MethodScores:
    quantiles = forecast.quantiles or dict.fromkeys(levels, forecast.mean)
    return MethodScores(
        name=forecast.name,
        label=forecast.label,
        scores=score(actual, forecast.mean, quantiles),
        point=not forecast.quantiles,
    )
