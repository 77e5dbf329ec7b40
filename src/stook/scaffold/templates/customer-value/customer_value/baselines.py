"""What the model has to beat. Each comes straight from the features, so it knows no more than the model."""

from __future__ import annotations

import polars as pl
from stook.scoring.evaluation import Forecast


def baselines(table: pl.DataFrame, horizon: int) -> list[Forecast]:
    """Return each baseline's forecast for the rows of one origin."""
    return [
        Forecast("last_period", f"Last {horizon} days again", table["last_period"].to_numpy()),
        Forecast("lifetime_rate", "Lifetime rate", (table["rate"] * horizon).to_numpy()),
        Forecast("bg_nbd_gamma_gamma", "BG/NBD + Gamma-Gamma", table["btyd_spend"].to_numpy()),
    ]
