"""polars frames to Arrow and back."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from stook.errors import InputError, MissingExtraError
from stook.frames.intake import Intake, refuse_type
from stook.frames.logical import refuse_column

__all__ = ["from_arrow", "from_polars", "import_polars"]

_UNKNOWN_TO_ARROW = ("Int128", "UInt128", "Object", "Unknown", "Extension")


def import_polars() -> Any:
    """Return the polars module.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import polars
    except ImportError as error:
        raise MissingExtraError(
            "polars is not installed, so the table cannot be had as a polars frame",
            kind="missing-extra",
            hint="pip install 'stook[learn]', or call .to_arrow() instead",
        ) from error
    return polars


def from_polars(value: Any) -> Intake:
    """Take in a DataFrame, a LazyFrame (collected: it comes back as a DataFrame) or a Series.

    Raises:
        InputError: A column has a type that Arrow has not, or it is another polars object.
    """
    polars = import_polars()
    if isinstance(value, polars.LazyFrame):
        value = value.collect()
    is_series = isinstance(value, polars.Series)
    frame = value.to_frame() if is_series else value
    if not isinstance(frame, polars.DataFrame):
        raise refuse_type(value)
    for name, kind in frame.schema.items():
        _check(polars, kind, name)
    table = frame.to_arrow()
    _check_returns(polars, frame, table)
    extras = {"series": True} if is_series else None
    return Intake("polars", "Series" if is_series else "DataFrame", table.schema, (table,), extras=extras)


def from_arrow(table: pa.Table, rows: int) -> Any:
    """Return an Arrow table as a polars DataFrame.

    Args:
        table: The table.
        rows: Its rows, which Arrow forgets where there are no columns.

    Raises:
        MissingExtraError: polars is not installed.
        InputError: A column has a type that polars has not.
    """
    polars = import_polars()
    if not table.num_columns:
        return polars.DataFrame(height=rows)
    try:
        frame = polars.from_arrow(table)
    except (polars.exceptions.PolarsError, pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(
            f"polars cannot have this table: {error}", kind="bad-conversion", hint="call .to_arrow() instead"
        ) from error
    if "" in table.column_names:
        frame.columns = table.column_names  # polars gives names to columns that have none
    return frame


def _check(polars: Any, kind: Any, column: str) -> None:
    if type(kind).__name__ in _UNKNOWN_TO_ARROW:
        raise refuse_column(column, f"Arrow has no type for polars' {kind}", "cast it to another type first")
    inner = getattr(kind, "inner", None)
    if inner is not None:
        _check(polars, inner, column)
    for field in getattr(kind, "fields", None) or ():
        _check(polars, field.dtype, f"{column}.{field.name}")


def _check_returns(polars: Any, frame: Any, table: pa.Table) -> None:
    if not table.num_columns:
        return
    back = polars.from_arrow(table.slice(0, 0)).schema
    for (name, kind), came in zip(frame.schema.items(), back.values(), strict=True):  # which may lack a name
        if came != kind:
            raise refuse_column(name, f"polars' {kind} comes back from Arrow as {came}", "cast it first")
