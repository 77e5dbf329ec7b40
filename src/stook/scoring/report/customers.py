"""The table of the customers with the highest expected spend."""

from __future__ import annotations

from stook.scoring.report import formats
from stook.scoring.report.charts import interval_bar, top_scale
from stook.scoring.report.model import Report
from stook.scoring.report.table import MOST_ROWS, Cell, Column, Row, Table

__all__ = ["top_table"]


def top_table(report: Report) -> Table:
    """List the customers with the highest expected spend, each with its range."""
    shown = report.top[:MOST_ROWS]
    scale = top_scale(shown)
    extent = (
        f"{formats.compact(scale.low, report.currency)} to {formats.compact(scale.high, report.currency)}"
    )
    rows = [
        Row(
            formats.short(entry.customer, 32),
            (
                Cell(formats.amount(entry.expected, report.currency)),
                Cell(interval_bar(entry, scale, report.currency, name=f"range-{index}")),
                Cell(formats.amount(entry.low, report.currency)),
                Cell(formats.amount(entry.median, report.currency)),
                Cell(formats.amount(entry.high, report.currency)),
                Cell(formats.percent(entry.probability, 0)),
                Cell(formats.amount(entry.previous, report.currency)),
                Cell(formats.MISSING if entry.last_purchase is None else f"{entry.last_purchase:%Y-%m-%d}"),
            ),
        )
        for index, entry in enumerate(shown, start=1)
    ]
    heads = (
        Column("Customer", words=True),
        Column("Expected"),
        Column(extent, words=True),
        Column("Low"),
        Column("Median"),
        Column("High"),
        Column("Buys"),
        Column(f"Last {report.outlook.horizon_days} days"),
        Column("Last bought"),
    )
    return Table("top", f"The {len(rows)} customers with the highest expected spend", heads, tuple(rows))
