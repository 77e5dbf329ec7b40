"""The tables that say where the numbers come from."""

from __future__ import annotations

from itertools import islice

from stook.scoring.report import formats
from stook.scoring.report.model import Report
from stook.scoring.report.table import MOST_ROWS, Cell, Column, Row, Table, code

__all__ = ["bundle_table", "column_table", "parameter_table", "rejection_table"]


def bundle_table(report: Report) -> Table:
    """List the bundles that the report stands on."""
    rows = [
        Row(formats.short(ref.role), tuple(code(text) for text in (ref.name, ref.id, ref.digest[:16])))
        for ref in report.provenance.bundles[:MOST_ROWS]
    ]
    heads = tuple(Column(title, words=True) for title in ("Part", "Bundle", "Id", "Digest begins"))
    return Table("bundles", "Bundles, from the input to the predictions", heads, tuple(rows))


def parameter_table(report: Report) -> Table:
    """List the parameters by name."""
    found = islice(sorted(report.provenance.parameters.items()), MOST_ROWS)
    rows = [Row(formats.short(name), (code(str(value)),)) for name, value in found]
    return Table(
        "parameters", "Parameters", (Column("Name", words=True), Column("Value", words=True)), tuple(rows)
    )


def rejection_table(report: Report) -> Table:
    """Count the rows that were left out, the most frequent reason first."""
    quality = report.quality
    ordered = sorted(quality.rejected, key=lambda rejection: -rejection.rows)[:MOST_ROWS]
    parts = [
        ("Accepted", quality.rows_accepted),
        *((rejection.reason, rejection.rows) for rejection in ordered),
    ]
    rows = [
        Row(formats.short(name), (Cell(formats.count(number)), Cell(_share(number, quality.rows_read))))
        for name, number in parts
    ]
    rows.append(Row("Read", (Cell(formats.count(quality.rows_read)), Cell("")), strong=True))
    heads = (Column("Rows", words=True), Column("Number"), Column("Share"))
    return Table("rows", "What became of the rows", heads, tuple(rows))


def column_table(report: Report) -> Table:
    """Say which column was read as what."""
    rows = [
        Row(formats.short(use.role), (code(use.column), Cell("guessed" if use.guessed else "given")))
        for use in report.quality.columns[:MOST_ROWS]
    ]
    heads = tuple(Column(title, words=True) for title in ("Read as", "Column", "How"))
    return Table("columns", "How the columns were read", heads, tuple(rows))


def _share(number: int, whole: int) -> str:
    return formats.percent(number / whole if whole else None)
