"""The model and the baselines at earlier origins, against what then happened."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl
from stook.scoring.evaluation import Evaluation, Forecast, evaluate

from customer_value.baselines import baselines
from customer_value.calibration import calibrate, closed_by
from customer_value.model import Hurdle, fit_hurdle
from customer_value.origins import CLOSED

# The newest closed origin, half a horizon before it, and a whole one.
STEPS = (CLOSED, CLOSED + 2, CLOSED + 4)


def backtest(table: pl.DataFrame, horizon: int) -> list[dict[str, Any]]:
    """Evaluate at each origin that leaves something to learn from, as plain data, newest first."""
    oldest = table["step"].max()
    chosen = [step for step in STEPS if step + 2 * CLOSED <= oldest]
    needed = sorted({*chosen, *(step + CLOSED for step in chosen)})
    hurdles = {step: fit_hurdle(closed_by(table, step)) for step in needed}
    return [msgspec.to_builtins(evaluate_at(table, step, horizon, hurdles)) for step in chosen]


def evaluate_at(table: pl.DataFrame, step: int, horizon: int, hurdles: dict[int, Hurdle]) -> Evaluation:
    """Judge as if the origin `step` were today, with models that knew nothing of its future."""
    rows = table.filter(pl.col("step") == step)
    calibrated = calibrate(
        hurdles[step], hurdles[step + CLOSED], table.filter(pl.col("step") == step + CLOSED)
    )
    spend = calibrated.predict(rows)
    return evaluate(
        rows["target"].to_numpy(),
        Forecast("model", "Hurdle model", spend.mean, spend.quantiles),
        baselines(rows, horizon),
        origin=rows["origin"][0].date(),
        horizon_days=horizon,
    )
