"""Why a row is left out, in the order in which reasons are looked for: a row counts under its first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["REASONS", "count_reasons"]

REASONS = {
    "unparsable": "cannot be read",
    "no-customer": "no customer",
    "cancelled": "cancelled or returned",
    "no-value": "amount of zero",
    "future": "in the future",
    "duplicate": "duplicate of an earlier row",
}


def count_reasons(table: pa.Table) -> dict[str, int]:
    """Count the rejected rows of an ingested table by reason; reasons without a row are left out.

    Args:
        table: A table with the column `reason`, null where a row was accepted.
    """
    counts = {entry["values"]: entry["counts"] for entry in table["reason"].value_counts().to_pylist()}
    return {reason: counts[reason] for reason in REASONS if counts.get(reason)}
