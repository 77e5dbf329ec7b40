"""Whom a run has to do with besides its executor: who observes it, other runs, and stores elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

import msgspec

from stook.model.events import Observer, ignore
from stook.pipeline.running.leases import Leases, NoLeases

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["Elsewhere", "NoElsewhere", "Others"]


class Elsewhere(Protocol):
    """Results that others have made."""

    def adopt(self, name: str, fingerprint: str) -> bool:
        """Take over what there is under a fingerprint, so that the store has it; tell whether there was anything."""
        ...

    def lost(self, bundles: Collection[Bundle]) -> Collection[str]:
        """Return the ids of those that came from there and whose content cannot be had."""
        ...


class NoElsewhere:
    """Nobody has made anything."""

    def adopt(self, name: str, fingerprint: str) -> bool:
        """Find nothing."""
        return False

    def lost(self, bundles: Collection[Bundle]) -> Collection[str]:
        """Miss nothing."""
        return ()


class Others(msgspec.Struct, frozen=True):
    """Whom a run has to do with.

    Attributes:
        observer: Is told what happens.
        leases: Keeps two runs from doing one task at once.
        elsewhere: Has results that others have made.
    """

    observer: Observer = ignore
    leases: Leases = msgspec.field(default_factory=NoLeases)
    elsewhere: Elsewhere = msgspec.field(default_factory=NoElsewhere)
