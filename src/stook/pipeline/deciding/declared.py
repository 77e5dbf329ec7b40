"""Files and folders that a task declares in `reads`: those there are now, within bounds."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stook.errors import InputError
from stook.pipeline.meeting.blocks import unobserved
from stook.pipeline.meeting.file_digests import digest_list, state_of
from stook.pipeline.meeting.file_names import is_too_wide

if TYPE_CHECKING:
    from stook.pipeline.graph import Node

__all__ = ["check_declared", "digest_pattern", "find_declared"]

_MOST: Final = 100_000
_ANY_DEPTH: Final = "**"


def check_declared(nodes: Iterable[Node]) -> None:
    """Make sure of the files that `reads` of tasks names, before any runs; a pattern may fit what one of them makes.

    Raises:
        InputError: One is not there; or it is the whole disk or the home folder.
    """
    of_reads = {(node.place.roots[0], node.traits.reads): node for node in nodes if node.traits.reads}
    for (root, reads), node in of_reads.items():
        for read in reads:
            path = _absolute(root, read)
            if not glob.has_magic(read) and state_of(path) is None:
                raise _not_there(node, read, path)
            if is_too_wide(root, read):
                raise _too_much(node, read, _MOST)


def find_declared(node: Node, *, lacking_none: bool = True, most: int = _MOST) -> tuple[str, ...]:
    """Return the files and folders that `reads` of a task names, with all below the folders, as absolute paths.

    Args:
        node: The task.
        lacking_none: Whether all files that it names have to be there.
        most: How many there may be.

    Raises:
        InputError: One is not there, and has to be; there are too many; or it is the whole disk or the home folder.
    """
    root = node.place.roots[0]
    found: dict[str, None] = {}
    with unobserved():
        for read in node.traits.reads:
            places = _places(root, read, most)
            for path in places or ():
                if state_of(path) is None and lacking_none:
                    raise _not_there(node, read, path)
                if path not in found:
                    found.update(dict.fromkeys(islice(_iter_below(path), most + 1)))
                if len(found) > most:
                    break
            if places is None or len(found) > most:
                raise _too_much(node, read, most)
    return tuple(found)


def digest_pattern(root: Path, pattern: str) -> str:
    """Return the digest of the names that fit a pattern from the workspace; empty where it may not be followed."""
    with unobserved():
        names = None if is_too_wide(root, pattern) else _fitting(root, pattern, _MOST)
    return "" if names is None else digest_list(names)


def _places(root: Path, read: str, most: int) -> list[str] | None:
    """Return what one of `reads` names itself, as absolute paths; None where that is too much."""
    if is_too_wide(root, read):
        return None
    names = _fitting(root, read, most) if glob.has_magic(read) else [read]
    return names and [_absolute(root, name) for name in names]


def _absolute(root: Path, name: str) -> str:
    return os.path.normpath(os.path.join(root, os.path.expanduser(name)))


def _fitting(root: Path, pattern: str, most: int) -> list[str] | None:
    """Return the names that fit a pattern, sorted; None where there are too many."""
    parts = groupby(os.path.expanduser(pattern).split("/"))
    # Several ** in a row mean what one does, and would take ages.
    once = "/".join(part for name, same in parts for part in ([name] if name == _ANY_DEPTH else same))
    found = list(islice(glob.iglob(once, root_dir=root, recursive=True), most + 1))
    return sorted(found) if len(found) <= most else None


def _iter_below(path: str) -> Iterator[str]:
    """Yield a file or folder, and all below it and below those that links in it lead to, but in no circle."""
    yield path
    seen = {_inode(path)}
    for folder, folders, files in os.walk(path, followlinks=True):
        yield from (os.path.join(folder, name) for name in (*folders, *files))
        inodes = {name: _inode(os.path.join(folder, name)) for name in folders}
        folders[:] = [name for name, inode in inodes.items() if inode not in seen]
        seen.update(inodes.values())


def _inode(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _not_there(node: Node, read: str, path: str) -> InputError:
    return InputError(
        f"{node.task_id}: there is no file {read}, which its reads names",
        kind="read-not-found",
        hint="put it there, or change reads; a pattern such as data/*.csv may fit nothing",
        task=node.task_id,
        path=path,
    )


def _too_much(node: Node, read: str, most: int) -> InputError:
    return InputError(
        f"{node.task_id}: its reads names {read!r:.200}, which is too much: no more than {most:,} files and folders"
        " may be named, and neither the whole disk nor the home folder",
        kind="reads-too-much",
        hint="name what it reads, such as data/*.csv",
        task=node.task_id,
    )
