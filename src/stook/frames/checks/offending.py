"""The first rows that a check refuses, and how many there are."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from stook.frames.checks.failures import MAX_ROWS, ROW
from stook.frames.checks.parts import Rows, gather

__all__ = ["Offending", "numbered"]

_MAX_BYTES = 64 << 20


class Offending:
    """Collects rows that are wrong, as far as memory should allow.

    Attributes:
        count: How many there are.
        first_number: The number of the first, from 0.
    """

    def __init__(self) -> None:
        self.count = 0
        self.first_number = 0
        self._kept: list[pa.Table] = []
        self._rows = 0
        self._bytes = 0

    def add(self, rows: Rows, wrong: Any) -> None:
        """Take those of some rows where a mask is true."""
        count = pc.sum(wrong).as_py() or 0
        if not count:
            return
        if self._rows < MAX_ROWS and self._bytes < _MAX_BYTES:
            self._keep(rows, wrong)
        self.count += count

    def table(self) -> pa.Table:
        """Return the rows that were kept, with their numbers in front."""
        return pa.concat_tables(self._kept)

    def _keep(self, rows: Rows, wrong: Any) -> None:
        places = pc.indices_nonzero(wrong).slice(0, MAX_ROWS - self._rows)
        found = numbered(gather(rows.table, places), pc.add(places.cast(pa.int64()), rows.start))
        if not self.count:
            self.first_number = found[0][0].as_py()
        self._kept.append(found)
        self._rows += found.num_rows
        self._bytes += found.nbytes


def numbered(table: pa.Table, numbers: Any) -> pa.Table:
    """Return rows with their numbers as the first column, which has a name that no other has."""
    name = ROW
    while name in table.column_names:
        name = f"_{name}"
    return table.add_column(0, name, [numbers])
