"""Checks of data before it is kept: what a table must be, in frozen values; `apply` and `watch` hold it to them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from stook.frames.checks.definitions import Check
from stook.frames.checks.making import (
    between,
    columns,
    matches,
    no_nulls,
    one_of,
    rows,
    satisfies,
    types,
    unique,
)

if TYPE_CHECKING:
    from stook.frames.checks.applying import Watched as Watched
    from stook.frames.checks.applying import apply as apply
    from stook.frames.checks.applying import watch as watch
    from stook.frames.checks.failures import Failure as Failure
    from stook.frames.checks.failures import write_rejected as write_rejected

__all__ = [
    "Check",
    "Failure",
    "Watched",
    "apply",
    "between",
    "columns",
    "matches",
    "no_nulls",
    "one_of",
    "rows",
    "satisfies",
    "types",
    "unique",
    "watch",
    "write_rejected",
]

_HOME_OF = {
    "Failure": "stook.frames.checks.failures",
    "Watched": "stook.frames.checks.applying",
    "apply": "stook.frames.checks.applying",
    "watch": "stook.frames.checks.applying",
    "write_rejected": "stook.frames.checks.failures",
}


def __getattr__(name: str) -> object:
    """Load a name when it is first used: to say what is to be checked takes nothing of Arrow."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'stook.frames.checks' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
