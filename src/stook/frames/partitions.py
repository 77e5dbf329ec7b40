"""Some rows of a stored table: those with one key in a column, or a range of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from stook.errors import InputError
from stook.format import canonical
from stook.frames.content import Content
from stook.frames.digest import FrameHasher
from stook.frames.grouped import Grouped
from stook.frames.logical import logical_type
from stook.frames.reading import read, read_schema
from stook.store.reading.decode import BlobSource

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["digest_range", "find_parts", "read_rows"]

_LINKED = "stook v1 partition of linked"
_LARGE_BYTES = 8 << 20
_KEYS = (
    pat.is_boolean,
    pat.is_integer,
    pat.is_floating,
    pat.is_decimal,
    pat.is_string,
    pat.is_large_string,
    pat.is_string_view,
    pat.is_date,
    pat.is_timestamp,
)


class Rows(Protocol):
    """Which rows are meant: those with a key in a column, or a range."""

    @property
    def by(self) -> str:
        """The column; empty for a range."""
        ...

    @property
    def key(self) -> object:
        """What is in the column."""
        ...

    @property
    def start(self) -> int:
        """The first row of a range."""
        ...

    @property
    def stop(self) -> int:
        """The row after its last."""
        ...


def find_parts(bundle: Bundle, path: str, by: str, rows: int) -> list[tuple[object, int, int, str]]:
    """Return the partitions of a table: key, first row, row after the last (0 and 0 where by key), and digest.

    Args:
        bundle: What has the table.
        path: Of the item that is the table; empty for a sole one.
        by: The column that has the keys; empty for ranges.
        rows: Rows in each range.

    Raises:
        InputError: There is no such table or column, or it is of a type that makes no keys.
    """
    table = _as_kept(bundle, path)
    digest = _Digest(bundle, path, table)
    if not by:
        starts = range(0, table.num_rows, rows)
        return [(None, at, min(at + rows, table.num_rows), digest.of_rows(at, at + rows)) for at in starts]
    keys, order, counts = _group(_keys(table, by))
    digest.take(order)
    return [(key, 0, 0, digest.of_rows(start, stop)) for key, start, stop in _spans(keys, counts)]


def digest_range(bundle: Bundle, path: str, start: int, stop: int) -> str:
    """Return the digest of a range of rows; empty where the table has none there. Raises as `find_parts` does."""
    table = _as_kept(bundle, path)
    return _Digest(bundle, path, table).of_rows(start, stop) if start < table.num_rows else ""


def read_rows(bundle: Bundle, path: str, rows: Rows, library: str) -> object:
    """Return some rows of a table.

    Args:
        bundle: What has the table.
        path: Of the item that is the table; empty for a sole one.
        rows: Which rows.
        library: `arrow`, `pandas`, `polars`, or `lazy` for a lazy frame; empty for the one that it was kept from.

    Raises:
        InputError: There is no such table or column.
        MissingExtraError: The library is not installed.
    """
    return _as_library(_some_rows(bundle, path, rows), library or _library(bundle, path))


def _some_rows(bundle: Bundle, path: str, rows: Rows) -> pa.Table:
    """Return some rows: of a large table, from a copy where those of each key are together."""
    if _is_linked(bundle, path):
        return _chosen(bundle.to_arrow(path), rows, _as_kept(bundle, path))
    if _table_node(bundle, path).blob.size < _LARGE_BYTES:
        return _chosen(bundle.to_arrow(path), rows)
    grouped = Grouped(bundle, path, rows.by)
    together = grouped.find()
    if together is None:
        table = bundle.to_arrow(path)
        if grouped.is_worth_it():
            grouped.keep(table, _group(_keys(table, rows.by))[1] if rows.by else np.arange(table.num_rows))
        return _chosen(table, rows)
    start, stop = rows.start, min(rows.stop, together.num_rows)
    if rows.by:
        mask = _mask(_keys(together, rows.by), rows.key)
        start = pc.index(mask, True).as_py()
        stop = start + pc.sum(mask, min_count=0).as_py()
    return together.take(pa.array(np.arange(start, stop)))  # the copy may go while these are used


def _chosen(table: pa.Table, rows: Rows, kept: pa.Table | None = None) -> pa.Table:
    if not rows.by:
        return table.slice(rows.start, rows.stop - rows.start)
    return table.filter(_mask(_keys(table if kept is None else kept, rows.by), rows.key))


class _Digest:
    """Digests of rows of one table."""

    def __init__(self, bundle: Bundle, path: str, table: pa.Table) -> None:
        content = Content(table.schema)
        self._types = [(field.name, logical_type(field.type, field.name)) for field in table.schema]
        self._plain = content.decode(table)
        self._extras = [None, content.categories.ordered_digests()]
        # Cells of a linked table are paths of files, whose content counts too.
        self._whole = bundle.digest if _is_linked(bundle, path) else ""

    def take(self, order: Any) -> None:
        """Put rows into an order."""
        self._plain = self._plain.take(pa.array(order)).combine_chunks()

    def of_rows(self, start: int, stop: int) -> str:
        """Return the digest of a range of rows."""
        hasher = FrameHasher(self._types)
        hasher.update(self._plain.slice(start, stop - start))
        found = hasher.hexdigest(self._extras)
        return canonical.digest(_LINKED, found.encode(), self._whole.encode()) if self._whole else found


def _keys(table: pa.Table, by: str) -> pa.Array:
    """Return a column whose equal values are one key each."""
    if by not in table.column_names:
        raise InputError(
            f"the table has no column {by!r} to make partitions by; it has {', '.join(table.column_names)}",
            kind="no-such-column",
            hint="name one of its columns in stook.partitions(…, by=…)",
        )
    column = table.column(by).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if pat.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not any(is_key(column.type) for is_key in _KEYS):
        raise _no_key(by, f"is of type {column.type}")
    if pat.is_floating(column.type):
        return pc.add(column.cast(pa.float64()), 0.0)  # -0.0 becomes 0.0
    if pat.is_timestamp(column.type):
        try:
            return column.cast(pa.timestamp("us", column.type.tz))
        except pa.ArrowInvalid as error:
            raise _no_key(by, "has times finer than a microsecond") from error
    return column


def _no_key(by: str, problem: str) -> InputError:
    return InputError(
        f"column {by!r} {problem}, which makes no partitions",
        kind="no-key",
        hint="make a column of text, whole numbers, dates or times to make partitions by",
    )


def _group(column: pa.Array) -> tuple[list[object], Any, Any]:
    """Return the keys in order, the rows in the order of their keys, and how many rows each key has."""
    coded = pc.dictionary_encode(column, null_encoding="encode")
    found = coded.dictionary.to_pylist()
    order = np.array(sorted(range(len(found)), key=lambda at: _place(found[at])), np.int64)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    ranks = rank[coded.indices.to_numpy(zero_copy_only=False)] if len(column) else np.empty(0, np.int64)
    return (
        [found[at] for at in order],
        np.argsort(ranks, kind="stable"),
        np.bincount(ranks, minlength=len(order)),
    )


def _place(key: object) -> tuple[bool, bool, object]:
    """Return by what keys are put in order: NaN after all numbers, and what is no key last."""
    is_nan = isinstance(key, float) and math.isnan(key)
    return key is None, is_nan, 0 if key is None or is_nan else key


def _spans(keys: list[object], counts: Any) -> Iterator[tuple[object, int, int]]:
    start = 0
    for key, count in zip(keys, counts.tolist(), strict=True):
        yield key, start, start + count
        start += count


def _mask(column: pa.Array, key: object) -> pa.Array:
    if key is None:
        return pc.is_null(column)
    if isinstance(key, float) and math.isnan(key):
        return pc.is_nan(column)
    return pc.equal(column, pa.scalar(key, column.type))


def _as_kept(bundle: Bundle, path: str) -> pa.Table:
    """Return a table whose links, if any, name files beside it, wherever these are for who reads."""
    if not _is_linked(bundle, path):
        return bundle.to_arrow(path)
    return read(_source(bundle, path)).table


def _is_linked(bundle: Bundle, path: str) -> bool:
    from stook.store.reading.linked import linked_key

    return linked_key(_table_node(bundle, path)) is not None


def _table_node(bundle: Bundle, path: str) -> Any:
    from stook.model.tree import Object, iter_items

    if path:
        return bundle.get_place(path).node
    leaves = (leaf for _, leaf in iter_items(bundle.tree) if isinstance(leaf, Object))
    found = next((leaf for leaf in leaves if leaf.kind == "frame"), None)
    if found is None:
        import shlex

        raise InputError(
            f"{bundle.ref} is no table, and has no partitions",
            kind="not-a-table",
            hint=f"stook show {shlex.quote(bundle.ref)} says what it is; return a table where it is made",
        )
    return found


def _library(bundle: Bundle, path: str) -> str:
    """Return the library whose table was kept."""
    return read_schema(_source(bundle, path))[0].library


def _source(bundle: Bundle, path: str) -> BlobSource:
    return BlobSource(bundle.repository, _table_node(bundle, path).blob, ".parquet", bundle.ref)


def _as_library(table: pa.Table, library: str) -> object:
    if library == "pandas":
        from stook.frames import pandas_frames

        return pandas_frames.from_arrow(table, table.num_rows)
    if library in {"polars", "lazy"}:
        from stook.frames import polars_frames

        frame = polars_frames.from_arrow(table, table.num_rows)
        return frame.lazy() if library == "lazy" else frame
    return table
