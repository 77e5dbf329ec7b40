"""Which two bundles to compare, and their difference as lines."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from stook.errors import InputError
from stook.format import values
from stook.model.amounts import human_size
from stook.model.visible import visible
from stook.store import Bundle, Store
from stook.store.diffing import (
    Difference,
    FileChange,
    FileState,
    ItemChange,
    ItemState,
    TableChange,
    ValueChange,
)
from stook.store.reading.rendering import short_text

__all__ = ["Line", "find_pair", "iter_lines", "iter_stat"]

_MARKS = {"added": "+", "removed": "-", "changed": "~", "retyped": "~", "moved": ">"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference.

    Attributes:
        mark: `+`, `-`, `~` (changed), `>` (moved); a space where nothing changed.
        text: What differs.
        depth: How far it is indented.
    """

    mark: str
    text: str
    depth: int = 0

    def __str__(self) -> str:
        return f"{'  ' * self.depth}{self.mark} {self.text}".rstrip()


def find_pair(store: Store, old: str, new: str = "") -> tuple[Bundle, Bundle]:
    """Return the bundles of two references; of one alone, the version before it, and it.

    Raises:
        NotFoundError: There is no such bundle.
        InputError: There is no version before.
    """
    if new:
        return store.get(old), store.get(new)
    last = store.get(old)
    before = next((bundle for bundle in store.versions(last.name) if bundle.id < last.id), None)
    if before is None:
        raise InputError(
            f"{last.ref} is the first version of {last.name}",
            kind="no-version-before",
            hint=f"stook diff {shlex.quote(last.name)} OTHER compares it with another bundle",
        )
    return before, last


def iter_lines(difference: Difference) -> Iterator[Line]:
    """Yield a difference as lines for people; long values are cut."""
    for change in difference.params:
        yield _value_line(change, "param ")
    for change in difference.tags:
        yield _value_line(change, "tag ")
    for item in difference.items:
        yield from _item_lines(item)


def iter_stat(difference: Difference) -> Iterator[Line]:
    """Yield a line for each item, and for parameters and tags a line each."""
    for what, changes in (("params", difference.params), ("tags", difference.tags)):
        if changes:
            yield Line("~", f"{what}: {_counts(changes)}")
    for item in difference.items:
        counts = _counts((*item.values, *item.files, *item.facts))
        yield Line(_MARKS[item.change], f"{_headline(item)}{f' ({counts})' if counts else ''}")


def _counts(changes: tuple[ValueChange | FileChange, ...]) -> str:
    found = Counter(_MARKS[change.change] for change in changes)
    return " ".join(f"{mark}{found[mark]:,}" for mark in "+-~>" if found[mark])


def _item_lines(item: ItemChange) -> Iterator[Line]:
    yield Line(_MARKS[item.change], _headline(item))
    for change in (*item.values, *item.facts):
        yield _value_line(change, depth=1)
    if item.table is not None:
        yield from _table_lines(item.table)
    for file in item.files:
        yield from _file_lines(file, item.path)


def _headline(item: ItemChange) -> str:
    name = short_text(item.path) or "data"
    if item.change == "moved":
        return f"{short_text(item.moved_from) or 'data'} → {name}"
    states = [state for state in (item.old, item.new) if state is not None]
    is_detailed = bool(item.values or item.files or item.facts or item.table)
    words = list(dict.fromkeys(_state_text(state, sized=not is_detailed) for state in states))
    return f"{name}: {' → '.join(words)}"


def _state_text(state: ItemState, *, sized: bool) -> str:
    about = f" {short_text(state.about)}" if state.about else ""
    return f"{state.kind}{about}" + (f", {human_size(state.size)}" if sized and state.size else "")


def _value_line(change: ValueChange, before: str = "", depth: int = 0) -> Line:
    old, new = _shown(change.old), _shown(change.new)
    shown = {"added": new, "removed": old}.get(change.change, f"{old} → {new}")
    if change.change == "retyped":
        shown += f" ({_type_name(change.old)} → {_type_name(change.new)})"
    name = before + short_text(change.path)
    return Line(_MARKS[change.change], f"{name}: {shown}" if name else shown, depth)


def _shown(tagged: object) -> str:
    value = values.from_json(tagged)
    return short_text([value])[1:-1] if isinstance(value, str) and len(value) < 50 else short_text(value)


def _type_name(tagged: object) -> str:
    return type(values.from_json(tagged)).__name__


def _table_lines(table: TableChange) -> Iterator[Line]:
    for name, kind in table.removed:
        yield Line("-", f"column {short_text(name)}: {kind}", 1)
    for name, kind in table.added:
        yield Line("+", f"column {short_text(name)}: {kind}", 1)
    for name, old, new in table.retyped:
        yield Line("~", f"column {short_text(name)}: {old} → {new}", 1)
    if table.is_reordered:
        yield Line("~", "columns in another order", 1)
    if table.old_rows != table.new_rows:
        yield Line("~", f"rows: {table.old_rows:,} → {table.new_rows:,}", 1)
    elif not (table.added or table.removed or table.retyped or table.is_reordered):
        yield Line("~", "the same columns and number of rows, with other content", 1)


def _file_lines(file: FileChange, item: str) -> Iterator[Line]:
    below = f"{item}/" if item else ""
    yield Line(_MARKS[file.change], _file_text(file, below), 1)
    for line in file.lines or ():
        mark = line[0] if line[0] in "+-" else " "
        yield Line(mark, visible(line[1:] if line[0] in "+- " else line, keep="\t"), 2)


def _file_text(file: FileChange, below: str) -> str:
    path = visible(file.path.removeprefix(below))
    if file.old and file.new and file.change == "moved":
        return f"{visible(file.moved_from.removeprefix(below))} → {path}{_mode(file.old, file.new)}"
    if file.old and file.new:
        sizes = list(dict.fromkeys((human_size(file.old.size), human_size(file.new.size))))
        return f"{path} {' → '.join(sizes)}{_mode(file.old, file.new)}"
    state = file.old or file.new
    return f"{path} {human_size(state.size)}" if state and state.digest else path


def _mode(old: FileState, new: FileState) -> str:
    if old.executable == new.executable:
        return ""
    return ", now executable" if new.executable else ", no more executable"
