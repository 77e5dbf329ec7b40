"""Read a transactions file of any common kind."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stook.scoring.transactions import parse_columns, read_transactions


def ingest(path: Path, columns: str) -> dict[str, Any]:
    """Return every row, typed, and which column played which role.

    Args:
        path: A .csv, .csv.gz, .csv.zst or .parquet file.
        columns: `customer=CustomerID,time=InvoiceDate` where the guesses do not fit.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    found = read_transactions(path, columns=parse_columns(columns), now=now, name=path.name)
    return {"rows": found.table, "columns": [asdict(column) for column in found.columns]}
