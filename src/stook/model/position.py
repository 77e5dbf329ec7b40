"""How far a log is known."""

from __future__ import annotations

import msgspec

__all__ = ["Position"]


class Position(msgspec.Struct, frozen=True, order=True):
    """How far one writer's records are known.

    Attributes:
        seq: The segment.
        offset: The byte after the last record that is known in it.
        mark: The length and checksum before that record, by which a log that was restored from an older copy and has
            grown since is told from the one that was read; empty where no record is known.
    """

    seq: int
    offset: int
    mark: bytes = b""
