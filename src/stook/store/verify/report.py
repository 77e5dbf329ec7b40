"""What was looked at, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Affected", "Elsewhere", "Observer", "Problem", "Progress", "Verified", "ignore"]


@dataclass(frozen=True, slots=True)
class Affected:
    """A bundle that a problem concerns.

    Attributes:
        bundle: As `name@id`.
        items: Places in it that cannot be read, such as `data.csv` or `folder/a.txt`; empty where all of it.
    """

    bundle: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written.

    Attributes:
        kind: A short, stable name, as errors have it: `damaged-pack`, `missing-chunk`, ….
        place: The key of the object, `name@id` of the bundle, or what else it is about.
        message: What is wrong, in a sentence.
        hint: What to do.
        bundles: The bundles that cannot be read whole because of it.
    """

    kind: str
    place: str
    message: str
    hint: str
    bundles: tuple[Affected, ...] = ()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Bundles whose data is not here, or not all of it, but on a remote, from where it comes when it is used.

    Attributes:
        remote: Name of the remote.
        bundles: How many, as far as is known of it without asking.
    """

    remote: str
    bundles: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at.

    Attributes:
        problems: What is wrong; nothing where all is well.
        deep: Whether every byte was read, and values, tables and the like were held against their digests.
        bundles: How many bundles.
        records: How many records of the log.
        packs: How many packs.
        pack_bytes: Their bytes.
        quarantined: Keys under which damaged packs are now.
        rescued: How many sound chunks of those were kept in new packs.
        unchecked: What could not be looked at on this machine, and why, in sentences; that is no problem.
        elsewhere: Bundles whose data is on a remote and not here; that is no problem either.
    """

    problems: tuple[Problem, ...]
    deep: bool
    bundles: int
    records: int
    packs: int
    pack_bytes: int
    quarantined: tuple[str, ...] = ()
    rescued: int = 0
    unchecked: tuple[str, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a part of the work is.

    Attributes:
        what: What is looked at: `log`, `packs`, `bundles`, `values and tables`.
        done: How many of them, so far.
        total: How many in all; 0 where that is not known.
        size: Bytes that were read of them.
    """

    what: str
    done: int
    total: int
    size: int


Observer = Callable[[Progress], None]
"""Is told how far the work is, now and then."""


def ignore(_progress: Progress, /) -> None:
    """Observe nothing."""
