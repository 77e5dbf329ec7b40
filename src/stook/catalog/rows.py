"""What queries give back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from stook.model.commit import Commit
from stook.model.position import Position
from stook.model.record import Record

__all__ = [
    "Batch",
    "BundleLine",
    "BundleRow",
    "CheckpointRow",
    "ContextRow",
    "DamageRow",
    "HeldRow",
]


class DamageRow(msgspec.Struct, frozen=True):
    """A place in the log before which records cannot be read, and what is wrong there."""

    writer: str
    seq: int
    offset: int
    problem: str


class Batch(msgspec.Struct, frozen=True):
    """Records with their bytes, how far the log is known once they are applied, and what of it cannot be read."""

    records: Sequence[tuple[Record, bytes]]
    positions: Mapping[str, Position]
    damage: Sequence[DamageRow] = ()


class BundleRow(msgspec.Struct, frozen=True):
    """A bundle's record as it was written, its tags of today, and its commit, if any."""

    payload: bytes
    tags: dict[str, str]
    commit: Commit | None = None


class BundleLine(msgspec.Struct, frozen=True):
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


class HeldRow(msgspec.Struct, frozen=True):
    """A bundle, and whether it is there: false where it was removed."""

    row: BundleRow
    is_live: bool


class ContextRow(msgspec.Struct, frozen=True):
    """A context, how many names and bundles it has, and their bytes of content."""

    id: str
    name: str
    deleted: bool
    names: int
    bundles: int
    size: int


class CheckpointRow(msgspec.Struct, frozen=True):
    """The newest checkpoint of the log that is known of.

    Attributes:
        id: Its id.
        size: Its bytes, sealed.
        supersedes: By writer, the last segment that it covers.
    """

    id: str
    size: int
    supersedes: Mapping[str, int]
