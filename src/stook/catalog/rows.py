"""What queries give back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stook.model.commit import Commit
from stook.model.position import Position
from stook.model.record import Record

__all__ = ["Batch", "BundleLine", "BundleRow", "ContextRow", "DamageRow", "HeldRow"]


@dataclass(frozen=True, slots=True)
class DamageRow:
    """A place in the log before which records cannot be read, and what is wrong there."""

    writer: str
    seq: int
    offset: int
    problem: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Records with their bytes, how far the log is known once they are applied, and what of it cannot be read."""

    records: Sequence[tuple[Record, bytes]]
    positions: Mapping[str, Position]
    damage: Sequence[DamageRow] = ()


@dataclass(frozen=True, slots=True)
class BundleRow:
    """A bundle's record as it was written, its tags of today, and its commit, if any."""

    payload: bytes
    tags: dict[str, str]
    commit: Commit | None = None


@dataclass(frozen=True, slots=True)
class BundleLine:
    """What a listing says of a bundle.

    Attributes:
        id: The version.
        context: Id of the context.
        name: The bundle's name.
        digest: Digest of the content.
        task: What made it.
        owner: Who made it.
        micros: When, in microseconds since the epoch.
        size: Bytes of content.
        tags: Its tags of today.
        commit: Its commit, if any.
    """

    id: str
    context: str
    name: str
    digest: str
    task: str
    owner: str
    micros: int
    size: int
    tags: dict[str, str]
    commit: Commit | None


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A bundle, and whether it is there: false where it was removed."""

    row: BundleRow
    is_live: bool


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A context, how many names and bundles it has, and their bytes of content."""

    id: str
    name: str
    deleted: bool
    names: int
    bundles: int
    size: int
