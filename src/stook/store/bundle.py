"""A bundle: one immutable version of named data, loaded as it is used."""

from __future__ import annotations

import shlex
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import structs

from stook import registry
from stook.errors import InputError, NotFoundError
from stook.model.commit import Commit
from stook.model.lineage import Input, Lineage
from stook.model.record import BundleRecord, Manifest
from stook.model.tree import Dict, File, Folder, Leaf, Node, Object, Sequence, Value
from stook.store.reading.items import Place, find_place, iter_leaves, part_of
from stook.store.reading.linked import find_linked
from stook.store.reading.places import find_sole, item_at, no_item
from stook.store.reading.whose import in_bundle, naming

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from stook.store.repository import Repository
    from stook.store.view import View

__all__ = ["Bundle"]


@dataclass(frozen=True, eq=False)
class Bundle:
    """One version of named data. Small; reads from its store when asked for data.

    Immutable: equal to every bundle of the same id, itself when copied. A pickle of it is small and has no data;
    whoever loads it reads from the same store.

    Attributes:
        record: The line of the log that made it known.
        tags: Its tags when it was fetched.
        committed: Why it is kept, where someone has said so by then; otherwise it is scratch.
    """

    record: BundleRecord
    tags: dict[str, str]
    _store: View = field(repr=False, compare=False)
    committed: Commit | None = None

    def __eq__(self, other: object) -> bool:
        return self.record.id == other.record.id if isinstance(other, Bundle) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.record.id)

    def __repr__(self) -> str:
        from stook.store.reading.rendering import bundle_line

        return bundle_line(self)

    def __str__(self) -> str:
        return self.ref

    def _repr_html_(self) -> str:
        from stook.store.reading.rendering import bundle_html

        return bundle_html(self)

    def __copy__(self) -> Bundle:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Bundle:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        record = structs.replace(self.record, manifest=None, manifest_blob=None)
        return Bundle, (record, self.tags, self._store, self.committed)

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
        from stook.format import values

        return {name: values.from_json(value) for name, value in self.manifest.params.items()}

    @cached_property
    def lineage(self) -> Lineage:
        """What it was made from. Its code may have to be read, which `manifest.lineage` leaves out where it is long.

        Raises:
            IntegrityError: That is lost or damaged.
        """
        made = self.manifest.lineage
        if made.code_digests is None:
            return made
        from stook.format import code_digests

        with in_bundle(self.ref, self.repository):
            code = code_digests.load(self.repository.reader().read(made.code_digests))
        return structs.replace(made, code=code, code_digests=None)

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
        from stook.store.packs.reach import check_manifest, read_manifest

        record = self.record
        if record.manifest is None and record.manifest_blob is None:  # which a pickle leaves behind
            record = self._store.get(self.id).record
        with in_bundle(self.ref, self.repository):
            if record.manifest_blob is None:  # as most are: nothing that reads chunks is imported
                return check_manifest(record, record.manifest)
            return read_manifest(record, self.repository.reader())

    @property
    def data(self) -> Any:
        """The whole data, as it was added; files and folders as read-only paths in the cache."""
        return self._decode(self.tree)

    def keys(self) -> list[str]:
        """Return the names at the top of the data tree; none where the data is not a dict."""
        if isinstance(self.tree, Dict):
            return [key for key, _ in self.tree.entries]
        if isinstance(self.tree, Value) and isinstance(self.data, dict):
            return [str(key) for key in self.data]
        return []

    def items(self) -> list[tuple[str, Leaf]]:
        """Return each leaf with its path; the path of a sole item is empty.

        Between keys is `/`. In a key `/`, `%` and what does not print are percent-encoded, and an empty key is `%`, so
        that no two items share a path.
        """
        return list(iter_leaves(self.tree))

    __iter__ = None  # which would go by numbers else, to an error that says nothing of the mistake

    def __getitem__(self, key: str | int) -> Any:
        """Return one part of the data by name or position.

        Raises:
            NotFoundError: There is no such part.
        """
        match self.tree:
            case Dict(entries=entries):
                for name, node in entries:
                    if name == key:
                        return self._decode(node, part_of(name))
            case Sequence(nodes=nodes) if isinstance(key, int) and -len(nodes) <= key < len(nodes):
                return self._decode(nodes[key], str(key % len(nodes)))
            case Value():
                try:
                    return self.data[key]
                except (KeyError, IndexError, TypeError):
                    pass
        names, show = self.keys(), f"stook show {shlex.quote(self.ref)}"
        raise NotFoundError(
            f"{self.ref} has no item {key!r}; it has {', '.join(names) or 'one unnamed item'}",
            kind="item-not-found",
            hint=show
            if names
            else "take its .data; or annotate the argument of a task, as in rows: pd.DataFrame",
        )

    def item(self, path: str = "") -> Any:
        """Return the data of a place in the bundle: of an item, or of what a path leads to within one.

        Args:
            path: As `items` gives it; goes on within a folder with a file's path, within a value with keys and
                positions. Empty for a sole item.

        Raises:
            NotFoundError: There is no such place.
            InputError: The path may mean several.
        """
        place = self._place(path)
        if place.inside and isinstance(place.node, Value):
            return place.value
        return self.path(path) if place.inside else self._decode(place.node, place.path)

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
            key: Path of the item, which may go on within a folder; empty for a sole item.

        Raises:
            NotFoundError: There is no such item.
            InputError: It is no item but a container of some, or a part of a value; or the path may mean several.
        """
        from stook.store.reading.decode import file_path

        place = self._place(key)
        item = place.path.removesuffix(place.inside).rstrip("/") if place.inside else place.path
        with self._naming(item):
            if isinstance(place.node, Folder):
                return file_path(place.node, self.repository) / place.inside.rstrip("/")
            return file_path(item_at(place, self.ref), self.repository)

    def open(self, key: str = "") -> BinaryIO:
        """Return a seekable binary file over an item's bytes, without making one on disk.

        Args:
            key: As for `path`.

        Raises:
            NotFoundError: There is no such item.
            InputError: It is a folder, a container of items, or a part of a value; or the path may mean several.
        """
        place = self._place(key)
        leaf = place.find_file() or item_at(place, self.ref)
        if isinstance(leaf, Folder):
            raise InputError(
                f"{key or self.ref} is a folder",
                kind="not-a-file",
                hint="name a file in it; .path() gives the folder",
            )
        with self._naming(place.path):
            return self.repository.reader().open(leaf.blob, lambda: self._naming(place.path))

    def get_place(self, path: str = "") -> Place:
        """Return what is at a path, without loading more than it must; the whole where the path is empty.

        Raises:
            NotFoundError: There is no such place.
            InputError: The path may mean several.
        """
        place = find_place(self.tree, path, self._decode)
        if place is None:
            raise no_item(f"{self.ref} has no item {path!r}; it has", self.tree, self.ref)
        return place

    def _decode(self, node: Node, path: str = "") -> Any:
        from stook.store.reading.decode import decode

        return decode(node, self.repository, ref=self.ref, path=path, linked=find_linked(self.tree, node))

    def _table(self, key: str, library: str) -> Any:
        from stook.store.reading.decode import BlobSource

        place = self._place(key, (Object,))
        leaf = place.node
        if not isinstance(leaf, Object) or leaf.kind != "frame":
            raise InputError(
                f"{self.ref} {key or 'data'} is no table",
                kind="not-a-table",
                hint=f"stook show {shlex.quote(self.ref)}",
            )
        codec = registry.codec("frame")
        source = BlobSource(
            self.repository,
            leaf.blob,
            codec.suffix,
            self.ref,
            place.path,
            linked=find_linked(self.tree, leaf),
        )
        with self._naming(place.path):
            return codec.load_as(source, leaf.meta, library)

    def _place(self, path: str, kinds: tuple[type[Leaf], ...] = (File, Folder, Object, Value)) -> Place:
        """Return what is at a path; with no path, the only item of these kinds."""
        if path:
            return self.get_place(path)
        sole = find_sole(self.tree, kinds)
        if sole is None:
            raise no_item(f"{self.ref} has several items:", self.tree, self.ref)
        return sole

    def _naming(self, item: str) -> AbstractContextManager[None]:
        return naming(self.ref, item, self.repository)

    @property
    def repository(self) -> Repository:
        """Where its bytes are."""
        repository = self._store.repository
        repository.expect(self.record.packs)
        return repository
