"""What of a bundle a requirement takes, and the digest of that alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stook.model.lineage import Input
from stook.pipeline.authoring.forms import digest_as_input, form_of, form_of_value, with_form
from stook.pipeline.authoring.wanted import Item, Mapped, Partition, Partitions, Requirement

if TYPE_CHECKING:
    from stook.model.tree import Node
    from stook.pipeline.authoring.mapping import PartKey
    from stook.pipeline.authoring.tasks import Task
    from stook.store import Bundle
    from stook.store.reading.items import Place

__all__ = ["Parts"]

_ITEM = "stook v1 item as input"


class Parts:
    """Knows what is taken of bundles; looks at each item and partition once. One for each run or plan.

    Args:
        cache: A folder where digests of partitions are remembered from run to run.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._used: dict[tuple[str, Requirement], Input] = {}

    def input_of(self, role: str, required: Requirement, bundle: Bundle) -> Input:
        """Return an input as it is recorded: the digest is that of what is used.

        Args:
            role: Its role.
            required: What is required: a bundle whole, one item, or some rows of a table.
            bundle: The bundle that it is, or is in.

        Raises:
            NotFoundError: The bundle has no such item, or no such partition.
            InputError: There are to be partitions of something that is no table.
        """
        if not isinstance(required, Item | Partition):
            return Input(role, bundle.name, bundle.id, digest_as_input(bundle))
        if (bundle.id, required) not in self._used:
            self._look_at(required, bundle)
        return replace(self._used[bundle.id, required], role=role)

    def tasks_of(self, mapped: Mapped, bundle: Bundle) -> list[Task]:
        """Return the tasks that a `Mapped` stands for, given the bundle that has its table.

        Raises:
            NotFoundError: The bundle has no such item.
            InputError: There is no such table or column, or a task cannot have such a partition.
        """
        from stook.pipeline.authoring.mapping import expand

        return expand(mapped, self._partitions_of(bundle, mapped.over))

    def _partitions_of(self, bundle: Bundle, over: Partitions) -> tuple[PartKey, ...]:
        from stook.pipeline.authoring.mapping import partition_keys

        keys = partition_keys(bundle, over, self._cache)
        for key in keys:
            self._note(Partition(over.of, over.by, key.key, key.start, key.stop), bundle, key)
        return keys

    def _look_at(self, required: Item | Partition, bundle: Bundle) -> None:
        at = bundle.id, required
        if isinstance(required, Item):
            path = required.path
            self._used[at] = Input("", bundle.name, bundle.id, _item_digest(bundle, path), path)
            return
        if required.by:
            self._partitions_of(bundle, Partitions(required.of, required.by))
        if at not in self._used:
            from stook.pipeline.authoring.mapping import range_key

            self._note(required, bundle, range_key(bundle, required))

    def _note(self, part: Partition, bundle: Bundle, key: PartKey) -> None:
        self._used[bundle.id, part] = Input("", bundle.name, bundle.id, key.digest, part.item, key.label)


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
