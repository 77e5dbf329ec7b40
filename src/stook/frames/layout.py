"""What a stored table says of itself beside its columns: all that its library needs to have it back equal.

It lives in the Parquet footer under one key, so that any Parquet reader sees ordinary columns, and Stook the rest.
"""

from __future__ import annotations

import msgspec
from blake3 import blake3

from stook.errors import FormatError

__all__ = ["FOOTER_KEY", "ColumnLayout", "IndexLayout", "Layout", "PandasLayout", "dump", "form_of", "load"]

FOOTER_KEY = b"stook"
_FORM_DIGITS = 32


class ColumnLayout(msgspec.Struct, frozen=True, omit_defaults=True):
    """How pandas had one column; which attributes are set depends on `kind`.

    Attributes:
        kind: `numpy`, `datetime`, `timedelta`, `zoned`, `masked`, `string`, `arrow`, `category`, `period`, `interval`
            or `object`.
        dtype: Name of the dtype; of an `object` column, what its cells are.
        zone: `key:Europe/Paris`, `pytz:Europe/Paris` or `fixed:3600.0` (seconds).
        storage: Of a string: where pandas keeps it.
        missing: What stands for a missing cell: `None`, `nan`, `NA` or `NaT`.
        ordered: Of a category.
        closed: Of an interval.
        inner: Of a category: its categories; of an interval: its ends.
        stored: Of a category whose categories Arrow cannot look up: they, as an Arrow stream.
    """

    kind: str
    dtype: str = ""
    zone: str = ""
    storage: str = ""
    missing: str = "None"
    ordered: bool = False
    closed: str = ""
    inner: ColumnLayout | None = None
    stored: bytes | None = None


class IndexLayout(msgspec.Struct, frozen=True, omit_defaults=True):
    """A pandas index, of rows or of columns.

    Attributes:
        names: The names of its levels, a list in the tagged JSON of `format.values`.
        levels: How pandas had each level; empty for a range.
        range: Start, stop and step of a RangeIndex.
        multi: Whether it is a MultiIndex, which may have one level.
        freq: The frequency of a datetime index, a hint that is not part of the data.
        stored: The levels as an Arrow stream; None where they are the last columns of the table, or its column names.
    """

    names: bytes
    levels: tuple[ColumnLayout, ...] = ()
    range: tuple[int, int, int] | None = None
    multi: bool = False
    freq: str | None = None
    stored: bytes | None = None


class PandasLayout(msgspec.Struct, frozen=True, omit_defaults=True):
    """A pandas frame: its columns first, then the levels of its index, as columns of one table."""

    columns: tuple[ColumnLayout, ...]
    labels: IndexLayout
    index: IndexLayout
    attrs: bytes | None = None


class Layout(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stored table.

    Attributes:
        library: `arrow`, `pandas` or `polars`.
        type: The type that comes back: `Table`, `RecordBatch`, `DataFrame` or `Series`.
        rows: How many rows; Parquet forgets them where there are no columns.
        schema: The Arrow schema that went in, as an IPC message.
        categories: Values of the dictionaries, in order: an Arrow stream of one row of lists, one column for each.
        pandas: What pandas needs beside.
    """

    library: str
    type: str
    rows: int
    schema: bytes
    categories: bytes | None = None
    pandas: PandasLayout | None = None


def dump(layout: Layout) -> bytes:
    """Return the JSON of a layout."""
    return msgspec.json.encode(layout)


def form_of(layout: Layout) -> str:
    """Return a digest of what tables of equal content may differ in: the types that their libraries had them in."""
    pandas = layout.pandas
    indexes = (pandas.labels, pandas.index) if pandas else ()
    seen = (
        layout.schema,
        pandas.columns if pandas else (),
        [(one.levels, one.range is None, one.multi, one.freq) for one in indexes],
    )
    return blake3(msgspec.json.encode(seen)).hexdigest()[:_FORM_DIGITS]


def load(data: bytes | None) -> Layout:
    """Return the layout that a Parquet footer holds.

    Raises:
        FormatError: There is none, or it is not one that this version knows.
    """
    try:
        return msgspec.json.decode(data or b"", type=Layout)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(
            f"the stored table does not say how it was laid out: {error}",
            kind="bad-frame",
            hint="upgrade stook; stook verify --deep says whether the item is damaged",
        ) from error
