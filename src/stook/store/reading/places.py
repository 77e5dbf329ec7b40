"""Which item a place in a bundle is, and the errors that say that there is none."""

from __future__ import annotations

import shlex

from stook.errors import InputError, NotFoundError
from stook.model.tree import Dict, Folder, Leaf, Node, Object, Sequence, Value
from stook.store.reading.items import Place, iter_leaves

__all__ = ["find_sole", "item_at", "no_item"]

_NAMED = 20


def find_sole(tree: Node, kinds: tuple[type[Leaf], ...]) -> Place | None:
    """Return the only item of some kinds, or of objects the only table; None where there are several."""
    fitting = [Place(path, leaf) for path, leaf in iter_leaves(tree) if isinstance(leaf, kinds)]
    tables = [place for place in fitting if isinstance(place.node, Object) and place.node.kind == "frame"]
    if kinds == (Object,) and len(tables) == 1:
        return tables[0]
    return fitting[0] if len(fitting) == 1 else None


def item_at(place: Place, ref: str) -> Leaf:
    """Return the item at a place of the bundle `ref`.

    Raises:
        InputError: There are several, or only a part of one.
    """
    node = place.node
    if isinstance(node, (Dict, Sequence)) or (isinstance(node, Value) and place.inside):
        what = "a part of a value" if isinstance(node, Value) else "several items"
        raise InputError(
            f"{place.path} of {ref} is {what}, which no file has",
            kind="not-an-item",
            hint=f"stook show {shlex.quote(ref)} lists the items; stook cat prints any part",
        )
    return node


def no_item(what: str, tree: Node, ref: str) -> NotFoundError:
    """Return the error that says `what`, and which items, or files of a sole folder, there are in the bundle `ref`."""
    if isinstance(tree, Folder):
        paths, verb = [file.path for file in tree.files], "cat"
    else:
        paths, verb = [path or "one item without a name" for path, _ in iter_leaves(tree)], "show"
    more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
    return NotFoundError(
        f"{what} {', '.join(paths[:_NAMED]) or 'none'}{more}",
        kind="item-not-found",
        hint=f"stook {verb} {shlex.quote(ref)} lists what it has",
    )
