"""Which files are tables, by their names. Imports nothing heavy."""

from __future__ import annotations

__all__ = ["FORMATS", "find_format", "table_stem"]

FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".xlsx": "xlsx",
}
"""Format by the end of a file's name."""

_PACKED = (".gz", ".zst")
_TEXT = frozenset({"csv", "tsv", "json", "jsonl"})


def find_format(name: str) -> str:
    """Return the format of a table by its file's name; empty where it is none."""
    return _split(name)[1]


def table_stem(name: str) -> str:
    """Return a table's name without what says its format: `orders` of `orders.csv.gz`."""
    return _split(name)[0] or name


def _split(name: str) -> tuple[str, str]:
    bare = name
    for packed in _PACKED:
        if name.lower().endswith(packed):
            bare = name[: -len(packed)]
    stem, dot, suffix = bare.rpartition(".")
    kind = FORMATS.get(f".{suffix}".lower(), "") if dot else ""
    if bare != name and kind not in _TEXT:
        return name, ""
    return (stem, kind) if kind else (name, "")
