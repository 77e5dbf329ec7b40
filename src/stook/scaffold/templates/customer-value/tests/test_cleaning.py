from __future__ import annotations

from datetime import datetime

import polars as pl

from customer_value.cleaning import sales

MONDAY, TUESDAY, FRIDAY = datetime(2024, 1, 1), datetime(2024, 1, 2), datetime(2024, 1, 5)


def rows(*given: tuple[datetime, float, str | None]) -> pl.DataFrame:
    """Return ingested rows of one customer and product, from time, quantity and reason."""
    times, quantities, reasons = zip(*given, strict=True)
    return pl.DataFrame(
        {
            "row": range(1, len(given) + 1),
            "reason": pl.Series(reasons, dtype=pl.String),
            "customer": "c",
            "product": "p",
            "time": times,
            "quantity": quantities,
            "price": 2.0,
            "text": None,
        }
    )


def test_a_cancellation_voids_the_last_such_sale_before_it():
    """The matching sale stays, with the time from which it does not count; others are untouched."""
    table = sales(rows((MONDAY, 3, None), (TUESDAY, 3, None), (TUESDAY, 4, None), (FRIDAY, -3, "cancelled")))
    assert table["cancelled_at"].to_list() == [None, FRIDAY, None]


def test_a_cancellation_voids_nothing_that_came_after_it():
    """A sale cannot be cancelled before it was made."""
    table = sales(rows((MONDAY, -3, "cancelled"), (TUESDAY, 3, None)))
    assert table["cancelled_at"].to_list() == [None]
