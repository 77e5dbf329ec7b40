"""Any table as a stream of Arrow tables, with what its library wants to know again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from stook.errors import InputError
from stook.frames.layout import PandasLayout
from stook.frames.logical import refuse_column

__all__ = ["Intake", "from_arrow", "refuse_type"]


@dataclass(frozen=True, slots=True)
class Intake:
    """A table on its way in.

    Attributes:
        library: `arrow`, `pandas` or `polars`.
        type: Name of the type that shall come back.
        schema: Schema of all its pieces.
        pieces: The rows, in order; may be gone through once.
        pandas: What pandas wants to know again.
        extras: What counts in the digest beside columns and rows; a plain value, None where there is nothing.
        links: The columns whose cells are paths of files beside the table, which counts too.
    """

    library: str
    type: str
    schema: pa.Schema
    pieces: Iterable[pa.Table]
    pandas: PandasLayout | None = None
    extras: object = None
    links: tuple[str, ...] = ()


def from_arrow(value: object) -> Intake:
    """Take in an Arrow table, batch, reader, or anything with the Arrow PyCapsule stream interface."""
    if isinstance(value, pa.Table):
        return _intake("Table", value.schema, (value,))
    if isinstance(value, pa.RecordBatch):
        return _intake("RecordBatch", value.schema, (pa.Table.from_batches([value]),))
    if isinstance(value, pa.ChunkedArray) or not hasattr(value, "__arrow_c_stream__"):
        raise refuse_type(value)
    reader = value if isinstance(value, pa.RecordBatchReader) else pa.RecordBatchReader.from_stream(value)
    return _intake("Table", reader.schema, (pa.Table.from_batches([batch]) for batch in reader))


def refuse_type(value: object) -> InputError:
    """Return the error that says that a value is no table."""
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    hint = "put it into one, such as pandas.DataFrame, polars.DataFrame or pyarrow.table({'values': array})"
    for method in ("to_pydatetime", "to_pytimedelta"):
        if hasattr(value, method) and not hasattr(value, "__len__"):
            hint = f"call .{method}() on it, or None where it is none"
    return InputError(f"a {name} is not a table", kind="not-a-table", hint=hint)


def _intake(type_name: str, schema: pa.Schema, pieces: Iterable[pa.Table]) -> Intake:
    seen: set[str] = set()
    for name in schema.names:
        if name in seen:
            raise refuse_column(name, "another column has the same name", "rename one of them")
        seen.add(name)
    return Intake("arrow", type_name, schema, pieces)
