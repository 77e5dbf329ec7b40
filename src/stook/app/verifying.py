"""Verify a store and make its catalog again, told as a person wants to hear it."""

from __future__ import annotations

from collections.abc import Iterable

from stook.errors import IntegrityError
from stook.store.verify import Affected, Problem

__all__ = ["damaged_store", "describe_affected"]

_SHOWN_ITEMS = 5


def describe_affected(affected: Affected) -> str:
    """Return a bundle and what of it cannot be read, in words."""
    if not affected.items:
        return f"{affected.bundle} cannot be read"
    shown = ", ".join(item or "its data" for item in affected.items[:_SHOWN_ITEMS])
    more = len(affected.items) - _SHOWN_ITEMS
    return f"{affected.bundle}: {shown}{f' and {more} more' if more > 0 else ''} cannot be read"


def damaged_store(problems: Iterable[Problem]) -> IntegrityError:
    """Return the error with which a command ends that found problems."""
    found = list(problems)
    bundles = {affected.bundle for problem in found for affected in problem.bundles}
    things = "a problem" if len(found) == 1 else f"{len(found)} problems"
    whole = "all bundles can be read whole"
    concerned = (
        f"{len(bundles)} bundle{'s' if len(bundles) > 1 else ''} cannot be read whole" if bundles else whole
    )
    return IntegrityError(
        f"the store has {things}; {concerned}",
        kind="damaged-store",
        hint=next((problem.hint for problem in found), ""),
        bundles=sorted(bundles),
    )
