"""The codec of tables: a frame of any library that speaks Arrow, as Parquet, and back as the same library's type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from stook.errors import FormatError, InputError
from stook.frames import polars_frames
from stook.frames.content import stored_digest
from stook.frames.describe import describe, head
from stook.frames.intake import Intake, from_arrow
from stook.frames.links import LinkedTable, linked, resolved
from stook.frames.parquet import write
from stook.frames.reading import BROKEN, Stored, damaged, read
from stook.frames.streams import Stream
from stook.frames.text import iter_csv, iter_json
from stook.store.codec import Encoded, Source, TableShape

__all__ = ["CODEC", "FrameCodec", "take_in"]


class FrameCodec:
    """Keeps pandas, polars and Arrow tables, DuckDB relations, and all with the Arrow PyCapsule interface."""

    kind = "frame"
    suffix = ".parquet"

    def dump(self, value: object, out: BinaryIO) -> Encoded:
        """Write a table to `out` as Parquet, in one pass.

        Raises:
            InputError: It is no table, or a column cannot be kept exactly; the error names it.
        """
        if isinstance(value, LinkedTable):
            encoded = write(replace(take_in(value.frame), links=value.columns), out)
            return Encoded(encoded.digest, encoded.meta | {"links": value.meta})
        return write(take_in(value), out)

    def load(self, source: Source, meta: dict[str, object]) -> object:
        """Return the table as the library's type that went in; DuckDB's and others' as an Arrow table.

        Raises:
            IntegrityError: The bytes are not a table that Stook wrote.
            FormatError: They are of a version that this one does not know.
            MissingExtraError: The library is not installed.
        """
        stored = resolved(read(source), source, meta)
        library = stored.layout.library
        if library == "pandas":
            return _native_pandas(stored)
        if library == "polars":
            return _native_polars(stored)
        if library != "arrow":
            raise FormatError(
                f"the stored table came from {library!r}, which this version does not know",
                kind="unknown-library",
                hint="upgrade stook",
            )
        if stored.layout.type == "RecordBatch":
            return (
                stored.table.combine_chunks().to_batches()[0] if len(stored.table) else _empty_batch(stored)
            )
        return stored.table

    def load_as(self, source: Source, meta: dict[str, object], library: str) -> object:
        """Return the table as a library's type, whatever it was; the index of a pandas frame becomes columns.

        Args:
            source: The stored bytes.
            meta: What `dump` said of them.
            library: `"arrow"`, `"pandas"` or `"polars"`.

        Raises:
            InputError: The library cannot have such a table, or is none of these.
            MissingExtraError: It is not installed.
        """
        if library not in {"arrow", "pandas", "polars"}:
            raise InputError(
                f"a table cannot be had as {library!r}",
                kind="unknown-library",
                hint="use arrow, pandas or polars",
            )
        stored = resolved(read(source), source, meta)
        is_native = stored.layout.library == library
        if library == "polars":
            return _frame_of(_native_polars(stored)) if is_native else _polars(stored)
        if library == "pandas":
            return _frame_of(_native_pandas(stored)) if is_native else _pandas(stored)
        return (
            stored.table.replace_schema_metadata(None) if stored.layout.library != "arrow" else stored.table
        )

    def with_links(self, data: object, columns: str | Sequence[str]) -> dict[str, object]:
        """Return a table together with the files that its cells name, as `links.linked` does.

        Args:
            data: A table, whose relative paths start from the current folder; or the path of a file of one, from whose
                folder they start.
            columns: The columns whose cells are paths or URLs.

        Raises:
            InputError: There is no such table or column, or files are missing.
        """
        if not isinstance(data, str | Path):
            return linked(data, columns)
        from stook.frames.files import read_table

        return linked(read_table(Path(data)), columns, base=Path(data).parent)

    def digest(self, source: Source, meta: dict[str, object]) -> str:
        """Return what `dump` would say is the digest of a stored table, in a memory that does not grow with its rows.

        Raises:
            IntegrityError: The bytes are not a table that Stook wrote.
            FormatError: They are of a version that this one does not know.
        """
        return stored_digest(source, meta)

    def describe(self, source: Source, meta: dict[str, object]) -> TableShape:
        """Return columns and rows from the footer, without reading the rows.

        Raises:
            IntegrityError: The bytes are not a table that Stook wrote.
            FormatError: They are of a version that this one does not know.
        """
        return describe(source)

    def head(self, source: Source, rows: int) -> tuple[TableShape, list[list[str]]]:
        """Return the shape, and of each column the first rows as text for the eye. Raises as `describe` does."""
        return head(source, rows)

    def iter_text(self, source: Source, meta: dict[str, object], style: str) -> Iterator[bytes]:
        """Yield all rows as text, a part at a time, in a memory that does not grow with them.

        Args:
            source: The stored bytes.
            meta: What `dump` said of them.
            style: `"csv"`: a header, and empty cells for what is missing; or `"json"`: one array of objects.

        Raises:
            IntegrityError: The bytes are not a table that Stook wrote.
            FormatError: They are of a version that this one does not know.
        """
        return iter_csv(source, meta) if style == "csv" else iter_json(source, meta)

    def export(self, source: Source, meta: dict[str, object], format: str, out: BinaryIO) -> None:  # noqa: A002
        """Write the table as a file of a format: `csv`, `feather`, or `parquet` where its links are to be paths.

        Raises:
            InputError: There is no such format, or it cannot have a column of the table.
            IntegrityError: The bytes are not a table that Stook wrote.
        """
        from stook.frames.export import write_csv, write_feather, write_parquet

        if format == "csv":
            write_csv(source, meta, out)
        elif format == "parquet":
            write_parquet(source, meta, out)
        elif format == "feather":
            write_feather(self.load_as(source, meta, "arrow"), out)
        else:
            raise InputError(
                f"a table cannot be had as {format}", kind="bad-option", hint="use csv, feather or parquet"
            )


CODEC = FrameCodec()


def take_in(value: object) -> Intake:
    """Return any table as a stream of Arrow tables.

    Raises:
        InputError: It is no table, or a column cannot be kept exactly; the error names it.
    """
    if isinstance(value, Stream):
        return value.intake()
    package = type(value).__module__.partition(".")[0]
    if package == "polars":
        return polars_frames.from_polars(value)
    if package == "pandas":
        from stook.frames import pandas_frames

        return pandas_frames.from_pandas(value)
    return from_arrow(value)


def _native_pandas(stored: Stored) -> Any:
    from stook.frames import pandas_frames

    pandas_frames.import_pandas()
    if stored.layout.pandas is None:
        raise FormatError(
            "the stored table does not say how pandas had it", kind="bad-frame", hint="upgrade stook"
        )
    try:
        return pandas_frames.to_pandas(stored, stored.layout.pandas)
    except (*BROKEN, AttributeError) as error:
        raise damaged(error) from error


def _native_polars(stored: Stored) -> Any:
    frame = _polars(stored)
    return frame.to_series() if stored.layout.type == "Series" else frame


def _polars(stored: Stored) -> Any:
    return polars_frames.from_arrow(stored.table, stored.layout.rows)


def _pandas(stored: Stored) -> Any:
    from stook.frames import pandas_frames

    return pandas_frames.from_arrow(stored.table, stored.layout.rows)


def _frame_of(value: Any) -> Any:
    return value.to_frame() if type(value).__name__ == "Series" else value


def _empty_batch(stored: Stored) -> Any:
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([], schema=stored.table.schema)
