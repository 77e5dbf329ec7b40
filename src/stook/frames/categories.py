"""Dictionary-encoded columns: stored as their plain values, with the dictionary kept beside.

Parquet has no categories. The values are written in full (Parquet's own encoding makes them small again), and the
dictionary, its order and its unused entries go to the footer, from where `restore` builds the same arrays.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from stook.frames.digest import digest_array
from stook.frames.logical import logical_type, refuse_column
from stook.frames.nested import child_fields, children, mapped_type, rebuilt

__all__ = [
    "Categories",
    "dump_arrays",
    "has_dictionary",
    "load_arrays",
    "plain_type",
    "restore",
    "stored_categories",
]

_Path = tuple[int, ...]


def has_dictionary(kind: pa.DataType) -> bool:
    """Tell whether a type is dictionary-encoded, anywhere in it."""
    return bool(pat.is_dictionary(kind)) or any(has_dictionary(field.type) for field in child_fields(kind))


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type without its dictionaries."""
    if not has_dictionary(kind):
        return kind
    return kind.value_type if pat.is_dictionary(kind) else mapped_type(kind, plain_type)


class Categories:
    """Collects the dictionaries of a table's columns while the plain values pass by."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._seen: dict[_Path, list[pa.Array]] = {}

    def decode(self, table: pa.Table) -> pa.Table:
        """Return the table with plain values in place of dictionaries."""
        columns = []
        for position, column in enumerate(table.columns):
            if has_dictionary(column.type):
                chunks = [self._plain(chunk, (position,)) for chunk in column.chunks]
                columns.append(pa.chunked_array(chunks, plain_type(column.type)))
            else:
                columns.append(column)
        return pa.Table.from_arrays(columns, names=table.column_names) if columns else table

    def values(self) -> dict[_Path, pa.Array]:
        """Return the categories of each dictionary, by where it is in the schema.

        Raises:
            InputError: The order of an ordered dictionary changed on the way.
        """
        found: dict[_Path, pa.Array] = {}
        for path, kind in _dictionaries(self._schema):
            parts = self._seen.get(path, [])
            if kind.ordered and len(parts) > 1:
                raise refuse_column(
                    self._schema.names[path[0]],
                    "the order of its categories is not the same throughout",
                    "call .unify_dictionaries() on the table first",
                )
            merged = pa.concat_arrays(parts) if parts else pa.array([], kind.value_type)
            found[path] = merged.unique().drop_null()
        return found

    def ordered_digests(self) -> list[list[object]]:
        """Return place and digest of those categories whose order has a meaning, for the digest of the table."""
        found = self.values()
        return [
            [list(path), digest_array(found[path], logical_type(kind.value_type, path))]
            for path, kind in _dictionaries(self._schema)
            if kind.ordered
        ]

    def _plain(self, array: pa.Array, path: _Path) -> pa.Array:
        if not has_dictionary(array.type):
            return array
        if pat.is_dictionary(array.type):
            seen = self._seen.setdefault(path, [])
            if not any(part.equals(array.dictionary) for part in seen[-1:]):
                seen.append(array.dictionary)
            return array.dictionary_decode()
        inside = [self._plain(child, (*path, i)) for i, child in enumerate(children(array))]
        return rebuilt(array, plain_type(array.type), inside)


def restore(array: pa.Array, kind: pa.DataType, categories: dict[_Path, pa.Array], path: _Path) -> pa.Array:
    """Return the array in the type that it had, with its dictionaries, names and metadata of nested fields.

    Args:
        array: Plain values, as Parquet gave them.
        kind: The type that went in.
        categories: As `Categories.values` gave them.
        path: Where the array is in the schema.
    """
    if array.type.equals(kind, check_metadata=True):
        return array
    if pat.is_dictionary(kind):
        codes = pc.index_in(array, value_set=categories[path].cast(array.type)).cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(codes, categories[path], ordered=kind.ordered)
    if pat.is_nested(kind):
        inside = [
            restore(child, kind.field(i).type, categories, (*path, i))
            for i, child in enumerate(children(array))
        ]
        return rebuilt(array, kind, inside)
    return array.cast(kind)


def dump_arrays(arrays: list[pa.Array]) -> bytes:
    """Return an Arrow stream of one row, in which each array is one list."""
    lists = [pa.LargeListArray.from_arrays(pa.array([0, len(a)], pa.int64()), a) for a in arrays]
    batch = pa.RecordBatch.from_arrays(lists, names=[str(i) for i in range(len(lists))])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def load_arrays(data: bytes) -> list[pa.Array]:
    """Return the arrays that `dump_arrays` stored."""
    batch = pa.ipc.open_stream(pa.py_buffer(data)).read_next_batch()
    batch.validate(full=True)
    return [column.flatten() for column in batch.columns]


def stored_categories(schema: pa.Schema, data: bytes | None) -> dict[_Path, pa.Array]:
    """Return the categories of a schema's dictionaries, as `dump_arrays` stored them in that order."""
    paths = [path for path, _ in _dictionaries(schema)]
    return dict(zip(paths, load_arrays(data), strict=True)) if data is not None else {}


def _dictionaries(schema: pa.Schema) -> list[tuple[_Path, pa.DataType]]:
    return [found for i, field in enumerate(schema) for found in _inside(field.type, (i,))]


def _inside(kind: pa.DataType, path: _Path) -> list[tuple[_Path, pa.DataType]]:
    if pat.is_dictionary(kind):
        return [(path, kind)]
    return [found for i, field in enumerate(child_fields(kind)) for found in _inside(field.type, (*path, i))]
