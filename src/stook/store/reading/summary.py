"""What one item of a bundle is, in a line: its kind, its shape, its size."""

from __future__ import annotations

from dataclasses import dataclass

from stook.model.tree import File, Folder, Leaf, Object

__all__ = ["ItemSummary", "summarise"]


@dataclass(frozen=True, slots=True)
class ItemSummary:
    """One leaf of a bundle.

    Attributes:
        path: Where in the tree; empty for a sole item.
        kind: `value`, `file`, `folder`, or the kind of an object such as `frame`.
        about: A file's name, a folder's number of files, a table's or an array's shape.
        size: Bytes.
        digest: Of the content, in hex; empty for a folder.
    """

    path: str
    kind: str
    about: str
    size: int
    digest: str


def summarise(path: str, leaf: Leaf) -> ItemSummary:
    """Say what a leaf is, from its description alone."""
    match leaf:
        case File():
            return ItemSummary(path, "file", leaf.name, leaf.blob.size, leaf.blob.digest)
        case Folder():
            size = sum(file.blob.size for file in leaf.files)
            count = len(leaf.files)
            files = "1 file" if count == 1 else f"{count:,} files"
            return ItemSummary(path, "folder", f"{leaf.name}/ with {files}", size, "")
        case Object():
            return ItemSummary(path, leaf.kind, _shape(leaf), leaf.blob.size, leaf.digest)
        case _:
            return ItemSummary(path, "value", "", leaf.blob.size, leaf.digest)


def _shape(leaf: Object) -> str:
    rows, columns = leaf.meta.get("rows"), leaf.meta.get("columns")
    if isinstance(rows, int) and isinstance(columns, int):
        return f"{rows:,} rows x {columns:,} columns"
    shape = leaf.meta.get("shape")
    return "x".join(map(str, shape)) if isinstance(shape, (list, tuple)) else ""
