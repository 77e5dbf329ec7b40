"""Rows that are alike in some columns, found by DuckDB from a file, so that memory does not grow with the table."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pat

from stook.frames.checks.definitions import Unique
from stook.frames.checks.failures import MAX_ROWS, Failure, cell_words, count_words
from stook.frames.checks.offending import numbered
from stook.frames.checks.parts import Rows, Whole, gather

__all__ = ["Duplicates"]

_MEMORY = "512MB"
_NUMBER = "_number"


class Duplicates:
    """Writes keys and row numbers to a file as they pass, and looks for those that come twice in the end.

    Args:
        check: Which columns.
        whole: The table, where all of it is there: then whole rows are shown, else their keys.
    """

    def __init__(self, check: Unique, whole: Whole | None) -> None:
        self._check = check
        self._whole = whole
        self._folder = tempfile.TemporaryDirectory(prefix="stook-check-", ignore_cleanup_errors=True)
        self._file = Path(self._folder.name) / "keys.parquet"
        self._writer: Any = None

    def update(self, rows: Rows) -> None:
        """See some more rows."""
        numbers = pa.array(np.arange(rows.start, rows.start + rows.table.num_rows))
        keys = [_exact(rows.column(name)) for name in self._check.names]
        table = pa.table([*keys, numbers], names=self._names)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema, compression="zstd")
        self._writer.write_table(table)

    def failure(self, total: int) -> Failure | None:
        """Return the rows that are like another, in the order of the table."""
        try:
            if self._writer is None:
                return None
            self._writer.close()
            count, first, alike = self._query()
        finally:
            self._folder.cleanup()
        if not count:
            return None
        numbers = alike[_NUMBER].combine_chunks()
        if self._whole is None:
            keys = alike.drop_columns([_NUMBER]).rename_columns([*self._check.names])
            rows = numbered(keys, numbers)
        else:
            rows = numbered(gather(self._whole.table, numbers), numbers)
        return Failure(self._check, self._message(count_words(count, total), first, rows), count, rows)

    @property
    def _names(self) -> list[str]:
        return [*(f"key{number}" for number in range(len(self._check.names))), _NUMBER]

    def _query(self) -> tuple[int, list[int], pa.Table]:
        """Return how many rows are like another, two that are alike, and the keys and numbers of the first."""
        import duckdb

        keys = ", ".join(self._names[:-1])
        present = " AND ".join(f"{key} IS NOT NULL" for key in self._names[:-1])
        alike = f"SELECT given.* FROM given SEMI JOIN twice USING ({keys}) ORDER BY {_NUMBER} LIMIT"  # noqa: S608
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": 2,
            "memory_limit": _MEMORY,
            "temp_directory": self._folder.name,
        }
        with duckdb.connect(config=config) as connection:
            connection.read_parquet(str(self._file)).create_view("given")
            connection.execute(
                f"CREATE TABLE twice AS SELECT {keys}, count(*) AS times FROM given WHERE {present} "  # noqa: S608
                f"GROUP BY {keys} HAVING count(*) > 1"
            )
            counted = connection.execute("SELECT coalesce(sum(times), 0) FROM twice").fetchall()
            pair = connection.execute(
                f"SELECT given.{_NUMBER} FROM given SEMI JOIN ({alike} 1) AS first USING ({keys}) "  # noqa: S608
                f"ORDER BY 1 LIMIT 2"
            ).fetchall()
            found = connection.sql(f"{alike} {MAX_ROWS}").to_arrow_table()
        return int(counted[0][0]), [number for (number,) in pair], found

    def _message(self, count: str, pair: list[int], rows: pa.Table) -> str:
        names = self._check.names
        how = "is not unique" if len(names) == 1 else "together are not unique"
        value = ", ".join(cell_words(rows[name], 0) for name in names)
        return f"{', '.join(names)} {how} in {count}, such as rows {' and '.join(map(str, pair))}: {value}"


def _exact(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column that DuckDB reads without loss."""
    return column.cast(pa.string()) if pat.is_decimal256(column.type) else column
