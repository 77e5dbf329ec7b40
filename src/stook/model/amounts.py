"""Amounts as people read them."""

from __future__ import annotations

__all__ = ["counted", "human_size"]

_KIB = 1024


def human_size(size: int) -> str:
    """Return bytes as people read them: `17 B`, `4.2 KiB`."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < _KIB:
            return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _KIB
    return f"{amount:.1f} TiB"


def counted(number: int, what: str) -> str:
    """Return how many there are of something, as `1 version` or `1,234 versions`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
