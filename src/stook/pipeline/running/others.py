"""Whom a run has to do with besides its executor: who observes it, other runs, and stores elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from stook.model.events import Observer, ignore
from stook.pipeline.running.leases import Leases, NoLeases

__all__ = ["Elsewhere", "NoElsewhere", "Others"]


class Elsewhere(Protocol):
    """Results that others have made."""

    def adopt(self, name: str, fingerprint: str) -> bool:
        """Take over what there is under a fingerprint, so that the store has it; tell whether there was anything."""
        ...


class NoElsewhere:
    """Nobody has made anything."""

    def adopt(self, name: str, fingerprint: str) -> bool:
        """Find nothing."""
        return False


@dataclass(frozen=True, slots=True)
class Others:
    """Whom a run has to do with.

    Attributes:
        observer: Is told what happens.
        leases: Keeps two runs from doing one task at once.
        elsewhere: Has results that others have made.
    """

    observer: Observer = ignore
    leases: Leases = field(default_factory=NoLeases)
    elsewhere: Elsewhere = field(default_factory=NoElsewhere)
