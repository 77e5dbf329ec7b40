"""What differs between two bundles, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Change",
    "Difference",
    "FileChange",
    "FileState",
    "ItemChange",
    "ItemState",
    "TableChange",
    "ValueChange",
]

Change = Literal["added", "removed", "changed", "retyped", "moved"]


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One plain value that differs.

    Attributes:
        path: Keys and positions that lead to it; empty where the whole differs.
        change: `added`, `removed`, `changed`, or `retyped`: another type, such as 1 and 1.0.
        old: What it was, in the tagged JSON of the repository format; None where added.
        new: What it is; None where removed.
    """

    path: str
    change: Change
    old: object = None
    new: object = None


@dataclass(frozen=True, slots=True)
class FileState:
    """One version of a file: bytes, digest, whether it may be run. An empty folder has no digest."""

    size: int
    digest: str
    executable: bool = False


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs.

    Attributes:
        path: The item's path and the file's in it; that which it had, where it was removed.
        change: `added`, `removed`, `changed` (content, or whether it may be run) or `moved`.
        old: What it was.
        new: What it is.
        moved_from: The path that it had, where it moved.
        lines: A unified diff where both are text, without a header; None where they are not, or too large.
    """

    path: str
    change: Change
    old: FileState | None = None
    new: FileState | None = None
    moved_from: str = ""
    lines: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TableChange:
    """How two tables differ. Columns are names and types.

    Attributes:
        added: Columns that only the new one has.
        removed: Columns that only the old one has.
        retyped: Name, old type and new type of columns with another type.
        is_reordered: Whether columns of both are in another order.
        old_rows: How many rows there were.
        new_rows: How many there are.
        is_same_content: Whether all cells are equal; columns and types too.
    """

    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    retyped: tuple[tuple[str, str, str], ...]
    is_reordered: bool
    old_rows: int
    new_rows: int
    is_same_content: bool


@dataclass(frozen=True, slots=True)
class ItemState:
    """One version of an item: its kind (`dict` and `list` for containers), what it is in a few words, its bytes."""

    kind: str
    about: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One item that differs.

    Attributes:
        path: Where it is; empty for a sole item.
        change: `added`, `removed`, `changed`, `retyped` (another kind) or `moved`.
        old: What it was.
        new: What it is.
        moved_from: The path that it had, where it moved.
        values: What differs in a value.
        files: What differs in a file or a folder.
        table: How two tables differ.
        facts: What differs in the description of an array, a model or another object.
    """

    path: str
    change: Change
    old: ItemState | None = None
    new: ItemState | None = None
    moved_from: str = ""
    values: tuple[ValueChange, ...] = ()
    files: tuple[FileChange, ...] = ()
    table: TableChange | None = None
    facts: tuple[ValueChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two bundles.

    Attributes:
        old: The first, `name@id`.
        new: The second.
        is_same_content: Whether their data is equal; then there are no items here.
        params: Parameters that differ.
        tags: Tags that differ.
        items: Items that differ.
    """

    old: str
    new: str
    is_same_content: bool
    params: tuple[ValueChange, ...] = ()
    tags: tuple[ValueChange, ...] = ()
    items: tuple[ItemChange, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything differs."""
        return not self.is_same_content or bool(self.params or self.tags)
