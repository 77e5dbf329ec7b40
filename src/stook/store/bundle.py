"""A bundle: one immutable version of named data, loaded as it is used."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from stook import registry
from stook.errors import InputError, IntegrityError, NotFoundError
from stook.format import manifests, trees, values
from stook.model.lineage import Input, Lineage
from stook.model.record import BundleRecord, Manifest
from stook.model.tree import Dict, File, Folder, FolderFile, Leaf, Node, Object, Sequence, Value, iter_items
from stook.store.decode import BlobSource, decode, file_path

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from stook.store.repository import Repository
    from stook.store.store import Store

__all__ = ["Bundle"]


@dataclass(frozen=True)
class Bundle:
    """One version of named data. Small; reads from its store when asked for data.

    Attributes:
        record: The line of the log that made it known.
        tags: Its tags when it was fetched.
    """

    record: BundleRecord
    tags: dict[str, str]
    _store: Store = field(repr=False, compare=False)

    def __hash__(self) -> int:
        return hash(self.record.id)

    def __repr__(self) -> str:
        return f"<Bundle {self.ref} {self.digest[:12]} {self.size} bytes>"

    @property
    def id(self) -> str:
        """The version: a ULID, greater than that of every older version."""
        return self.record.id

    @property
    def name(self) -> str:
        """The name that versions share."""
        return self.record.name

    @property
    def ref(self) -> str:
        """`name@id`, which always means this very bundle."""
        return f"{self.name}@{self.id}"

    @property
    def digest(self) -> str:
        """Digest of the content, in hex: equal for equal data, whoever made it and when."""
        return self.record.digest

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self.record.size

    @property
    def time(self) -> datetime:
        """When it was made, UTC."""
        return datetime.fromtimestamp(self.record.time / 1e6, tz=UTC)

    @property
    def owner(self) -> str:
        """Who made it."""
        return self.record.owner

    @property
    def task(self) -> str:
        """What made it: `module:Name` of a task, or the verb."""
        return self.record.task

    @property
    def fingerprint(self) -> str:
        """The cache key of the task that made it; empty where none did."""
        return self.record.fingerprint

    @property
    def params(self) -> dict[str, Any]:
        """The parameters it was made with."""
        return {name: values.from_json(value) for name, value in self.manifest.params.items()}

    @property
    def lineage(self) -> Lineage:
        """What it was made from."""
        return self.manifest.lineage

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The bundles it was made from."""
        return self.manifest.lineage.inputs

    @property
    def tree(self) -> Node:
        """Its data tree: what there is, without the data."""
        return self.manifest.tree

    @cached_property
    def manifest(self) -> Manifest:
        """The full description.

        Raises:
            IntegrityError: It is not the one whose digest the record has.
        """
        record = self.record
        manifest = record.manifest
        if record.manifest_blob is not None:
            manifest = manifests.load(self._repository.reader().read(record.manifest_blob))
        if manifest is None or trees.digest_tree(manifest.tree) != self.digest:
            raise IntegrityError(
                f"the description of {self.ref} is not the one that its record names",
                kind="wrong-digest",
                hint="restore the store from a backup",
            )
        return manifest

    @property
    def data(self) -> Any:
        """The whole data, as it was added; files and folders as read-only paths in the cache."""
        return decode(self.tree, self._repository)

    def keys(self) -> list[str]:
        """Return the names at the top of the data tree; none where the data is not a dict."""
        if isinstance(self.tree, Dict):
            return [key for key, _ in self.tree.entries]
        if isinstance(self.tree, Value) and isinstance(self.data, dict):
            return [str(key) for key in self.data]
        return []

    def items(self) -> list[tuple[str, Leaf]]:
        """Return each leaf with its path, `/`-separated; the path of a sole item is empty."""
        return [("/".join(path), leaf) for path, leaf in iter_items(self.tree)]

    def __getitem__(self, key: str | int) -> Any:
        """Return one part of the data by name or position.

        Raises:
            NotFoundError: There is no such part.
        """
        match self.tree:
            case Dict(entries=entries):
                for name, node in entries:
                    if name == key:
                        return decode(node, self._repository)
            case Sequence(nodes=nodes) if isinstance(key, int) and -len(nodes) <= key < len(nodes):
                return decode(nodes[key], self._repository)
            case Value():
                try:
                    return self.data[key]
                except (KeyError, IndexError, TypeError):
                    pass
        raise NotFoundError(
            f"{self.ref} has no item {key!r}; it has {', '.join(self.keys()) or 'one unnamed item'}",
            kind="item-not-found",
            hint=f"stook show {self.ref}",
        )

    def item(self, path: str = "") -> Any:
        """Return the data of one leaf, by its path as `items` gives it.

        Raises:
            NotFoundError: There is no such item.
        """
        return decode(self._leaf(path, (File, Folder, Object, Value)), self._repository)

    def to_arrow(self, key: str = "") -> pa.Table:
        """Return a table as an Arrow table. Raises InputError where the item is no table."""
        return self._table(key, "arrow")

    def to_polars(self, key: str = "") -> pl.DataFrame:
        """Return a table as a polars frame. Raises InputError where the item is no table."""
        frame: pl.DataFrame = self._table(key, "polars")
        return frame

    def to_pandas(self, key: str = "") -> pd.DataFrame:
        """Return a table as a pandas frame. Raises InputError where the item is no table."""
        frame: pd.DataFrame = self._table(key, "pandas")
        return frame

    def path(self, key: str = "") -> Path:
        """Return a read-only file or folder in the cache with an item's bytes.

        Args:
            key: Path of the item in the data tree, or a file within a sole folder; empty for a sole item.

        Raises:
            NotFoundError: There is no such item.
        """
        if isinstance(self.tree, Folder) and self._within_folder(key):
            return file_path(self.tree, self._repository) / key
        return file_path(self._leaf(key, (File, Folder, Object, Value)), self._repository)

    def open(self, key: str = "") -> BinaryIO:
        """Return a seekable binary file over an item's bytes, without making one on disk.

        Args:
            key: As for `path`.

        Raises:
            NotFoundError: There is no such item.
            InputError: It is a folder.
        """
        inside = self._within_folder(key)
        leaf = inside or self._leaf(key, (File, Object, Value))
        if isinstance(leaf, Folder):
            raise InputError(
                f"{key or self.ref} is a folder",
                kind="not-a-file",
                hint="name a file in it; .path() gives the folder",
            )
        return self._repository.reader().open(leaf.blob)

    def _within_folder(self, key: str) -> FolderFile | None:
        """Return the file of a path within, where the data is one folder."""
        files = self.tree.files if isinstance(self.tree, Folder) else ()
        return next((file for file in files if file.path == key), None)

    def _table(self, key: str, library: str) -> Any:
        leaf = self._leaf(key, (Object,))
        if not isinstance(leaf, Object) or leaf.kind != "frame":
            raise InputError(
                f"{self.ref} {key or 'data'} is no table", kind="not-a-table", hint=f"stook show {self.ref}"
            )
        codec = registry.codec("frame")
        source = BlobSource(self._repository, leaf.blob, codec.suffix)
        return codec.load_as(source, leaf.meta, library)

    def _leaf(self, key: str, kinds: tuple[type[Leaf], ...]) -> Leaf:
        """Return the item of a path; with no path, the only one of these kinds."""
        leaves = self.items()
        for path, leaf in leaves:
            if path == key or (isinstance(leaf, File) and leaf.name == key):
                return leaf
        fitting = [leaf for _, leaf in leaves if isinstance(leaf, kinds)]
        tables = [leaf for leaf in fitting if isinstance(leaf, Object) and leaf.kind == "frame"]
        if not key and kinds == (Object,) and len(tables) == 1:
            return tables[0]
        if not key and len(fitting) == 1:
            return fitting[0]
        names = ", ".join(path or "(unnamed)" for path, _ in leaves)
        raise NotFoundError(
            f"{self.ref} has no item {key!r}; it has {names}"
            if key
            else f"{self.ref} has several items: {names}",
            kind="item-not-found",
            hint=f"name one of them; stook show {self.ref} lists them",
        )

    @property
    def _repository(self) -> Repository:
        return self._store.repository
