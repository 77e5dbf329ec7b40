"""The seam between the store and those who know frames, arrays and models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

__all__ = ["Codec", "Describing", "Digesting", "Encoded", "FrameCodec", "Source", "TableShape"]


class Encoded(msgspec.Struct, frozen=True):
    """What a codec says of what it wrote.

    Attributes:
        digest: Hex BLAKE3 of the content, domain-separated, the same whatever library version wrote the bytes.
        meta: What the codec needs to read it back; plain JSON, a few KiB at the most.
    """

    digest: str
    meta: dict[str, object] = {}


class TableShape(msgspec.Struct, frozen=True):
    """What a table is, without its rows.

    Attributes:
        columns: Name and type of each column, in order; types as Arrow calls them.
        rows: How many rows.
    """

    columns: tuple[tuple[str, str], ...]
    rows: int


class Source(Protocol):
    """The bytes of one stored item, verified against their digest as they are read."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        ...

    def read(self) -> bytes:
        """Return all bytes."""
        ...

    def open(self) -> BinaryIO:
        """Return a seekable binary file over the bytes, without making one on disk."""
        ...

    def path(self) -> Path:
        """Return a read-only file in the cache that has the bytes."""
        ...


class Codec(Protocol):
    """Turns one kind of object into bytes and back. Loading never unpickles and never runs what it reads."""

    kind: str
    suffix: str

    def dump(self, value: object, out: BinaryIO) -> Encoded:
        """Write `value` to `out`, which need not seek. Raises InputError, naming what cannot be kept."""
        ...

    def load(self, source: Source, meta: dict[str, object]) -> object:
        """Return the object, of the same type and equal to what was dumped. Raises IntegrityError, FormatError."""
        ...


class Describing(Codec, Protocol):
    """A codec that can say more of an item than its `meta` does."""

    def facts(self, source: Source, meta: dict[str, object]) -> dict[str, object]:
        """Return what the item is, such as an array's shape, as plain values and without loading it all."""
        ...


class Digesting(Codec, Protocol):
    """A codec that can tell the digest of what is stored, so that a claim about it can be checked."""

    def digest(self, source: Source, meta: dict[str, object]) -> str:
        """Return the digest that `dump` gave, taken from the bytes alone, in bounded memory.

        Raises IntegrityError where they are none of the codec's, MissingExtraError where a library is not installed.
        """
        ...


class FrameCodec(Codec, Protocol):
    """The codec of tables, which can also give them as another library's type, describe them and print them."""

    def load_as(self, source: Source, meta: dict[str, object], library: str) -> object:
        """Return the table as `library` has it: `"arrow"`, `"pandas"` or `"polars"`. Raises MissingExtraError."""
        ...

    def with_links(self, data: object, columns: str | Sequence[str]) -> dict[str, object]:
        """Return a table, or that of a file, together with the files that its cells name. Raises InputError."""
        ...

    def describe(self, source: Source, meta: dict[str, object]) -> TableShape:
        """Return columns and rows without reading the rows. Raises IntegrityError, FormatError."""
        ...

    def iter_text(self, source: Source, meta: dict[str, object], style: str) -> Iterator[bytes]:
        """Yield all rows as text in parts; `style` is `"csv"` or `"json"`. Raises IntegrityError, FormatError."""
        ...

    def head(self, source: Source, rows: int) -> tuple[TableShape, list[list[str]]]:
        """Return the shape, and of each column the first rows as text. Raises IntegrityError, FormatError."""
        ...
