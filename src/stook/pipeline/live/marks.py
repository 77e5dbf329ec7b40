"""Digests over what a notebook has, each made of a word for what it is and of digests of its parts."""

from __future__ import annotations

from collections.abc import Iterable

from stook.format import canonical

__all__ = ["mark"]

_CONTEXT = "stook v1 notebook"


def mark(what: str, *parts: str, items: Iterable[str] = ()) -> str:
    """Return the digest of something.

    Args:
        what: The word for what it is.
        parts: Texts and digests that make it up, in order.
        items: More of them, as many as there are.
    """
    return canonical.digest(
        _CONTEXT, *(part.encode("utf-8", "surrogatepass") for part in (what, *parts, *items))
    )
