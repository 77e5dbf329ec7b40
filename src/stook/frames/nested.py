"""Nested Arrow arrays taken apart and put together again, without moving their values."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.types as pat

__all__ = ["child_fields", "children", "mapped_type", "rebuilt"]


def child_fields(kind: pa.DataType) -> list[pa.Field]:
    """Return the fields directly inside a nested type; those of a map are one struct of keys and items."""
    return [kind.field(i) for i in range(kind.num_fields)] if pat.is_nested(kind) else []


def children(array: pa.Array) -> list[pa.Array]:
    """Return the arrays directly inside; those of lists whole, whatever slice of the lists `array` is."""
    if pat.is_struct(array.type):
        return [array.field(i) for i in range(array.type.num_fields)]
    return [array.values]


def rebuilt(array: pa.Array, kind: pa.DataType, inside: list[pa.Array]) -> pa.Array:
    """Return the array with other children, which `children` gave one for one, as another type."""
    if pat.is_struct(kind):
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(
            inside, fields=[kind.field(i) for i in range(kind.num_fields)], mask=mask
        )
    own = array.buffers()[: 1 if pat.is_fixed_size_list(kind) else 3 if _is_view(kind) else 2]
    return pa.Array.from_buffers(kind, len(array), own, array.null_count, array.offset, inside)


def mapped_type(kind: pa.DataType, change: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """Return a nested type with `change` applied to the types directly inside it."""
    fields = [field.with_type(change(field.type)) for field in child_fields(kind)]
    if pat.is_struct(kind):
        return pa.struct(fields)
    if pat.is_map(kind):
        entries = fields[0].type
        return pa.map_(entries.field(0), entries.field(1), keys_sorted=kind.keys_sorted)
    if pat.is_fixed_size_list(kind):
        return pa.list_(fields[0], kind.list_size)
    return _LISTS[kind.id](fields[0])


def _is_view(kind: pa.DataType) -> bool:
    return bool(pat.is_list_view(kind) or pat.is_large_list_view(kind))


_LISTS = {
    pa.lib.Type_LIST: pa.list_,
    pa.lib.Type_LARGE_LIST: pa.large_list,
    pa.lib.Type_LIST_VIEW: pa.list_view,
    pa.lib.Type_LARGE_LIST_VIEW: pa.large_list_view,
}
