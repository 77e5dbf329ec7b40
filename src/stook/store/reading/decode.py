"""Tree to data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from stook import registry
from stook.errors import IntegrityError
from stook.format import canonical, values
from stook.model.tree import Blob, Dict, File, Folder, Node, Object, Sequence, Value, iter_items
from stook.store.reading.cached import cached_file, cached_files, cached_folder
from stook.store.reading.items import joined, part_of
from stook.store.reading.linked import find_linked
from stook.store.reading.whose import VERIFY, in_bundle, in_item, naming
from stook.store.repository import Repository

__all__ = ["BlobSource", "decode", "file_path", "load_value"]

_AHEAD_ITEM_BYTES = 1024 * 1024
_AHEAD_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BlobSource:
    """The bytes of an item in a repository, for its codec.

    Attributes:
        repository: Where they are.
        blob: Which they are.
        suffix: What a file of them is to end with.
        ref: The bundle that errors name.
        item: The path of the item that errors name.
        ahead: Bytes that were read already, by digest.
        linked: The folder of files that a table links to.
        links_at: Where that folder is for who reads, such as `files`; where not given, in the cache.
    """

    repository: Repository
    blob: Blob
    suffix: str
    ref: str = ""
    item: str = ""
    ahead: Mapping[str, bytes] = field(default_factory=dict)
    linked: Folder | None = None
    links_at: str = ""

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.blob.size

    def read(self) -> bytes:
        """Return all bytes."""
        known = self.ahead.get(self.blob.digest)
        return self.repository.reader().read(self.blob) if known is None else known

    def open(self) -> BinaryIO:
        """Return a seekable binary file over the bytes."""
        return self.repository.reader().open(self.blob, self._named)

    def path(self) -> Path:
        """Return a read-only file in the cache that has the bytes."""
        return cached_file(self.repository, File(f"data{self.suffix}", self.blob))

    def linked_folder(self) -> tuple[str, frozenset[str]] | None:
        """Return the path of the folder that a table links to, and those of the files in it; None where it has none."""
        if self.linked is None:
            return None
        folder = self.links_at or str(cached_folder(self.repository, self.linked))
        return folder, frozenset(file.path for file in self.linked.files)

    def _named(self) -> AbstractContextManager[None]:
        return naming(self.ref, self.item, self.repository)


def decode(
    node: Node, repository: Repository, *, ref: str = "", path: str = "", linked: Folder | None = None
) -> object:
    """Return the data of a tree: files and folders as paths in the cache, all else as it was added.

    Args:
        node: The tree.
        repository: Where its bytes are.
        ref: The bundle that errors name.
        path: Where the tree is in the bundle's.
        linked: Where the tree is one table: the folder of files that it links to.

    Raises:
        IntegrityError: The bytes are not what they were.
        MissingExtraError: A library that the data needs is not installed.
    """
    with in_bundle(ref, repository):
        ahead = _read_ahead(node, repository) if isinstance(node, (Dict, Sequence)) else {}
        return _Decoder(repository, ref, ahead, path, linked).decode(node)


def file_path(node: File | Folder | Object | Value, repository: Repository) -> Path:
    """Return a read-only file or folder in the cache with an item's bytes."""
    match node:
        case File():
            return cached_file(repository, node)
        case Folder():
            return cached_folder(repository, node)
        case Object():
            return cached_file(repository, File(f"data{registry.codec(node.kind).suffix}", node.blob))
        case Value():
            return cached_file(repository, File("value.json", node.blob))


@dataclass(frozen=True, slots=True)
class _Decoder:
    """Decodes the parts of one tree.

    Attributes:
        repository: Where the bytes are.
        ref: The bundle that errors name; empty where the caller names it.
        ahead: Bytes of small items, read together.
        path: Where in the tree this is.
        linked: The folder of files that the table here links to.
    """

    repository: Repository
    ref: str
    ahead: Mapping[str, bytes]
    path: str = ""
    linked: Folder | None = None

    def decode(self, node: Node) -> object:
        match node:
            case Dict():
                return {
                    key: self._below(part_of(key), find_linked(node, child)).decode(child)
                    for key, child in node.entries
                }
            case Sequence():
                items = [self._below(str(at)).decode(child) for at, child in enumerate(node.nodes)]
                return tuple(items) if node.is_tuple else items
        with in_item(self.path):
            match node:
                case Value():
                    return load_value(node, self._source(node.blob, ".json"))
                case Object():
                    codec = registry.codec(node.kind)
                    return codec.load(self._source(node.blob, codec.suffix), node.meta)
                case _:
                    return file_path(node, self.repository)

    def _source(self, blob: Blob, suffix: str) -> BlobSource:
        return BlobSource(self.repository, blob, suffix, self.ref, self.path, self.ahead, self.linked)

    def _below(self, part: str, linked: Folder | None = None) -> _Decoder:
        return replace(self, path=joined(self.path, part), linked=linked)


def _read_ahead(node: Node, repository: Repository) -> dict[str, bytes]:
    """Read many small items at once, and put files into the cache that are not there; some are left for later."""
    leaves = [leaf for _, leaf in iter_items(node)]
    blobs = _few_bytes(leaf.blob for leaf in leaves if isinstance(leaf, (Value, Object)))
    digests = list(blobs)
    try:
        cached_files(repository, [leaf for leaf in leaves if isinstance(leaf, File)])
        many = repository.reader().iter_many(blobs.values())
        return {digests[number]: b"".join(pieces) for number, pieces in many}
    except IntegrityError:
        return {}  # read one by one, the item is known whose bytes these are


def _few_bytes(blobs: Iterable[Blob]) -> dict[str, Blob]:
    """Return by digest some blobs that are small, and together not large."""
    few: dict[str, Blob] = {}
    room = _AHEAD_BYTES
    for blob in blobs:
        if blob.data is None and blob.digest not in few and blob.size <= min(_AHEAD_ITEM_BYTES, room):
            few[blob.digest] = blob
            room -= blob.size
    return few


def load_value(node: Value, source: BlobSource) -> object:
    """Return a plain value.

    Raises:
        IntegrityError: Its bytes are not what they were, or it is not the value of the digest.
    """
    value = values.load(source.read())
    if canonical.digest("stook v1 value", canonical.encode(value)) != node.digest:
        raise IntegrityError(
            f"a value is not the one of the digest {node.digest}", kind="wrong-digest", hint=VERIFY
        )
    return value
