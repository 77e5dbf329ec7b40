"""What importing led to, bundle by bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Imported", "ImportedBundle", "NotImported", "Outcome", "ignore"]


@dataclass(frozen=True, slots=True)
class ImportedBundle:
    """A bundle that is in the store, or in a dry run would be.

    Attributes:
        uuid: Its id there.
        given: What it was called there.
        name: Its name here.
        created: When it was made, UTC.
        owner: Who made it.
        ref: The bundle here, as `name@id`; empty in a dry run where it is not here yet.
        is_new: Whether it was imported just now, or in a dry run would be; else it was here already.
    """

    uuid: str
    given: str
    name: str
    created: datetime
    owner: str
    ref: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class NotImported:
    """A bundle that was not imported.

    Attributes:
        uuid: Its id there.
        given: What it was called there; empty where that could not be read.
        problem: Why not.
    """

    uuid: str
    given: str
    problem: str


Outcome = ImportedBundle | NotImported


@dataclass(frozen=True, slots=True)
class Imported:
    """What importing a context led to.

    Attributes:
        source: The context: a path or URL without credentials.
        bundles: What is in the store now, oldest first; in a dry run what would be.
        failed: What was not imported.
    """

    source: str
    bundles: tuple[ImportedBundle, ...]
    failed: tuple[NotImported, ...]

    @property
    def new(self) -> tuple[ImportedBundle, ...]:
        """What was not in the store before."""
        return tuple(bundle for bundle in self.bundles if bundle.is_new)


Observer = Callable[[Outcome], None]
"""Is told of each bundle as it is done with."""


def ignore(_outcome: Outcome, /) -> None:
    """Observe nothing."""
