"""Tables to Parquet and back.

The settings keep two versions of a table alike in their bytes, so that chunks are shared: content-defined pages, small
pages, and dictionaries only where few values repeat (a dictionary moves every index after an insertion).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pat

from stook.errors import InputError
from stook.frames.categories import Categories, dump_arrays
from stook.frames.content import Content
from stook.frames.intake import Intake
from stook.frames.layout import FOOTER_KEY, Layout, dump, form_of
from stook.frames.logical import refuse_column
from stook.store.codec import Encoded

__all__ = ["write"]

_GROUP_ROWS = 1 << 20
_GROUP_CELLS = 32 << 20
_PAGE_BYTES = 128 * 1024
_SAMPLE_ROWS = 65_536
_FEW_VALUES = 1024


def write(intake: Intake, out: BinaryIO) -> Encoded:
    """Write a table as Parquet, in one pass.

    Raises:
        InputError: A column's type or content cannot be kept; it is named.
    """
    try:
        return _write(intake, out)
    except pa.ArrowException as error:
        raise InputError(
            f"the table cannot be kept exactly: {error}",
            kind="bad-table",
            hint="cast the column that it names",
        ) from error


def _write(intake: Intake, out: BinaryIO) -> Encoded:
    schema = intake.schema
    content = Content(schema)
    rows = 0
    writer: Any = None
    try:
        for group in _groups(intake.pieces, schema):
            plain = content.decode(group)
            _check_dates(plain)
            content.update(plain)
            writer = writer or _open(out, plain)
            writer.write_table(plain, row_group_size=_GROUP_ROWS)
            rows += group.num_rows
        layout = _layout(intake, rows, content.categories)
        writer.add_key_value_metadata({FOOTER_KEY: dump(layout)})
    finally:
        if writer is not None:
            writer.close()
    meta: dict[str, object] = {
        "library": intake.library,
        "type": intake.type,
        "rows": rows,
        "columns": len(schema),
        "form": form_of(layout),
    }
    return Encoded(content.hexdigest(intake.extras, intake.links), meta)


def _layout(intake: Intake, rows: int, categories: Categories) -> Layout:
    found = list(categories.values().values())
    return Layout(
        library=intake.library,
        type=intake.type,
        rows=rows,
        schema=intake.schema.serialize().to_pybytes(),
        categories=dump_arrays(found) if found else None,
        pandas=intake.pandas,
    )


def _groups(pieces: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """Cut the rows into row groups, the same however they come; at least one, which may be empty."""
    limit = max(_SAMPLE_ROWS, min(_GROUP_ROWS, _GROUP_CELLS // max(1, len(schema))))
    waiting: list[pa.Table] = []
    rows = 0
    empty = True
    last = schema.empty_table()
    for piece in pieces:
        last = piece
        if not len(schema):  # slicing and joining forget how many rows there are where there are no columns
            yield piece
            empty = False
            continue
        start = 0
        while start < piece.num_rows:
            part = piece.slice(start, limit - rows)
            start += part.num_rows
            rows += part.num_rows
            waiting.append(part)
            if rows == limit:
                yield pa.concat_tables(waiting)
                waiting, rows, empty = [], 0, False
    if waiting or empty:
        yield pa.concat_tables(waiting) if waiting else last


def _open(out: BinaryIO, first: pa.Table) -> Any:
    few = [
        name
        for name, column in zip(first.column_names, first.columns, strict=True)
        if _has_few_values(column)
    ]
    return pq.ParquetWriter(
        out,
        first.schema.remove_metadata(),
        compression="zstd",
        use_dictionary=few or False,
        data_page_size=_PAGE_BYTES,
        use_content_defined_chunking={
            "min_chunk_size": 64 * 1024,
            "max_chunk_size": 256 * 1024,
            "norm_level": 1,
        },
    )


def _has_few_values(column: pa.ChunkedArray) -> bool:
    kind = column.type
    if not (pat.is_primitive(kind) or pat.is_decimal(kind) or _is_text(kind)) or pat.is_boolean(kind):
        return False
    sample = column.slice(0, _SAMPLE_ROWS)
    distinct = pc.count_distinct(sample.cast(pa.float32()) if pat.is_float16(kind) else sample).as_py()
    return bool(distinct <= min(_FEW_VALUES, len(sample) // 8))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pat.is_string(kind) or pat.is_large_string(kind))


def _check_dates(table: pa.Table) -> None:
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pat.is_date64(column.type) and not column.cast(pa.date32()).cast(pa.date64()).equals(column):
            raise refuse_column(name, "a date64 in it is no whole day", "cast it to timestamp('ms')")
