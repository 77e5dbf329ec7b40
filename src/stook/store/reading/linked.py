"""Which folder of files a table links to: the one beside it that its `meta` names."""

from __future__ import annotations

from collections.abc import Mapping

from stook.model.tree import Dict, Folder, Node, Object, Sequence

__all__ = ["find_linked", "find_linked_table", "link_columns", "linked_key"]


def linked_key(node: Node) -> str | None:
    """Return the key beside a table under which the files are that it links to; None where it does not link."""
    links = _links(node)
    return str(links.get("folder")) if links is not None else None


def link_columns(node: Node) -> tuple[str, ...]:
    """Return the columns of a table whose cells are paths of files beside it."""
    columns = (_links(node) or {}).get("columns")
    return tuple(map(str, columns)) if isinstance(columns, list) else ()


def find_linked_table(tree: Node) -> tuple[str, Object] | None:
    """Return key and node of the table, where a tree is a table with links, the files, and nothing else."""
    entries = dict(tree.entries) if isinstance(tree, Dict) else {}
    for key, node in entries.items():
        if isinstance(node, Object) and set(entries) == {key, linked_key(node)}:
            return (key, node) if find_linked(tree, node) is not None else None
    return None


def find_linked(tree: Node, node: Node) -> Folder | None:
    """Return the folder of files that a node of a tree links to; None where it links to none.

    Args:
        tree: The tree that the node is in.
        node: This very node.
    """
    key = linked_key(node)
    beside = _find_parent(tree, node) if key is not None else None
    found = dict(beside.entries).get(key or "") if beside is not None else None
    return found if isinstance(found, Folder) else None


def _links(node: Node) -> Mapping[str, object] | None:
    """Return what a table says of its links; whatever else says such a thing is no table, and has none."""
    links = node.meta.get("links") if isinstance(node, Object) and node.kind == "frame" else None
    return links if isinstance(links, Mapping) else None


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
