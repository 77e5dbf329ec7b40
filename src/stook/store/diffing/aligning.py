"""Two data trees as leaves under the same paths.

Data of plain values alone is one value; with a frame or a file beside them each is an item. So that adding a frame
to some values is just that, a value that is a dict here and a dict of items there is taken apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from stook.format import canonical, values
from stook.model.tree import Blob, Dict, Leaf, Node, Sequence, Value
from stook.store.reading.items import iter_leaves, joined, part_of

__all__ = ["Aligned", "align"]

Load = Callable[[Value], object]


@dataclass(frozen=True, slots=True)
class Aligned:
    """Two trees.

    Attributes:
        old: Leaves of the first by path.
        new: Leaves of the second by path.
        retyped: Paths of what is a list in one and a tuple in the other.
    """

    old: dict[str, Leaf] = field(default_factory=dict)
    new: dict[str, Leaf] = field(default_factory=dict)
    retyped: list[tuple[str, Sequence, Sequence]] = field(default_factory=list)


def align(old: Node, new: Node, load_old: Load, load_new: Load) -> Aligned:
    """Return the leaves of two trees by path.

    Args:
        old: The first tree.
        new: The second tree.
        load_old: Loads a value of the first.
        load_new: Loads a value of the second.
    """
    aligned = Aligned()
    olds, news = aligned.old, aligned.new
    waiting: list[tuple[str, Node, Node]] = [("", old, new)]
    while waiting:
        path, before, after = waiting.pop()
        befores = _children(before, after, load_old)
        afters = _children(after, before, load_new)
        if befores is None or afters is None:
            _put(olds, path, before)
            _put(news, path, after)
            continue
        if isinstance(before, Sequence) and isinstance(after, Sequence) and before.is_tuple != after.is_tuple:
            aligned.retyped.append((path, before, after))
        both = [part for part in befores if part in afters]
        waiting += [(joined(path, part), befores[part], afters[part]) for part in reversed(both)]
        for part in befores:
            if part not in afters:
                _put(olds, joined(path, part), befores[part])
        for part in afters:
            if part not in befores:
                _put(news, joined(path, part), afters[part])
    return aligned


def _put(leaves: dict[str, Leaf], path: str, node: Node) -> None:
    for inner, leaf in iter_leaves(node):
        leaves[joined(path, inner)] = leaf


def _children(node: Node, other: Node, load: Load) -> dict[str, Node] | None:
    """Return what is in a container by path part; None where it is none, or is compared as a whole."""
    if isinstance(node, Dict) and not isinstance(other, Sequence):
        return {part_of(key): child for key, child in node.entries}
    if isinstance(node, Sequence) and not isinstance(other, Dict):
        return {str(position): child for position, child in enumerate(node.nodes)}
    if isinstance(node, Value) and isinstance(other, (Dict, Sequence)):
        return _parts(load(node), other)
    return None


def _parts(value: object, other: Dict | Sequence) -> dict[str, Node] | None:
    if isinstance(value, dict) and isinstance(other, Dict) and all(isinstance(key, str) for key in value):
        return {part_of(key): _as_node(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)) and isinstance(other, Sequence):
        return {str(position): _as_node(child) for position, child in enumerate(value)}
    return None


def _as_node(value: object) -> Value:
    """Return a value as a leaf that holds its bytes itself."""
    data = values.dump(value)
    digest = canonical.digest("stook v1 value", canonical.encode(value))
    return Value(digest, Blob(len(data), "", data))
