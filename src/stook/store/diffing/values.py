"""How two plain values differ, path by path. 1, 1.0 and True are three values, all NaNs are one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stook.format import canonical, values
from stook.store.diffing.difference import Change, ValueChange
from stook.store.diffing.lines import shared_ends
from stook.store.reading.items import joined, part_of

__all__ = ["diff_mappings", "diff_values", "is_same"]

_EXACT = frozenset({str, int, bool, bytes, type(None)})


def diff_values(old: object, new: object, path: str = "") -> Iterator[ValueChange]:
    """Yield what differs between two plain values.

    Dicts are compared by key, lists and tuples by position between the start and the end that they share, sets by what
    is in them, all else as a whole.
    """
    if type(old) is not type(new):
        yield _change("retyped", path, old, new)
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from diff_mappings(old, new, path)
    elif isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        yield from _diff_sequences(old, new, path)
    elif isinstance(old, (set, frozenset)) and isinstance(new, (set, frozenset)):
        yield from _diff_sets(old, new, path)
    elif not is_same(old, new):
        yield _change("changed", path, old, new)


def diff_mappings(
    old: Mapping[Any, object], new: Mapping[Any, object], path: str = ""
) -> Iterator[ValueChange]:
    """Yield what differs between two dicts: what was removed and changed, then what was added."""
    olds, news = _by_key(old), _by_key(new)
    for code, (key, value) in olds.items():
        where = _below(path, key)
        if code in news:
            yield from diff_values(value, news[code][1], where)
        else:
            yield _change("removed", where, value, None)
    for code, (key, value) in news.items():
        if code not in olds:
            yield _change("added", _below(path, key), None, value)


def is_same(old: object, new: object) -> bool:
    """Tell whether two plain values are equal and of the same types throughout."""
    kind = type(old)
    if kind is not type(new):
        return False
    if kind in _EXACT:
        return old == new
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        return len(old) == len(new) and all(map(is_same, old, new))
    return canonical.encode(old) == canonical.encode(new)


def _by_key(mapping: Mapping[Any, object]) -> dict[object, tuple[object, object]]:
    """Return keys and values under what tells keys apart: text as it is, all else by its encoding."""
    return {
        key if isinstance(key, str) else canonical.encode(key): (key, value) for key, value in mapping.items()
    }


def _diff_sequences(old: Sequence[object], new: Sequence[object], path: str) -> Iterator[ValueChange]:
    start, end = shared_ends(old, new, is_same)
    olds, news = old[start : len(old) - end], new[start : len(new) - end]
    for number in range(max(len(olds), len(news))):
        where = _below(path, start + number)
        if number >= len(news):
            yield _change("removed", where, olds[number], None)
        elif number >= len(olds):
            yield _change("added", where, None, news[number])
        else:
            yield from diff_values(olds[number], news[number], where)


def _diff_sets(
    old: set[object] | frozenset[object], new: set[object] | frozenset[object], path: str
) -> Iterator[ValueChange]:
    olds = {canonical.encode(item): item for item in old}
    news = {canonical.encode(item): item for item in new}
    for code in sorted(olds.keys() - news.keys()):
        yield _change("removed", path, olds[code], None)
    for code in sorted(news.keys() - olds.keys()):
        yield _change("added", path, None, news[code])


def _below(path: str, key: object) -> str:
    return joined(path, part_of(str(key)))


def _change(change: Change, path: str, old: object, new: object) -> ValueChange:
    return ValueChange(path, change, values.to_json(old), values.to_json(new))
