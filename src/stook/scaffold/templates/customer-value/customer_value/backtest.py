"""The model and the baselines at earlier origins, against what then happened."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl

from customer_value.baselines import baselines
from customer_value.calibration import fit_calibrated
from customer_value.origins import CLOSED
from stook.scoring.evaluation import Evaluation, Forecast, evaluate

# The newest closed origin, half a horizon before it, and a whole one.
STEPS = (CLOSED, CLOSED + 2, CLOSED + 4)


def backtest(table: pl.DataFrame, horizon: int) -> list[dict[str, Any]]:
    """Evaluate at each origin that leaves something to learn from, as plain data, newest first."""
    oldest = table["step"].max()
    chosen = [step for step in STEPS if step + 2 * CLOSED <= oldest]
    return [msgspec.to_builtins(evaluate_at(table, step, horizon)) for step in chosen]


def evaluate_at(table: pl.DataFrame, step: int, horizon: int) -> Evaluation:
    """Fit and judge as if the origin `step` were today."""
    rows = table.filter(pl.col("step") == step)
    spend = fit_calibrated(table, step).predict(rows)
    return evaluate(
        rows["target"].to_numpy(),
        Forecast("model", "Hurdle model", spend.mean, spend.quantiles),
        baselines(rows, horizon),
        origin=rows["origin"][0].date(),
        horizon_days=horizon,
    )
