"""What of a bundle a requirement takes, and the digest of that alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stook.model.lineage import Input
from stook.pipeline.authoring.forms import digest_as_input, form_of, form_of_value, with_form
from stook.pipeline.authoring.mapping import PartKey, partition_keys, range_key
from stook.pipeline.authoring.wanted import Item, Partition, Partitions, Requirement

if TYPE_CHECKING:
    from stook.model.tree import Node
    from stook.store import Bundle
    from stook.store.reading.items import Place

__all__ = ["Parts", "input_of"]

_ITEM = "stook v1 item as input"


class Parts:
    """Knows which parts of bundles are taken, and their digests. One for each run.

    Args:
        cache: A folder where digests of partitions are remembered from run to run.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._keys: dict[tuple[str, str, str, type, str], PartKey] = {}
        self._items: dict[tuple[str, str], str] = {}

    def keys_of(self, bundle: Bundle, over: Partitions) -> tuple[PartKey, ...]:
        """Return the partitions of a table. Raises as `mapping.partition_keys` does."""
        keys = partition_keys(bundle, over, self._cache)
        for key in keys:
            self._keys[bundle.digest, _path_of(over.of), over.by, type(key.key), key.label] = key
        return keys

    def input_of(self, role: str, requirement: Requirement, bundle: Bundle) -> Input:
        """Return an input as it is recorded: the digest is that of what is used.

        Args:
            role: Its role.
            requirement: What is required: a bundle whole, one item, or some rows of a table.
            bundle: The bundle that it is, or is in.

        Raises:
            NotFoundError: The bundle has no such item, or no such partition.
            InputError: There are to be partitions of something that is no table.
        """
        whole = Input(role, bundle.name, bundle.id, digest_as_input(bundle))
        if isinstance(requirement, Item):
            at = whole.digest, requirement.path
            if at not in self._items:
                self._items[at] = _item_digest(bundle, requirement.path)
            return replace(whole, digest=self._items[at], item=requirement.path)
        if isinstance(requirement, Partition):
            key = self._key_of(bundle, requirement)
            return replace(whole, digest=key.digest, item=_path_of(requirement.of), part=key.label)
        return whole

    def _key_of(self, bundle: Bundle, wanted: Partition) -> PartKey:
        at = bundle.digest, _path_of(wanted.of), wanted.by, type(wanted.key), wanted.label
        if at not in self._keys and wanted.by:
            self.keys_of(bundle, Partitions(wanted.of, wanted.by))
        if at not in self._keys:
            self._keys[at] = range_key(bundle, wanted)
        return self._keys[at]


def _path_of(requirement: Requirement) -> str:
    return requirement.path if isinstance(requirement, Item) else ""


def _item_digest(bundle: Bundle, path: str) -> str:
    """Return the digest of an item; never that of a bundle, which `run` would get in another form."""
    from stook.format import canonical
    from stook.format.trees import digest_tree
    from stook.model.tree import Value
    from stook.store.reading.linked import find_linked

    place = bundle.get_place(path)
    linked = find_linked(bundle.tree, place.node)
    digests = [digest_tree(_node_at(place)), digest_tree(linked) if linked else ""]
    digest = canonical.digest(_ITEM, canonical.encode(digests))
    is_within = bool(place.inside) and isinstance(place.node, Value)
    return with_form(digest, form_of_value(place.value) if is_within else form_of(place.node))


def _node_at(place: Place) -> Node:
    """Return the tree of a place alone, as if its bundle had nothing else."""
    from stook.format import canonical
    from stook.model.tree import File, Folder, FolderFile, Value

    node, inside = place.node, place.inside.rstrip("/")
    if inside and isinstance(node, Value):
        return Value(canonical.digest("stook v1 value", canonical.encode(place.value)), node.blob)
    if not inside or not isinstance(node, Folder):
        return node
    name, below = inside.rpartition("/")[2], f"{inside}/"
    file = place.find_file()
    if file is not None:
        return File(name, file.blob, file.executable)
    files = [
        FolderFile(f.path[len(below) :], f.blob, f.executable) for f in node.files if f.path.startswith(below)
    ]
    empty = tuple(f"{at}/"[len(below) : -1] for at in node.empty if f"{at}/".startswith(below))
    return Folder(name, tuple(files), empty)


def input_of(role: str, requirement: Requirement, bundle: Bundle, cache: Path | None = None) -> Input:
    """Return an input as it is recorded; for one of many, keep a `Parts`. Raises as `Parts.input_of` does."""
    return Parts(cache).input_of(role, requirement, bundle)
