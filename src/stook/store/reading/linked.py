"""Which folder of files a table links to: the one beside it that its `meta` names."""

from __future__ import annotations

from collections.abc import Mapping

from stook.model.tree import Dict, Folder, Node, Object, Sequence

__all__ = ["find_linked"]


def find_linked(tree: Node, node: Node) -> Folder | None:
    """Return the folder of files that a node of a tree links to; None where it links to none.

    Args:
        tree: The tree that the node is in.
        node: This very node.
    """
    links = node.meta.get("links") if isinstance(node, Object) else None
    if not isinstance(links, Mapping):
        return None
    beside = _find_parent(tree, node)
    found = dict(beside.entries).get(str(links.get("folder"))) if beside is not None else None
    return found if isinstance(found, Folder) else None


def _find_parent(tree: Node, node: Node) -> Dict | None:
    match tree:
        case Dict():
            children = [child for _, child in tree.entries]
        case Sequence():
            children = list(tree.nodes)
        case _:
            return None
    if isinstance(tree, Dict) and any(child is node for child in children):
        return tree
    return next((found for child in children if (found := _find_parent(child, node))), None)
