"""Two runs at once do a shared task once: whoever is at it holds a lease."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Leases", "NoLeases"]


class Leases(Protocol):
    """Who is at which task, among all runs of a store."""

    def take(self, key: str) -> str:
        """Take the lease of a key; the empty string where it is ours now, else who holds it, for a person."""
        ...

    def release(self, key: str) -> None:
        """Give a lease back."""
        ...

    def close(self) -> None:
        """Give all back."""
        ...


class NoLeases:
    """Everyone may do everything."""

    def take(self, key: str) -> str:
        """Take it."""
        return ""

    def release(self, key: str) -> None:
        """Give it back."""

    def close(self) -> None:
        """Give all back."""
