"""The days from which we look ahead.

Origin 0 is the day after the last transaction: the one to predict from. The others follow backwards, four to a horizon,
so that `step + CLOSED` is exactly one horizon earlier, and the newest one whose outcome is known is `CLOSED`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

CLOSED = 4
MOST_ORIGINS = 32


def origins(first: datetime, last: datetime, horizon: int) -> list[datetime]:
    """Return the origins, newest first, as long as there is a horizon of history before them.

    Args:
        first: Time of the first transaction.
        last: Time of the last.
        horizon: Days to look ahead.
    """
    start, now = midnight(first), midnight(last) + timedelta(days=1)
    days_back = [step * horizon // CLOSED for step in range(MOST_ORIGINS)]
    return [now - timedelta(days=days) for days in days_back if now - timedelta(days=days + horizon) >= start]


def midnight(time: datetime) -> datetime:
    """Return the start of the day."""
    return time.replace(hour=0, minute=0, second=0, microsecond=0)
