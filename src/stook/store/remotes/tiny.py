"""Packs of few bytes, which go over together, since each would cost a request of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from stook.format.packs import PackEntry

__all__ = ["FEW", "is_tiny", "iter_groups"]

FEW: Final = 4
"""So many may go as they are."""

_TINY_BYTES = 1024 * 1024
_GROUP_BYTES = 2 * 1024 * 1024
_GROUP_PACKS = 64

_Part = tuple[str, Sequence[PackEntry]]


def is_tiny(wanted: Sequence[PackEntry]) -> bool:
    """Tell whether a pack of which these chunks are wanted, in their order, is small as far as that can be seen."""
    return wanted[-1].offset + wanted[-1].stored < _TINY_BYTES


def iter_groups(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    """Yield packs with their chunks, several together as one thread reads them at once."""
    group: list[_Part] = []
    size = 0
    for pack, wanted in parts:
        group.append((pack, wanted))
        size += wanted[-1].offset + wanted[-1].stored
        if size >= _GROUP_BYTES or len(group) == _GROUP_PACKS:
            yield group
            group, size = [], 0
    if group:
        yield group
