"""The data tree of a bundle: containers, and the items that are its leaves.

Values here are what a repository holds about data, never the data of a frame or a file itself; that is in chunks, and a
`Blob` says which.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

__all__ = [
    "Blob",
    "Dict",
    "File",
    "Folder",
    "FolderFile",
    "Node",
    "Object",
    "Sequence",
    "Value",
    "iter_items",
    "iter_nodes",
]


class Blob(msgspec.Struct, frozen=True, omit_defaults=True, rename={"listing": "list"}, gc=False):
    """Some bytes and where they are: inline, in one chunk, in several, or in chunks that a listing names.

    Attributes:
        size: Bytes in all.
        digest: BLAKE3 of the bytes, 64 hex digits.
        data: The bytes themselves, where they are few (`INLINE_BYTES`).
        chunks: Ids of the chunks in order. None where inline, or where there is one chunk: its id is `digest`.
        listing: Where chunks are many: a blob whose bytes are their ids, 32 bytes each.
    """

    size: int
    digest: str
    data: bytes | None = None
    chunks: tuple[str, ...] | None = None
    listing: Blob | None = None


class Value(msgspec.Struct, frozen=True, tag="value", tag_field="k", omit_defaults=True):
    """A plain value or tree of plain values, in the tagged JSON of `format.values`."""

    digest: str
    blob: Blob


class File(msgspec.Struct, frozen=True, tag="file", tag_field="k", omit_defaults=True):
    """One file; `name` has no folder in it."""

    name: str
    blob: Blob
    executable: bool = False


class FolderFile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file in a folder; `path` is relative, with `/` between its parts."""

    path: str
    blob: Blob
    executable: bool = False


class Folder(msgspec.Struct, frozen=True, tag="folder", tag_field="k", omit_defaults=True):
    """A folder of files, sorted by path; `empty` lists folders with nothing in them."""

    name: str
    files: tuple[FolderFile, ...]
    empty: tuple[str, ...] = ()


class Object(msgspec.Struct, frozen=True, tag="object", tag_field="k", omit_defaults=True):
    """What a codec stored: a frame, an array, a model.

    Attributes:
        kind: The codec's kind, such as `"frame"`.
        digest: Digest of the content, the same whatever wrote the bytes.
        blob: The bytes, in the codec's own format.
        meta: What the codec wants to know when it reads; plain JSON.
    """

    kind: str
    digest: str
    blob: Blob
    meta: dict[str, object] = {}


class Dict(msgspec.Struct, frozen=True, tag="dict", tag_field="k"):
    """A mapping of names to nodes, in the order given."""

    entries: tuple[tuple[str, Node], ...]


class Sequence(msgspec.Struct, frozen=True, tag="list", tag_field="k", omit_defaults=True):
    """A list of nodes, or a tuple."""

    nodes: tuple[Node, ...]
    is_tuple: bool = False


Leaf = Value | File | Folder | Object
Node = Leaf | Dict | Sequence


def iter_items(node: Node) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    """Yield each leaf of a tree with the keys and positions that lead to it."""
    for keys, found in iter_nodes(node):
        if not isinstance(found, (Dict, Sequence)):
            yield keys, found


def iter_nodes(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Yield a node and all below it, each with the keys and positions that lead there; containers come first."""
    yield path, node
    if isinstance(node, Dict):
        for key, child in node.entries:
            yield from iter_nodes(child, (*path, key))
    elif isinstance(node, Sequence):
        for position, child in enumerate(node.nodes):
            yield from iter_nodes(child, (*path, str(position)))
