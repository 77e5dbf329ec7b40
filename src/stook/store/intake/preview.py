"""What adding some data would do, without writing anything."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from stook.format import trees
from stook.format.packs import Location, PackEntry
from stook.model.tree import Node
from stook.storage.protocol import Content, Storage
from stook.store.intake.encode import encode
from stook.store.intake.ignore import read_ignored
from stook.store.packs.chunk_index import KnownIndex

if TYPE_CHECKING:
    from stook.catalog import Catalog
    from stook.store.store import Store

__all__ = ["Preview", "count_ignored", "preview"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be added.

    Attributes:
        tree: The data tree.
        digest: Its digest.
        stored: Bytes of new packs.
    """

    tree: Node
    digest: str
    stored: int


def preview(store: Store, data: object) -> Preview:
    """Read data as `Store.add` does, and keep nothing of it.

    Raises:
        InputError: It could not be added.
    """
    from stook.chunks import ChunkWriter

    repository = store.repository
    nowhere = _Nowhere(repository.storage)
    writer = ChunkWriter(cast(Storage, nowhere), _Forgetful(repository.storage, repository.catalog))
    tree = encode(Path(data) if type(data) is str else data, writer)
    writer.flush()
    return Preview(tree, trees.digest_tree(tree), nowhere.size)


def count_ignored(root: str) -> int:
    """Return how many files and folders below a folder its `.stookignore` leaves out; folders are not entered.

    Raises:
        InputError: The ignore file cannot be understood.
    """
    ignored = read_ignored(root) if os.path.isdir(root) else None
    if ignored is None:
        return 0
    count = 0
    for folder, folders, files in os.walk(root):
        prefix = os.path.relpath(folder, root) + "/" if folder != root else ""
        left = [name for name in folders if ignored(f"{prefix}{name}/")]
        folders[:] = [name for name in folders if name not in left]
        count += len(left) + sum(ignored(prefix + name) for name in files)
    return count


class _Nowhere:
    """A storage for a writer of chunks, which only puts: it counts what it is given instead of keeping it."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.size = 0

    @property
    def url(self) -> str:
        return self._storage.url

    def put_new(self, key: str, data: Content) -> None:
        self.size += len(data) if isinstance(data, bytes) else sum(map(len, data))


class _Forgetful(KnownIndex):
    """The index of what is there, which remembers new chunks for itself alone."""

    def __init__(self, storage: Storage, catalog: Catalog) -> None:
        super().__init__(storage, catalog)
        self._new: dict[bytes, Location] = {}

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        fresh = {id_: self._new[id_] for id_ in ids if id_ in self._new}
        return fresh | super().find([id_ for id_ in ids if id_ not in fresh])

    def add(self, pack: str, entries: Sequence[PackEntry]) -> None:
        for entry in entries:
            self._new[entry.id] = Location(pack, entry.offset, entry.stored, entry.size, entry.codec)
