"""The logical type of a column: what its values are, whatever way Arrow lays them out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.types as pat

from stook.errors import InputError

__all__ = ["logical_type", "refuse_column"]

_EXTENSIONS = {"arrow.uuid", "arrow.json", "arrow.bool8", "arrow.fixed_shape_tensor"}


def refuse_column(column: object, reason: str, hint: str) -> InputError:
    """Return the error that says why a column cannot be kept."""
    return InputError(
        f"column {column!r} cannot be kept exactly: {reason}",
        kind="bad-column",
        hint=hint,
        column=str(column),
    )


def logical_type(kind: pa.DataType, column: object) -> list[Any]:
    """Return a plain value that two Arrow types share where their values mean the same.

    The section "Logical types" of the frame digest's specification is normative.

    Args:
        kind: The Arrow type.
        column: Name of the column, for the error.

    Raises:
        InputError: Stook does not keep this type.
    """
    for is_kind, describe in _SIMPLE:
        if is_kind(kind):
            return describe(kind)
    if pat.is_dictionary(kind):
        return ["category", bool(kind.ordered), logical_type(kind.value_type, column)]
    if isinstance(kind, pa.BaseExtensionType) and kind.extension_name in _EXTENSIONS:
        return ["extension", str(kind.extension_name), logical_type(kind.storage_type, column)]
    return _nested_type(kind, column)


def _nested_type(kind: pa.DataType, column: object) -> list[Any]:
    if pat.is_map(kind):
        return ["map", logical_type(kind.key_type, column), logical_type(kind.item_type, column)]
    if pat.is_fixed_size_list(kind) and kind.list_size:
        return ["array", kind.list_size, logical_type(kind.value_type, column)]
    if any(check(kind) for check in _LISTS):
        return ["list", logical_type(kind.value_type, column)]
    if pat.is_struct(kind) and kind.num_fields:
        fields = [[kind[i].name, logical_type(kind[i].type, column)] for i in range(kind.num_fields)]
        if len({name for name, _ in fields}) < len(fields):
            raise refuse_column(column, "two fields of a struct have one name", "rename one of them")
        return ["struct", fields]
    raise refuse_column(column, f"its type {kind} is none that Stook keeps", "cast it to another type first")


def _decimal(kind: pa.DataType) -> list[Any]:
    return ["decimal", kind.precision, kind.scale]


_LISTS = (pat.is_list, pat.is_large_list, pat.is_list_view, pat.is_large_list_view)
_SIMPLE = (
    (pat.is_null, lambda _: ["null"]),
    (pat.is_boolean, lambda _: ["bool"]),
    (pat.is_signed_integer, lambda kind: ["int", kind.bit_width]),
    (pat.is_unsigned_integer, lambda kind: ["uint", kind.bit_width]),
    (pat.is_floating, lambda kind: ["float", kind.bit_width]),
    (pat.is_decimal, _decimal),
    (
        lambda kind: pat.is_string(kind) or pat.is_large_string(kind) or pat.is_string_view(kind),
        lambda _: ["string"],
    ),
    (
        lambda kind: pat.is_binary(kind) or pat.is_large_binary(kind) or pat.is_binary_view(kind),
        lambda _: ["bytes"],
    ),
    (pat.is_fixed_size_binary, lambda kind: ["bytes", kind.byte_width]),
    (pat.is_date, lambda _: ["date"]),
    (pat.is_time, lambda kind: ["time", kind.unit]),
    (pat.is_timestamp, lambda kind: ["timestamp", kind.unit, kind.tz or ""]),
    (pat.is_duration, lambda kind: ["duration", kind.unit]),
)
