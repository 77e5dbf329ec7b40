from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from customer_value.calibration import closed_by
from customer_value.features import at_origin, feature_table
from customer_value.origins import CLOSED, origins

from .conftest import START

HORIZON = 30
ORIGIN = START + timedelta(days=120)


def test_features_do_not_know_the_future(sales):
    """Whatever happens from the origin on, sales or cancellations, the features are the same."""
    known = sales.filter(pl.col("time") < ORIGIN)
    late = pl.col("cancelled_at") >= ORIGIN
    unaware = known.with_columns(cancelled_at=pl.when(~late).then("cancelled_at"))

    with_future = at_origin(sales, ORIGIN, HORIZON, closed=True).drop("target")
    without = at_origin(unaware, ORIGIN, HORIZON, closed=True).drop("target")

    assert_frame_equal(with_future, without)


def test_the_target_is_what_was_spent_from_the_origin_on(sales):
    """A target counts the sales of the period that were not cancelled by its end, and no other."""
    end = ORIGIN + timedelta(days=HORIZON)
    table = at_origin(sales, ORIGIN, HORIZON, closed=True)
    for customer, target in table.select("customer", "target").head(20).iter_rows():
        expected = sum(
            row["amount"]
            for row in sales.filter(pl.col("customer") == customer).iter_rows(named=True)
            if ORIGIN <= row["time"] < end and not (row["cancelled_at"] and row["cancelled_at"] < end)
        )
        assert target == pytest.approx(float(expected))


def test_an_open_period_has_no_target(sales):
    """Origins whose period is not over have no target to learn from."""
    table = feature_table(sales, HORIZON)
    open_steps = table.filter(pl.col("target").is_null())["step"].unique().sort().to_list()
    assert open_steps == list(range(CLOSED))


@pytest.mark.parametrize("step", [0, CLOSED, CLOSED + 2])
def test_a_model_learns_only_from_periods_that_were_over(sales, step):
    """At an origin, the newest period to learn from ended on that day at the latest."""
    table = feature_table(sales, HORIZON)
    today = table.filter(pl.col("step") == step)["origin"][0]
    assert closed_by(table, step)["origin"].max() + timedelta(days=HORIZON) <= today


@pytest.mark.parametrize("horizon", [1, 7, 30, 60, 90])
def test_origins_are_a_horizon_apart_every_four_steps(horizon):
    """The origin `CLOSED` steps back is one horizon earlier, whatever the horizon."""
    days = origins(START, START + timedelta(days=1_000), horizon)
    assert all(a - b == timedelta(days=horizon) for a, b in zip(days, days[CLOSED:], strict=False))
