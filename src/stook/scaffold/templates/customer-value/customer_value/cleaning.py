"""Which rows count as sales.

A cancellation says that an earlier sale did not happen: same customer, product, quantity and price. We learn that only
when it is booked, so the sale stays, with the time at which it became void, and `features.py` decides what was known
when. Returns of a part, and cancellations without their sale, are left out and counted; they change no sale.
"""

from __future__ import annotations

import polars as pl

SAME_SALE = ["customer", "product", "quantity", "price"]


def sales(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the accepted rows with `cancelled_at`, null where a sale stands."""
    accepted = rows.filter(pl.col("reason").is_null()).drop("reason", "text")
    return accepted.join(cancellations(rows, accepted), on="row", how="left").sort("customer", "time", "row")


def cancellations(rows: pl.DataFrame, accepted: pl.DataFrame) -> pl.DataFrame:
    """Match each cancellation with the last such sale before it: the sale's `row`, and `cancelled_at`."""
    cancelled = rows.filter(pl.col("reason") == "cancelled").select(
        "customer", "product", "price", -pl.col("quantity"), cancelled_at="time"
    )
    matched = cancelled.sort("cancelled_at").join_asof(
        accepted.select(*SAME_SALE, "row", "time").sort("time", "row"),
        left_on="cancelled_at",
        right_on="time",
        by=SAME_SALE,
        check_sortedness=False,
    )
    return matched.drop_nulls("row").group_by("row").agg(pl.col("cancelled_at").min())


def rejected(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows left out: number in the file, reason, and the row as it was found."""
    return rows.filter(pl.col("reason").is_not_null()).select("row", "reason", "text")
