"""What type a column of texts is of: narrow enough to be useful, and never so that something of the text is lost.

A column has a type only where every cell of it fits. All else stays text: `00123`, `+49 30`, `1,5`, `12.03.2026`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["ColumnType", "convert"]

_NULLS = pa.array(["", "NA", "N/A", "#N/A", "NULL", "null", "NaN", "nan", "None"])
_WHOLE = r"^-?[1-9][0-9]*$|^0$"
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]+)?$|^-?\.[0-9]+([eE][+-]?[0-9]+)?$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
_PATTERNS = {
    "bool": r"^(true|false|True|False|TRUE|FALSE)$",
    "whole": _WHOLE,
    "number": _NUMBER,
    "date": _DATE,
    "moment": _MOMENT + "$",
    "utc": _MOMENT + r"(Z|\+00:?00)$",
}
_COMPILED = {kind: re.compile(pattern.replace("$", r"\Z")) for kind, pattern in _PATTERNS.items()}
_SAMPLE = 256
_ORDER = ("bool", "whole", "number", "date", "moment", "utc")
_INT64_DIGITS, _UINT64_DIGITS, _DECIMAL_DIGITS = 18, 20, 38
_FLOAT_WHOLE_DIGITS, _FLOAT_DIGITS = 15, 17
_LARGEST_INT64, _LARGEST_UINT64 = 2**63 - 1, 2**64 - 1


@dataclass
class ColumnType:
    """Learns what type a column is of, batch by batch.

    Attributes:
        kind: What every cell so far is: a key of the patterns, `text`, or empty where all were null.
    """

    kind: str = ""
    _smallest: int = 0
    _largest: int = 0
    _whole_digits: int = 0
    _fraction_digits: int = 0
    _digits: int = 0
    _has_exponent: bool = False
    _is_fine: bool = False

    def learn(self, cells: pa.Array) -> None:
        """Take some more cells."""
        if self.kind == "text":
            return
        filled = cells.drop_null()
        values = filled.filter(pc.invert(pc.is_in(filled, value_set=_NULLS)))
        if not len(values):
            return
        self.kind = self._find_kind(values)
        if self.kind in {"whole", "number"}:
            self._measure(values)
        elif self.kind in {"moment", "utc"}:
            self._is_fine = self._is_fine or _any(values, r"\.[0-9]{7,}")
        if self.kind != "text" and not _converts(values, self.type()):
            self.kind = "text"

    def type(self) -> pa.DataType:
        """Return the Arrow type that holds every cell exactly."""
        match self.kind:
            case "bool":
                return pa.bool_()
            case "whole":
                return self._whole_type()
            case "number":
                return self._number_type()
            case "date":
                return pa.date32()
            case "moment":
                return pa.timestamp("ns" if self._is_fine else "us")
            case "utc":
                return pa.timestamp("ns" if self._is_fine else "us", "UTC")
            case _:
                return pa.string()

    def _find_kind(self, values: pa.Array) -> str:
        fitting: tuple[str, ...] = (self.kind,) if self.kind else _ORDER
        if self.kind == "whole":
            fitting = ("whole", "number")
        return next((kind for kind in fitting if _all_match(values, kind)), "text")

    def _measure(self, values: pa.Array) -> None:
        longest = pc.max(pc.binary_length(values)).as_py()
        if longest <= _FLOAT_WHOLE_DIGITS and not _any(values, "[eE]"):
            # However the digits are spread, there are few enough.
            self._whole_digits = max(self._whole_digits, longest)
            self._fraction_digits = max(self._fraction_digits, longest if self.kind == "number" else 0)
            return
        mantissa = pc.replace_substring_regex(values, r"[eE].*$|-", "")
        self._has_exponent = self._has_exponent or _any(values, "[eE]")
        whole = pc.utf8_length(pc.replace_substring_regex(mantissa, r"\..*$", ""))
        length = pc.utf8_length(pc.replace_substring_regex(mantissa, r"\.", ""))
        significant = pc.utf8_length(pc.replace_substring_regex(mantissa, r"^0?\.0*|\.", ""))
        self._whole_digits = max(self._whole_digits, pc.max(whole).as_py())
        self._fraction_digits = max(self._fraction_digits, pc.max(pc.subtract(length, whole)).as_py())
        self._digits = max(self._digits, pc.max(significant).as_py())
        if self.kind == "whole" and _INT64_DIGITS < self._whole_digits <= _DECIMAL_DIGITS:
            bounds = pc.min_max(values.cast(pa.decimal128(_DECIMAL_DIGITS, 0))).as_py()
            self._smallest = min(self._smallest, int(bounds["min"]))
            self._largest = max(self._largest, int(bounds["max"]))

    def _whole_type(self) -> pa.DataType:
        if self._whole_digits > _DECIMAL_DIGITS:
            return pa.string()
        if self._smallest >= -_LARGEST_INT64 and self._largest <= _LARGEST_INT64:
            return pa.int64()
        if self._smallest >= 0 and self._largest <= _LARGEST_UINT64:
            return pa.uint64()
        return pa.decimal128(_DECIMAL_DIGITS, 0)

    def _number_type(self) -> pa.DataType:
        """Return float64 where reading and printing it gives the same number; else a decimal, else text."""
        if self._digits <= _FLOAT_DIGITS and self._whole_digits <= _FLOAT_WHOLE_DIGITS:
            return pa.float64()
        if self._has_exponent:
            return pa.float64() if self._digits <= _FLOAT_DIGITS else pa.string()
        if self._whole_digits + self._fraction_digits <= _DECIMAL_DIGITS:
            return pa.decimal128(self._whole_digits + self._fraction_digits, self._fraction_digits)
        return pa.string()


def convert(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return cells of text in the type that was learned from all of them."""
    if pa.types.is_string(kind):
        return cells
    nothing = pa.scalar(None, pa.string())
    cells = pc.if_else(pc.is_in(cells, value_set=_NULLS), nothing, cells)
    if pa.types.is_boolean(kind):
        return pc.equal(pc.utf8_lower(cells), "true")
    if pa.types.is_timestamp(kind) and kind.tz:
        cells = pc.replace_substring_regex(cells, r"\+00:?00$", "Z")
    return cells.cast(kind)


def _all_match(values: pa.Array, kind: str) -> bool:
    pattern = _COMPILED[kind]
    # A few first, by what has the least overhead; that settles most columns.
    if not all(map(pattern.search, values.slice(0, _SAMPLE).to_pylist())):
        return False
    rest = values.slice(_SAMPLE)
    return not len(rest) or bool(pc.all(pc.match_substring_regex(rest, _PATTERNS[kind])).as_py())


def _any(values: pa.Array, pattern: str) -> bool:
    if len(values) <= _SAMPLE:
        return any(map(re.compile(pattern).search, values.to_pylist()))
    return bool(pc.any(pc.match_substring_regex(values, pattern), min_count=0).as_py())


def _converts(values: pa.Array, kind: pa.DataType) -> bool:
    try:
        converted = convert(values, kind)
    except pa.ArrowInvalid:
        return False
    return not pa.types.is_floating(kind) or bool(pc.all(pc.is_finite(converted)).as_py())
