"""Which items of two bundles differ, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from stook.format import trees, values
from stook.model.tree import File, Folder, Leaf, Object, Sequence, Value
from stook.store.codec import TableShape
from stook.store.diffing.aligning import align
from stook.store.diffing.difference import Difference, FileChange, ItemChange, ItemState, TableChange
from stook.store.diffing.files import Budget, diff_files, find_moves, held_files
from stook.store.diffing.values import diff_mappings, diff_values
from stook.store.reading.decode import decode
from stook.store.reading.describing import item_facts, table_shape
from stook.store.reading.summary import summarise

if TYPE_CHECKING:
    from stook.store.bundle import Bundle

__all__ = ["diff"]


def diff(old: Bundle, new: Bundle, *, lines: bool = True) -> Difference:
    """Compare two bundles: parameters, tags, and the data item by item.

    Args:
        old: The first.
        new: The second.
        lines: Whether text files that changed are compared line by line; a hundred of them, up to a MiB each.

    Raises:
        IntegrityError: Something that had to be read is damaged.
    """
    is_same = old.digest == new.digest
    found = Difference(old.ref, new.ref, is_same)
    if old.id == new.id:
        return found
    return replace(
        found,
        params=tuple(diff_mappings(dict(old.params), dict(new.params))),
        tags=tuple(diff_mappings(dict(old.tags), dict(new.tags))),
        items=() if is_same else tuple(_Comparison(old, new, lines=lines).changes()),
    )


class _Comparison:
    """Two bundles whose data differs."""

    def __init__(self, old: Bundle, new: Bundle, *, lines: bool) -> None:
        self._old, self._new = old, new
        aligned = align(old.tree, new.tree, lambda v: _load(old, v), lambda v: _load(new, v))
        self._olds, self._news, self._retyped = aligned.old, aligned.new, aligned.retyped
        self._files: dict[str, list[FileChange]] = {}
        last = self._news.get("")
        name = last.name if isinstance(last, File) and isinstance(self._olds.get(""), File) else ""
        found = diff_files(
            held_files(self._olds.items(), name),
            held_files(self._news.items(), name),
            lambda before, after: (old.repository.reader().read(before), new.repository.reader().read(after)),
            Budget() if lines else Budget(files=0),
        )
        for item, change in found:
            self._files.setdefault(item, []).append(change)

    def changes(self) -> Iterator[ItemChange]:
        """Yield the items that differ: those of the old tree in its order, then those that were added."""
        for path, old, new in self._retyped:
            yield ItemChange(path, "retyped", _list_state(old), _list_state(new))
        origins = self._find_moves()
        gone = set(origins.values())
        for path, leaf in self._olds.items():
            if path in self._news:
                if _digest(leaf) != _digest(self._news[path]):
                    yield self._change(path, leaf, self._news[path])
            elif path not in gone:
                files = tuple(self._files.get(path, ()))
                yield ItemChange(path, "removed", old=_state(leaf), files=files)
        for path, leaf in self._news.items():
            if path in origins:
                before = self._olds[origins[path]]
                yield ItemChange(path, "moved", _state(before), _state(leaf), moved_from=origins[path])
            elif path not in self._olds:
                yield ItemChange(path, "added", new=_state(leaf), files=tuple(self._files.get(path, ())))

    def _find_moves(self) -> dict[str, str]:
        """Return the old path of each item that has another path now. Values are not looked at: many are alike."""
        gone = {path: leaf for path, leaf in self._olds.items() if path not in self._news}
        come = {path: leaf for path, leaf in self._news.items() if path not in self._olds}
        return find_moves(
            {path: _digest(leaf) for path, leaf in gone.items() if not isinstance(leaf, Value)},
            {path: _digest(leaf) for path, leaf in come.items()},
        )

    def _change(self, path: str, old: Leaf, new: Leaf) -> ItemChange:
        found = ItemChange(path, "changed", _state(old), _state(new), files=tuple(self._files.get(path, ())))
        match old, new:
            case Value(), Value():
                changes = diff_values(_load(self._old, old), _load(self._new, new))
                return replace(found, values=tuple(changes))
            case Object(), Object() if old.kind == new.kind == "frame":
                shapes = table_shape(self._old.repository, old), table_shape(self._new.repository, new)
                return replace(found, table=_diff_tables(*shapes, is_same_content=old.digest == new.digest))
            case Object(), Object() if old.kind == new.kind:
                facts = item_facts(self._old.repository, old), item_facts(self._new.repository, new)
                return replace(found, facts=tuple(diff_mappings(*facts)))
            case (File(), File()) | (Folder(), Folder()):
                return found
            case _:
                return replace(found, change="retyped")


def _diff_tables(old: TableShape, new: TableShape, *, is_same_content: bool) -> TableChange:
    olds, news = dict(old.columns), dict(new.columns)
    both = [name for name in olds if name in news]
    return TableChange(
        added=tuple(column for column in new.columns if column[0] not in olds),
        removed=tuple(column for column in old.columns if column[0] not in news),
        retyped=tuple((name, olds[name], news[name]) for name in both if olds[name] != news[name]),
        is_reordered=both != [name for name in news if name in olds],
        old_rows=old.rows,
        new_rows=new.rows,
        is_same_content=is_same_content,
    )


def _load(bundle: Bundle, value: Value) -> object:
    data = value.blob.data
    return values.load(data) if data is not None else decode(value, bundle.repository)


def _digest(leaf: Leaf) -> str:
    return trees.digest_tree(leaf)


def _state(leaf: Leaf) -> ItemState:
    item = summarise("", leaf)
    return ItemState(item.kind, item.about, item.size, item.digest)


def _list_state(node: Sequence) -> ItemState:
    return ItemState("tuple" if node.is_tuple else "list", f"of {len(node.nodes):,}", 0, "")
