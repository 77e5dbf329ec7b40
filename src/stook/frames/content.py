"""The digest of a table while its rows pass: on their way in, and from what is stored when a store is verified."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from stook.errors import InputError, IntegrityError
from stook.frames.categories import Categories
from stook.frames.digest import FrameHasher
from stook.frames.logical import logical_type
from stook.frames.reading import BROKEN, damaged, iter_tables, read_schema
from stook.store.codec import Source

__all__ = ["Content", "stored_digest"]

_BATCH_CELLS = 1 << 19
_BATCH_BYTES = 8 << 20


class Content:
    """Takes the rows of a table as they pass, and tells the digest of it all in the end.

    Args:
        schema: Schema of all the pieces.

    Raises:
        InputError: A column is of a type that is not kept.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._hasher = FrameHasher([(field.name, logical_type(field.type, field.name)) for field in schema])
        self.categories = Categories(schema)

    def decode(self, piece: pa.Table) -> pa.Table:
        """Return some more rows with plain values in place of dictionaries, which are noted."""
        return self.categories.decode(piece)

    def update(self, plain: pa.Table) -> None:
        """Take rows that `decode` returned."""
        self._hasher.update(plain)

    def hexdigest(self, extras: object, links: tuple[str, ...]) -> str:
        """Return the digest of all rows taken.

        Args:
            extras: What counts beside columns and rows, such as an index; None where there is nothing.
            links: The columns whose cells are paths of files beside the table.
        """
        counted: list[object] = [extras, self.categories.ordered_digests()]
        if links:
            counted.append(list(links))
        return self._hasher.hexdigest(counted)


def stored_digest(source: Source, meta: dict[str, object]) -> str:
    """Return the digest of a stored table, in a memory that does not grow with its rows.

    Args:
        source: The stored bytes.
        meta: What was said of them.

    Raises:
        IntegrityError: The bytes are not a table that Stook wrote.
        FormatError: They are of a version that this one does not know.
    """
    try:
        return _stored_digest(source, meta)
    except (*BROKEN, AttributeError, InputError) as error:
        raise damaged(error) from error


def _stored_digest(source: Source, meta: dict[str, object]) -> str:
    layout, schema = read_schema(source)
    content, rows = Content(schema), 0
    first = schema.empty_table()
    for number, piece in enumerate(iter_tables(source, _batch_rows(source, layout.rows, len(schema)))):
        first = first if number else piece
        rows += piece.num_rows
        content.update(content.decode(piece))
    if not schema.names:  # of which Parquet forgets how many rows it has
        content.update(pa.table({"": pa.nulls(layout.rows)}).select([]))
    elif rows != layout.rows:
        raise IntegrityError("the stored table is not the one that its footer describes", kind="bad-frame")
    return content.hexdigest(_extras(layout, first), _links(meta))


def _batch_rows(source: Source, rows: int, columns: int) -> int:
    """Return how many rows to take at once: few where cells are large, as far as the stored bytes tell."""
    by_cells = _BATCH_CELLS // max(columns, 1)
    by_bytes = _BATCH_BYTES * rows // max(source.size, 1)
    return max(1024, min(by_cells, by_bytes))


def _extras(layout: Any, first: pa.Table) -> object:
    """Return what counts of a stored table beside its columns and rows."""
    if layout.pandas is not None:
        from stook.frames.pandas_extras import stored_extras

        return stored_extras(layout, first)
    return {"series": True} if layout.library == "polars" and layout.type == "Series" else None


def _links(meta: dict[str, object]) -> tuple[str, ...]:
    links = meta.get("links")
    columns = links.get("columns") if isinstance(links, dict) else None
    return tuple(map(str, columns)) if isinstance(columns, list) else ()
