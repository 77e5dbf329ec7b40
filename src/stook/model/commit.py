"""That a bundle is one to keep, and why."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

__all__ = ["Commit"]


class Commit(msgspec.Struct, frozen=True):
    """The mark of a bundle that is no scratch.

    Attributes:
        message: Why it is kept.
        owner: Who said so.
        micros: When, in microseconds since the epoch.
    """

    message: str
    owner: str
    micros: int

    @property
    def time(self) -> datetime:
        """When it was said, UTC."""
        return datetime.fromtimestamp(self.micros / 1e6, tz=UTC)
