"""The closure of a task, as a value, found or remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec
from blake3 import blake3

from stook.pipeline.closure.codebase import Codebase
from stook.pipeline.closure.entry import Entry
from stook.pipeline.closure.rules import Rules
from stook.pipeline.closure.sights import Sight, State

if TYPE_CHECKING:
    from stook.pipeline.closure.taking_apart.facts import References
    from stook.pipeline.closure.texts import CodeText

__all__ = ["Closure", "close", "digest_of"]

_SORT = "closures"


class Closure(msgspec.Struct, frozen=True):
    """What a task's code is.

    Attributes:
        code: `module:name` to the digest of a definition, and `package:name` to the version of a package; sorted.
        digest: Digest over all of it.
        entries: The keys of the task's class and its bases.
        texts: The text of what is in no file, but in a notebook.
    """

    code: dict[str, str]
    digest: str
    entries: tuple[str, ...] = ()
    texts: tuple[CodeText, ...] = ()


class _Remembered(msgspec.Struct, frozen=True, array_like=True):
    code: dict[str, str]
    digest: str
    sights: list[tuple[Sight, State]]


def close(
    entries: Iterable[Entry],
    codebase: Codebase,
    rules: Rules = Rules(),  # noqa: B008
    references: References | None = None,
) -> Closure:
    """Return the closure of a task.

    Where the codebase has a cache, the closure is remembered with the state of all that was looked at, and not worked
    out again while that stays as it was.

    Args:
        entries: The task's class and its bases, those that are code of the project.
        codebase: Where code is looked up.
        rules: What counts besides, and what does not.
        references: What code that is in no file refers to.

    Raises:
        InputError: A file of the project is no valid Python, or a rule names what is not there.
    """
    starts = tuple(entries)
    key = repr((starts, *map(str, codebase.roots), "|", *map(str, codebase.search), rules, references))
    keys = tuple(f"{entry.module}:{entry.name}" for entry in starts)
    known = _recall(codebase, key)
    if known is not None:
        return Closure(known.code, known.digest, keys)
    from stook.pipeline.closure.walk import Walk  # which is done once for code as it is

    with codebase.noting() as seen:
        walk = Walk(starts, codebase, rules, references)
        walk.run()
    code = dict(sorted(walk.code.items()))
    digest = digest_of(code)
    _remember(
        codebase,
        key,
        _Remembered(code, digest, [(sight, codebase.sights.state(sight)) for sight in sorted(seen)]),
    )
    return Closure(code, digest, keys)


def digest_of(code: Mapping[str, str]) -> str:
    """Return the digest over all that is in the `code` of a closure, which is sorted."""
    text = "\n".join(f"{key}\t{value}" for key, value in code.items())
    return blake3(text.encode("utf-8", "surrogatepass")).hexdigest()


def _recall(codebase: Codebase, key: str) -> _Remembered | None:
    """Return what was found before, where all that was looked at then is as it was."""
    data = codebase.kept.find(_SORT, key)
    if data is None:
        return None
    try:
        known = msgspec.msgpack.decode(data, type=_Remembered)
    except msgspec.DecodeError:
        return None
    sights = codebase.sights
    if not all(sights.is_same(sight, state) for sight, state in known.sights):
        return None
    now = [(sight, sights.state(sight)) for sight, _ in known.sights]
    if now != known.sights:
        _remember(codebase, key, _Remembered(known.code, known.digest, now))
    return known


def _remember(codebase: Codebase, key: str, found: _Remembered) -> None:
    codebase.kept.put(_SORT, key, msgspec.msgpack.encode(found))
