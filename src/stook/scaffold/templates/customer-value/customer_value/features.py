"""What was known of each customer at an origin, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
from stook.scoring.btyd import Customers, fit_bg_nbd, fit_gamma_gamma
from stook.scoring.transactions import check_history

from customer_value.origins import CLOSED, origins

WINDOWS = (15, 30, 60, 90, 180, 365)
KEYS = ("step", "origin", "customer", "last_visit", "last_period", "target")


def feature_table(sales: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Return the features of every customer at every origin, newest origin first.

    Returns:
        `step` (0 = now, see `origins`), `origin`, `customer`, features, and `target`: the spend in the `horizon` days
        from the origin on, null while they are not over.

    Raises:
        InputError: There is too little to learn from.
    """
    first, last = sales["time"].min(), sales["time"].max()
    check_history(customers=sales["customer"].n_unique(), first=first, last=last, horizon_days=horizon)
    return pl.concat(
        at_origin(sales, origin, horizon, closed=step >= CLOSED).insert_column(
            0, pl.lit(step, pl.Int32).alias("step")
        )
        for step, origin in enumerate(origins(first, last, horizon))
    )


def feature_names(table: pl.DataFrame) -> list[str]:
    """Return the columns that a model may look at."""
    return [name for name in table.columns if name not in KEYS]


def at_origin(sales: pl.DataFrame, origin: datetime, horizon: int, *, closed: bool) -> pl.DataFrame:
    """Return features at one origin, by customer, with the target where its period is `closed`."""
    known = describe(standing(sales, pl.col("time") < origin, origin), origin, horizon)
    end = origin + timedelta(days=horizon)
    coming = standing(sales, pl.col("time").is_between(origin, end, closed="left"), end)
    target = coming.group_by("customer").agg(target=pl.col("amount").sum().cast(pl.Float64))
    joined = known.join(target, on="customer", how="left", maintain_order="left")
    outcome = pl.col("target").fill_null(0.0) if closed else pl.lit(None, pl.Float64)
    return with_btyd(joined, horizon).with_columns(outcome.alias("target"), origin=pl.lit(origin))


def standing(sales: pl.DataFrame, chosen: pl.Expr, as_seen: datetime) -> pl.DataFrame:
    """Return the chosen sales that nobody had cancelled when seen at `as_seen`."""
    void = pl.col("cancelled_at").fill_null(datetime.max) < as_seen
    return sales.filter(chosen & ~void)


def describe(known: pl.DataFrame, origin: datetime, horizon: int) -> pl.DataFrame:
    """Sum the visits (days with a sale) of each customer up: recency, frequency, monetary, tenure, gaps, windows."""
    visits = (
        known.group_by("customer", pl.col("time").dt.truncate("1d").alias("day"))
        .agg(
            amount=pl.col("amount").sum().cast(pl.Float64),
            lines=pl.len(),
            products=pl.col("product").n_unique(),
        )
        .sort("customer", "day")
    )
    amount, ago = pl.col("amount"), (pl.lit(origin) - pl.col("day")).dt.total_days()
    gap = pl.col("day").diff().dt.total_days()
    spend = {f"spend_{days}": amount.filter(ago <= days).sum() for days in WINDOWS}
    count = {f"visits_{days}": (ago <= days).sum() for days in WINDOWS}
    table = visits.group_by("customer", maintain_order=True).agg(
        last_visit=pl.col("day").last().dt.date(),
        last_period=amount.filter(ago <= horizon).sum(),
        recency=ago.min(),
        tenure=ago.max(),
        visits=pl.len(),
        spend=amount.sum(),
        value_mean=amount.mean(),
        value_median=amount.median(),
        value_max=amount.max(),
        value_first=amount.first(),
        value_last=amount.last(),
        value_repeat=amount.slice(1).mean(),
        lines=pl.col("lines").mean(),
        products=pl.col("products").mean(),
        gap_mean=gap.mean(),
        gap_std=gap.std(),
        gap_last=gap.last(),
        **spend,
        **count,
    )
    return table.with_columns(
        rate=pl.col("spend") / pl.max_horizontal("tenure", 30),
        lateness=pl.col("recency") / pl.col("gap_mean"),
        idle_share=pl.col("recency") / pl.col("tenure"),
    )


def with_btyd(table: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Add what BG/NBD and Gamma-Gamma, fitted to the same customers, expect of each."""
    customers = Customers(
        frequency=table["visits"].to_numpy() - 1.0,
        recency=(table["tenure"] - table["recency"]).to_numpy() / 7,
        age=table["tenure"].to_numpy() / 7,
        value=np.nan_to_num(table["value_repeat"].to_numpy()),
    )
    counts, amounts = fit_bg_nbd(customers), fit_gamma_gamma(customers)
    visits = counts.expected_purchases(customers, horizon / 7)
    value = amounts.expected_value(customers)
    return table.with_columns(
        btyd_visits=pl.Series(visits),
        btyd_value=pl.Series(value),
        btyd_spend=pl.Series(visits * value),
        btyd_alive=pl.Series(counts.probability_alive(customers)),
    )
