from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

START = datetime(2024, 1, 1)


@pytest.fixture
def sales() -> pl.DataFrame:
    """Eighty customers who buy at random for 200 days; some sales are cancelled up to 40 days later."""
    random = np.random.default_rng(1)
    size = 1_500
    minutes = np.sort(random.integers(0, 200 * 1440, size))
    times = [START + timedelta(minutes=int(minute)) for minute in minutes]
    later = [timedelta(days=int(days)) for days in random.integers(0, 40, size)]
    cancelled = random.random(size) < 0.1
    return pl.DataFrame(
        {
            "row": np.arange(1, size + 1),
            "customer": [f"c{number}" for number in random.integers(0, 80, size)],
            "time": times,
            "amount": [Decimal(int(cents)) / 100 for cents in random.integers(50, 9_000, size)],
            "product": [f"p{number}" for number in random.integers(0, 30, size)],
            "cancelled_at": [
                time + wait if gone else None
                for time, wait, gone in zip(times, later, cancelled, strict=True)
            ],
        },
        schema_overrides={"time": pl.Datetime("us"), "cancelled_at": pl.Datetime("us")},
    )
