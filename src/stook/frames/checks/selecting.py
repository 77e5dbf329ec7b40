"""Which part of the data a check means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stook.errors import InputError
from stook.frames.checks.definitions import Check
from stook.frames.checks.failures import Failure
from stook.frames.checks.parts import is_frame

__all__ = ["Place", "put", "select"]

_MOST_DIGITS = 20
_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A part of some data: the keys and positions that lead to it, and what is there."""

    path: _Path
    value: Any


def select(check: Check, data: Any) -> Place | Failure:
    """Return what a check means; a failure where the item that it names is not there.

    Raises:
        InputError: It names none, and there are several tables.
    """
    if check.item:
        return _named(check, data)
    frames = list(_frames(data, ()))
    if len(frames) > 1:
        names = ", ".join(_text(place.path) for place in frames[:5])
        raise InputError(
            f"{check!r} does not say which of {len(frames)} tables it means: {names}",
            kind="bad-check",
            hint=f"say it by item={_text(frames[0].path)!r}",
        )
    return frames[0] if frames else Place((), data)


def put(data: Any, path: _Path, value: Any) -> Any:
    """Return data with another value at a place."""
    if not path:
        return value
    key, *rest = path
    if isinstance(data, dict):
        return {**data, key: put(data[key], tuple(rest), value)}
    changed = [put(each, tuple(rest), value) if i == key else each for i, each in enumerate(data)]
    return tuple(changed) if isinstance(data, tuple) else changed


def _named(check: Check, data: Any) -> Place | Failure:
    path: _Path = ()
    for word in check.item.split("/"):
        if isinstance(data, dict) and word in data:
            path, data = (*path, word), data[word]
        elif (
            isinstance(data, list | tuple)
            and word.isdecimal()
            and len(word) < _MOST_DIGITS
            and int(word) < len(data)
        ):
            path, data = (*path, int(word)), data[int(word)]
        else:
            return Failure(check, "there is no such item")
    return Place(path, data)


def _frames(data: Any, path: _Path) -> Iterator[Place]:
    if is_frame(data) or isinstance(data, Iterator):
        yield Place(path, data)
    elif isinstance(data, dict | list | tuple):
        parts = data.items() if isinstance(data, dict) else enumerate(data)
        for key, value in parts:
            if isinstance(key, str | int):
                yield from _frames(value, (*path, key))


def _text(path: _Path) -> str:
    return "/".join(map(str, path))
