"""What is at the head of a bundle's record, which many can be held against each other by."""

from __future__ import annotations

import msgspec

from stook.catalog import BundleRow

__all__ = ["Head", "head_of"]


class Head(msgspec.Struct, frozen=True):
    """What is at the head of a bundle's record, quicker to read than all of it."""

    id: str
    context: str
    name: str
    digest: str
    size: int

    @property
    def ref(self) -> str:
        """The bundle as `name@id`."""
        return f"{self.name}@{self.id}"

    def is_like(self, other: Head) -> bool:
        """Tell whether both are of the same bundle, in whatever context."""
        return (self.id, self.digest, self.name, self.size) == (
            other.id,
            other.digest,
            other.name,
            other.size,
        )


_decoder = msgspec.json.Decoder(Head)


def head_of(row: BundleRow) -> Head:
    """Return the head of a bundle's record."""
    return _decoder.decode(row.payload)
