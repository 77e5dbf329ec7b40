"""Paths of items: how a place in a data tree is written, and which place a path means.

A path is the keys and positions that lead to the place, with `/` between them. A key is written as it is, but for `/`,
`%` and what does not print, which are percent-encoded (RFC 3986, section 2.1); an empty key is a lone `%`. So each
place has one path, and no two share one. Whoever types a path may leave the encoding out where that is clear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from stook.errors import InputError
from stook.model.tree import Dict, File, Folder, FolderFile, Leaf, Node, Value, iter_items, iter_nodes
from stook.model.tree import Sequence as ListNode

__all__ = ["Place", "find_place", "iter_leaves", "joined", "part_of"]

_EMPTY = "%"


class Place(msgspec.Struct, frozen=True):
    """Where a path leads.

    Attributes:
        path: The one path of the place; empty for the whole.
        node: The node of the data tree that it is, or is in.
        inside: What is left of the path within the node: a file or folder in a folder, keys and positions in a value.
        value: What is there, where the node is a value and the path goes on inside it.
    """

    path: str
    node: Node
    inside: str = ""
    value: object = None

    def find_file(self) -> FolderFile | None:
        """Return the file of a folder that the path leads to; None where it leads to no file, or to no folder."""
        files = self.node.files if isinstance(self.node, Folder) else ()
        return next((file for file in files if file.path == self.inside), None)


def part_of(key: str) -> str:
    """Return a key as it is written in a path."""
    if key.isprintable() and "/" not in key and "%" not in key:
        return key or _EMPTY
    return "".join(_letter(letter) for letter in key)


def _item_path(keys: Sequence[str]) -> str:
    """Return the path of the place that some keys lead to."""
    return "/".join(part_of(key) for key in keys)


def joined(path: str, inner: str) -> str:
    """Return the path of what has the path `inner` at the place `path`; either may be empty."""
    return f"{path}/{inner}" if path and inner else path or inner


def iter_leaves(tree: Node) -> Iterator[tuple[str, Leaf]]:
    """Yield each leaf with its path, in order; the path of a sole leaf is empty."""
    for keys, leaf in iter_items(tree):
        yield _item_path(keys), leaf


def find_place(tree: Node, path: str, load: Callable[[Value], object]) -> Place | None:
    """Return the place that a path means, or None where there is none.

    The exact path wins. Where none is, keys may stand as they are (`a/b` for the one key "a/b"), and a file may be
    named by its name alone.

    Args:
        tree: The data tree.
        path: The path.
        load: Loads a value that the path seems to go into.

    Raises:
        InputError: It may mean several places; the error has the exact paths.
    """
    place = _follow(tree, path, load)
    if place is not None:
        return place
    nodes = list(iter_nodes(tree))
    found = [place for keys, node in nodes for place in _loosely(keys, node, path, load)]
    found = found or [
        Place(_item_path(keys), node) for keys, node in nodes if isinstance(node, File) and node.name == path
    ]
    if len(found) > 1:
        raise InputError(
            f"{path!r} may be any of {', '.join(place.path for place in found)}",
            kind="ambiguous-item",
            hint="give one of these paths",
        )
    return found[0] if found else None


def _letter(letter: str) -> str:
    if letter.isprintable() and letter not in "/%":
        return letter
    return "".join(f"%{byte:02X}" for byte in letter.encode())


def _follow(tree: Node, path: str, load: Callable[[Value], object]) -> Place | None:
    """Return the place of an exact path."""
    node, done, rest = tree, "", path
    while rest:
        if isinstance(node, Value):
            whole = load(node)
            try:
                return Place(path, node, rest, _get_inside(whole, rest))
            except KeyError:
                return None
        if isinstance(node, Folder):
            return Place(path, node, rest) if _has(node, rest) else None
        part, slash, rest = rest.partition("/")
        child = _find_child(node, part)
        if child is None or (slash and not rest):
            return None
        node, done = child, joined(done, part)
    return Place(done, node)


def _find_child(node: Node, part: str) -> Node | None:
    if isinstance(node, Dict):
        return next((child for key, child in node.entries if part_of(key) == part), None)
    if (
        isinstance(node, ListNode)
        and part.isdecimal()
        and part == str(int(part))
        and int(part) < len(node.nodes)
    ):
        return node.nodes[int(part)]
    return None


def _has(folder: Folder, path: str) -> bool:
    """Tell whether a folder has a file or folder of a path."""
    below = path.rstrip("/") + "/"
    return any(file.path == path or file.path.startswith(below) for file in folder.files) or any(
        f"{empty}/".startswith(below) for empty in folder.empty
    )


def _loosely(
    keys: tuple[str, ...], node: Node, path: str, load: Callable[[Value], object]
) -> Iterator[Place]:
    """Yield the node, or what is in it, where a path leads there with its keys as they are."""
    plain, exact = "/".join(keys), _item_path(keys)
    if keys and plain == path:
        yield Place(exact, node)
    rest = path.removeprefix(f"{plain}/") if keys else path
    if keys and rest == path:
        return
    if isinstance(node, Folder) and _has(node, rest):
        yield Place(f"{exact}/{rest}", node, rest)
    elif isinstance(node, Value):
        for inner, value in _loosely_inside(load(node), rest):
            yield Place(joined(exact, inner), node, inner, value)


def _get_inside(value: object, path: str) -> object:
    """Return what an exact path leads to within a value. Raises KeyError where that is nothing."""
    for part in path.split("/"):
        value = _children(value)[part]
    return value


def _loosely_inside(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield each place in a value that a path leads to with its keys as they are."""
    children = (
        {str(key): child for key, child in value.items()} if isinstance(value, dict) else _children(value)
    )
    for key, child in children.items():
        if key == path:
            yield part_of(key), child
        elif key and path.startswith(f"{key}/"):
            for inner, found in _loosely_inside(child, path[len(key) + 1 :]):
                yield f"{part_of(key)}/{inner}", found


def _children(value: object) -> dict[str, object]:
    """Return what is in a container by path part; of keys that read alike, text comes first."""
    if isinstance(value, dict):
        others = {part_of(str(key)): child for key, child in value.items() if not isinstance(key, str)}
        return others | {part_of(key): child for key, child in value.items() if isinstance(key, str)}
    if isinstance(value, (list, tuple)):
        return {str(position): child for position, child in enumerate(value)}
    return {}
