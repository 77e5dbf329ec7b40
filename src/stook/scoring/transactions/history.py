"""Whether there is enough history to learn from and to judge by."""

from __future__ import annotations

from datetime import datetime

from stook.errors import InputError

__all__ = ["MIN_CUSTOMERS", "PERIODS", "check_history"]

MIN_CUSTOMERS = 30
# One horizon to look back on, one to learn from, one to calibrate on and one to be judged by.
PERIODS = 4


def check_history(
    *, customers: int, first: datetime | None, last: datetime | None, horizon_days: int
) -> None:
    """Refuse what no honest model can be fitted to.

    Args:
        customers: Distinct customers among the accepted rows.
        first: Time of the first accepted row, None if there is none.
        last: Time of the last.
        horizon_days: Days to predict.

    Raises:
        InputError: `no-usable-rows`, `too-few-customers` or `too-little-history`.
    """
    if first is None or last is None or not customers:
        raise InputError(
            "no row of the input could be used",
            kind="no-usable-rows",
            hint="look at the reasons in the bundle 'rejected', or name the columns: --columns customer=…,time=…",
        )
    if customers < MIN_CUSTOMERS:
        raise InputError(
            f"the input has {customers} customer{'s' * (customers > 1)}; at least {MIN_CUSTOMERS} are needed",
            kind="too-few-customers",
            hint="give a file with more customers, or check the column: --columns customer=COLUMN",
            customers=customers,
        )
    days, needed = (last - first).days + 1, PERIODS * horizon_days
    if days < needed:
        raise InputError(
            f"the input covers {days} days; {horizon_days} days ahead need {needed}, four times the horizon",
            kind="too-little-history",
            hint=f"predict less far (--horizon {max(days // PERIODS, 1)}) or give more history",
            days=days,
        )
