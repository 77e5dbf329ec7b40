"""A copy of a table in the cache, with the rows of each key together: many partitions are read from it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from stook._io import temp_name
from stook.format import canonical

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["Grouped"]

_CONTEXT: Final = "stook v1 grouped rows"
_BROKEN: Final = (OSError, pa.ArrowException)


class Grouped:
    """The copy of one table by one column.

    Args:
        bundle: What has the table.
        path: Of the item that is the table; empty for a sole one.
        by: The column; empty for ranges of rows.
    """

    def __init__(self, bundle: Bundle, path: str, by: str) -> None:
        name = canonical.digest(_CONTEXT, canonical.encode([bundle.digest, path, by]))
        self._file: Path = bundle.repository.cache / "partitions" / f"{name}.arrow"

    def find(self) -> pa.Table | None:
        """Return the table, of which no more is read than is looked at; None where there is no copy."""
        try:
            return pa.ipc.open_file(pa.memory_map(str(self._file))).read_all()
        except _BROKEN:
            return None

    def is_worth_it(self) -> bool:
        """Tell whether some were read before: of a table that has grown by a day, one partition is all that is read."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.with_suffix(".once").touch(exist_ok=False)
        except FileExistsError:
            return True
        except OSError:
            return False
        return False

    def keep(self, table: pa.Table, order: Any) -> None:
        """Keep a copy with rows in an order; where that cannot be, partitions are read without."""
        temp = temp_name(self._file)
        try:
            together = table.take(pa.array(order)).combine_chunks().unify_dictionaries()
            with open(temp, "xb") as file:
                with pa.ipc.new_file(file, together.schema) as writer:
                    writer.write_table(together)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temp, self._file)
        except _BROKEN:
            with suppress(OSError):
                temp.unlink(missing_ok=True)
