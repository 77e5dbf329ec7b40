"""How two bundles differ."""

from stook.store.diffing.difference import (
    Change,
    Difference,
    FileChange,
    FileState,
    ItemChange,
    ItemState,
    TableChange,
    ValueChange,
)
from stook.store.diffing.trees import diff

__all__ = [
    "Change",
    "Difference",
    "FileChange",
    "FileState",
    "ItemChange",
    "ItemState",
    "TableChange",
    "ValueChange",
    "diff",
]
