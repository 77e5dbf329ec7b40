"""Tables: Arrow in and out, exact round trips, digests of content; `read_table` from files, `linked` with files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stook.frames.files import TableOptions as TableOptions
    from stook.frames.files import read_table as read_table
    from stook.frames.links import linked as linked

__all__ = ["TableOptions", "linked", "read_table"]

_HOME_OF = {
    "TableOptions": "stook.frames.files",
    "linked": "stook.frames.links",
    "read_table": "stook.frames.files",
}


def __getattr__(name: str) -> object:
    """Load a name when it is first used, so that what needs none of Arrow does not load it."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'stook.frames' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
