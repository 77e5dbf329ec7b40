"""The digest of a table: the same for the same columns, whatever wrote them and however they were cut.

A column is taken apart into streams of bytes (see `docs/reference/format/frame-digest.md`, which is normative). A
stream is one row's bytes after another's, so the edges of batches, offsets of slices, and padding cannot be seen in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat
from blake3 import blake3

from stook.format import canonical

__all__ = ["CONTEXT", "FrameHasher", "digest_array", "iter_chunks"]

CONTEXT = "stook v1 frame"


class FrameHasher:
    """Takes the rows of a table as they pass, and tells their digest in the end.

    Args:
        types: The logical type of each column, by name, as `logical.logical_type` gives it.
    """

    def __init__(self, types: list[tuple[str, list[Any]]]) -> None:
        self._types = types
        self._columns = [_Column(kind) for _, kind in types]
        self._rows = 0

    def update(self, table: pa.Table) -> None:
        """Take some more rows; dictionaries have been decoded."""
        self._rows += table.num_rows
        for column, values in zip(self._columns, table.columns, strict=True):
            for chunk in iter_chunks(values):
                column.update(chunk)

    def hexdigest(self, extras: object = None) -> str:
        """Return the digest of all rows taken, and of what else belongs to the table."""
        header = canonical.encode([self._rows, [[name, kind] for name, kind in self._types], extras])
        return canonical.digest(CONTEXT, header, b"".join(column.digests() for column in self._columns))


def digest_array(values: pa.Array | pa.ChunkedArray, kind: list[Any]) -> str:
    """Return the digest of one array, as of a table with that one column and no name."""
    hasher = FrameHasher([("", kind)])
    hasher.update(pa.table({"": values}))
    return hasher.hexdigest()


def iter_chunks(values: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    """Return the arrays that a column consists of."""
    return list(values.chunks) if isinstance(values, pa.ChunkedArray) else [values]


class _Column:
    """The streams of one column, or of one nested part of it: nulls, lengths, values, then its children's."""

    def __init__(self, kind: list[Any]) -> None:
        self._rows = 0
        self._nulls = blake3()
        self._lengths = blake3()
        self._values = blake3()
        self._children = [_Column(child) for child in _child_types(kind)]

    def digests(self) -> bytes:
        """Return the digests of the streams, one after another."""
        below = b"".join(child.digests() for child in self._children)
        return self._nulls.digest() + self._lengths.digest() + self._values.digest() + below

    def update(self, array: pa.Array) -> None:
        """Take some more rows."""
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        array = _without_views(array)
        rows = len(array)
        if array.null_count:
            nulls = np.flatnonzero(pc.is_null(array).to_numpy(zero_copy_only=False)) + self._rows
            self._nulls.update(_little(nulls))
            array = array.drop_null()
        self._rows += rows
        if len(array):
            self._take(array)

    def _take(self, array: pa.Array) -> None:
        kind = array.type
        if pat.is_nested(kind):
            self._take_nested(array)
        elif not pat.is_null(kind):
            lengths, content = _text_bytes(array) if _is_text(array.type) else (None, _bytes_of(array))
            if lengths is not None:
                self._lengths.update(lengths)
            self._values.update(content)

    def _take_nested(self, array: pa.Array) -> None:
        if pat.is_struct(array.type):
            children = array.flatten()
        else:
            lists = _entries_as_lists(array) if pat.is_map(array.type) else array
            if not pat.is_fixed_size_list(array.type):
                self._lengths.update(_little(pc.list_value_length(lists).to_numpy()))
            children = lists.flatten().flatten() if pat.is_map(array.type) else [lists.flatten()]
        for column, child in zip(self._children, children, strict=True):
            column.update(child)


def _without_views(array: pa.Array) -> pa.Array:
    """Return the array in a type whose rows Arrow can filter."""
    kind = array.type
    if pat.is_string_view(kind) or pat.is_binary_view(kind):
        return array.cast(pa.large_binary())
    return array


def _child_types(kind: list[Any]) -> list[list[Any]]:
    match kind[0]:
        case "list" | "array":
            return [kind[-1]]
        case "map":
            return [kind[1], kind[2]]
        case "struct":
            return [child for _, child in kind[1]]
        case "category" | "extension":
            return _child_types(kind[2])
        case _:
            return []


def _entries_as_lists(array: pa.Array) -> pa.Array:
    kind = array.type
    return array.cast(pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)])))


def _bytes_of(array: pa.Array) -> Any:
    """Return the bytes of rows of fixed width without nulls."""
    kind = array.type
    if pat.is_floating(kind):
        return _float_bytes(array)
    if pat.is_boolean(kind):
        return array.cast(pa.uint8()).to_numpy()
    if pat.is_decimal(kind):
        wide = pa.decimal128 if kind.precision <= 38 else pa.decimal256
        return _fixed_bytes(array.cast(wide(kind.precision, kind.scale)))
    if pat.is_date64(kind):
        return _fixed_bytes(array.cast(pa.date32()))
    return _fixed_bytes(array)


def _fixed_bytes(array: pa.Array) -> Any:
    width = array.type.byte_width
    content = np.frombuffer(array.buffers()[1], np.uint8)
    return content[array.offset * width : (array.offset + len(array)) * width]


def _float_bytes(array: pa.Array) -> Any:
    values = array.to_numpy()
    odd = np.isnan(values)
    if odd.any():
        values = values.copy()
        values[odd] = np.nan
    return np.ascontiguousarray(values).view(np.uint8)


def _text_bytes(array: pa.Array) -> tuple[Any, Any]:
    """Return the lengths and the joined content of texts or byte strings without nulls."""
    array = array.cast(pa.large_binary())
    offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    content = array.buffers()[2]
    lengths = _little(np.diff(offsets))
    if content is None:
        return lengths, b""
    return lengths, np.frombuffer(content, np.uint8)[offsets[0] : offsets[-1]]


def _is_text(kind: pa.DataType) -> bool:
    return any(is_kind(kind) for is_kind in _TEXTS)


def _little(numbers: Any) -> Any:
    return numbers.astype("<u8").view(np.uint8)


_TEXTS = (
    pat.is_string,
    pat.is_large_string,
    pat.is_string_view,
    pat.is_binary,
    pat.is_large_binary,
    pat.is_binary_view,
)
