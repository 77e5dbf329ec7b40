"""What a task leaves: what its `run` returns, streams, and files that it has written to `self.path`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stook import registry
from stook.errors import InputError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

__all__ = ["is_frame", "iter_paths", "prepare", "streams_of"]

_MOST_LOOKED_AT: Final = 100_000
_DEEPEST: Final = 100
_PLAIN: Final = frozenset({type(None), bool, int, float, str, bytes})
Guard = Callable[[], "AbstractContextManager[object]"]


def prepare(value: object, files: str | os.PathLike[str], guard: Guard) -> object:
    """Return the data to keep.

    Bundles become their data. Iterators of frames become guarded ones. Files become items besides what is returned.

    Args:
        value: What `run` has returned.
        files: The folder of `self.path`, which need not be there.
        guard: Makes the block in which the user's code runs.

    Raises:
        InputError: A file and a returned item have one name; or files come besides something that has no names.
    """
    found = _map(value, lambda leaf: _open(leaf, guard))
    return _with_files(found, files)


def streams_of(value: object) -> object:
    """Return data with what the store takes for a table in place of iterators of frames."""

    def streamed(leaf: Any) -> object:
        if not _is_stream(leaf):
            return leaf
        from stook.frames.streams import Stream

        return Stream(leaf)

    return _map(value, streamed)


def iter_paths(value: object) -> Iterator[Path]:
    """Yield the files and folders on disk in data, and what is in those folders."""
    for path in _named(value):
        yield path
        for folder, folders, names in os.walk(path):
            yield from (Path(folder, name) for name in (*folders, *names))


class _Parts(msgspec.Struct, frozen=True):
    """Parts of a table as the user's code makes them."""

    parts: Iterator[object]
    guard: Guard

    def __iter__(self) -> _Parts:
        return self

    def __next__(self) -> object:
        with self.guard():
            part = next(self.parts, self)
        if part is self:
            raise StopIteration
        if not is_frame(part):
            raise InputError(
                f"a stream has the part {part!r:.80}, which is no table",
                kind="bad-stream",
                hint="yield frames or record batches; collect other things in a list and return that",
            )
        return part


def _open(leaf: Any, guard: Guard) -> object:
    from stook.store import Bundle

    if isinstance(leaf, Bundle):
        return leaf.data
    return _Parts(leaf, guard) if _is_stream(leaf) else leaf


def _is_stream(leaf: object) -> bool:
    """Tell whether something may give frames, one after another; an open file gives lines."""
    return isinstance(leaf, Iterator) and not hasattr(leaf, "read") and not is_frame(leaf)


def is_frame(leaf: object) -> bool:
    """Tell whether the store keeps something as a table."""
    return registry.find_codec_kind(leaf) == "frame"


def _map(value: object, change: Callable[[Any], object]) -> object:
    """Return data with its leaves changed, as far as data of a bearable size and depth goes; the store refuses more."""
    left = _MOST_LOOKED_AT

    def walk(inner: object, depth: int) -> object:
        nonlocal left
        if type(inner) in _PLAIN:  # as most leaves are
            return inner
        is_list = type(inner) in {list, tuple}
        if (type(inner) is not dict and not is_list) or depth > _DEEPEST:
            return change(inner)
        left -= len(inner)  # type: ignore[arg-type]
        if left < 0:
            return inner
        if isinstance(inner, dict):
            return {key: walk(one, depth + 1) for key, one in inner.items()}
        return type(inner)(walk(one, depth + 1) for one in inner)  # type: ignore[call-arg,attr-defined]

    return walk(value, 0)


def _with_files(value: object, folder: str | os.PathLike[str]) -> object:
    """Return data with the files of a folder; those that it names itself are not taken twice."""
    if not os.access(folder, os.F_OK):  # most tasks write none, and `lexists` takes longer to say no
        return value
    files = Path(folder)
    names = sorted(os.listdir(files))
    named = [path for path in _named(value) if path.is_relative_to(files)]
    written = {n: files / n for n in names if not any(path.is_relative_to(files / n) for path in named)}
    if not written:
        return value
    if value is None:
        return written
    if type(value) is not dict:
        raise InputError(
            f"it returns a {type(value).__name__}, and has written {', '.join(written)} besides",
            kind="output-without-name",
            hint="return a dict, so that each part has a name; or nothing, where the files are all",
        )
    for name in written:
        if name in value:
            raise InputError(
                f"it returns {name!r}, and has written a file of that name",
                kind="output-name-taken",
                hint="give one of them another name",
            )
    return {**value, **written}


def _named(value: object) -> list[Path]:
    """Return the paths in data."""
    found: list[Path] = []
    _map(value, lambda leaf: found.append(leaf) if isinstance(leaf, Path) else None)
    return found
