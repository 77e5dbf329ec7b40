"""`_stook.json`: what an export is, written when all else of it is there. Nothing in it is trusted.

Engines pass over files that begin with `_`.
"""

from __future__ import annotations

from typing import Final

import msgspec

__all__ = [
    "MANIFEST",
    "MAX_BYTES",
    "UNFINISHED",
    "Column",
    "ExportedFile",
    "ExportedTable",
    "Manifest",
    "Unfinished",
    "dump",
    "load_manifest",
    "load_unfinished",
]

MANIFEST: Final = "_stook.json"
"""The name of the manifest."""

UNFINISHED: Final = "_stook.unfinished.json"
"""What is there while an export into a bucket goes on, and after one broke off: which files are its."""

MAX_BYTES: Final = 256 * 1024 * 1024


class Column(msgspec.Struct, frozen=True):
    """A column of a table; its type as Arrow calls it."""

    name: str
    type: str


class ExportedFile(msgspec.Struct, frozen=True):
    """A file.

    Attributes:
        path: Where, below the export.
        size: Bytes.
        digest: BLAKE3 of its bytes, in hex.
    """

    path: str
    size: int
    digest: str


class ExportedTable(msgspec.Struct, frozen=True):
    """A table.

    Attributes:
        folder: The folder that has its file and nothing else: what an engine is to be pointed at.
        rows: How many rows.
        columns: Its columns, in order.
    """

    folder: str
    rows: int
    columns: tuple[Column, ...]


class Manifest(msgspec.Struct, frozen=True):
    """What an export is.

    Attributes:
        stook_export: The number of this format.
        name: The bundle's name.
        id: Its version.
        digest: Digest of its content.
        format: What tables are written as.
        tables: The tables.
        files: All files but this one, sorted by path.
    """

    stook_export: int
    name: str
    id: str
    digest: str
    format: str
    tables: tuple[ExportedTable, ...]
    files: tuple[ExportedFile, ...]

    @property
    def ref(self) -> str:
        """The bundle: `name@id`."""
        return f"{self.name}@{self.id}"

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each file by its path."""
        return {file.path: file.size for file in self.files}

    def is_of(self, other: Manifest) -> bool:
        """Tell whether two are of one bundle in one format."""
        return (self.id, self.digest, self.format) == (other.id, other.digest, other.format)

    def is_begun_in(self, unfinished: Unfinished) -> bool:
        """Tell whether an unfinished export is of the same bundle in the same format: then its files are these."""
        return (self.id, self.format) == (unfinished.id, unfinished.format)


class Unfinished(msgspec.Struct, frozen=True):
    """An export that goes on, or broke off.

    Attributes:
        run: What tells it from every other.
        id: The version that is exported.
        format: What tables are written as.
        paths: The files that it writes, and those that it takes away.
    """

    run: str
    id: str
    format: str
    paths: tuple[str, ...]


def dump(document: Manifest | Unfinished) -> bytes:
    """Return the bytes of a document."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def load_manifest(data: bytes) -> Manifest | None:
    """Read a manifest; None where it is none."""
    try:
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def load_unfinished(data: bytes) -> Unfinished | None:
    """Read what an unfinished export left; None where it is no such thing."""
    try:
        return msgspec.json.decode(data, type=Unfinished)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
