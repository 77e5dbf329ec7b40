"""Files that a task names: in `reads`, as a parameter, or as a text in its code.

Libraries that read files in C++, such as polars, DuckDB and Arrow, open them unseen. So a file counts also where it is
named and is there.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook.errors import InputError
from stook.model.lineage import Read
from stook.pipeline.authoring.tasks import values_of
from stook.pipeline.meeting.counting import counted_at
from stook.pipeline.meeting.file_digests import digest_list, state_of
from stook.pipeline.meeting.file_names import FileNames, find_files
from stook.pipeline.meeting.observing import CHANGED, WRITTEN, Observation, unobserved

if TYPE_CHECKING:
    from stook.pipeline.graph import Node

__all__ = ["NamedFiles", "digest_pattern", "find_named", "is_pattern", "reads_of"]


class NamedFiles(msgspec.Struct, frozen=True):
    """Files that there are and that a task names, each by the name that its lineage has for it.

    Attributes:
        declared: Paths of those that `reads` names. A change of one while the task runs spoils its result.
        found: Paths of those that parameters and texts name. One that only other libraries than Python open, and that
            changes while the task runs, is taken for the task's own work.
        patterns: Patterns in `reads`, and digests of the names that fit them.
    """

    declared: dict[str, str] = {}
    found: dict[str, str] = {}
    patterns: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.declared, *self.patterns, *self.found)


def find_named(node: Node, names: FileNames, *, lacking_none: bool = True) -> NamedFiles:
    """Return the files that a task names.

    Args:
        node: The task.
        names: Texts in its code that may name files.
        lacking_none: Whether all files that `reads` names have to be there.

    Raises:
        InputError: A file of `reads` is not there, and has to be.
    """
    root, reads = node.place.roots[0], node.traits.reads
    paths = names.find()
    given = _paths_in(values_of(node.task).values())
    if given:
        paths += find_files(given, (str(root),))[0]
    if not reads and not paths:
        return _NONE
    counted = counted_at(root, ())
    found = {name: path for path in paths if (name := counted.name_of(path))}
    if not reads:
        return NamedFiles(found=found)
    declared = {counted.name_of(path) or path: path for path in _iter_declared(node, lacking_none)}
    patterns = {read: digest_pattern(root, read) for read in reads if glob.has_magic(read)}
    return NamedFiles(declared, {name: found[name] for name in found if name not in declared}, patterns)


def reads_of(observation: Observation, before: NamedFiles, after: NamedFiles) -> tuple[Read, ...]:
    """Return all that a task read, when it has ended: what was seen, and what it names besides.

    Args:
        observation: What was seen; it was told of all that the task named when it began.
        before: What it named when it began.
        after: What it names now.
    """
    seen = observation.reads()
    known = {read.path for read in seen}
    own = (Read(name, WRITTEN) for name in {**before.found, **after.found} if name not in known)
    lists = (
        Read(pattern, digest if after.patterns.get(pattern) == digest else CHANGED, is_folder=True)
        for pattern, digest in before.patterns.items()
    )
    return tuple(sorted((*seen, *own, *lists), key=lambda read: read.path))


def is_pattern(read: Read) -> bool:
    """Tell whether a list of names is that of a pattern."""
    return read.is_folder and glob.has_magic(read.path)


def digest_pattern(root: Path, pattern: str) -> str:
    """Return the digest of the names that fit a pattern from the workspace."""
    with unobserved():
        return digest_list(_matches(root, pattern))


_NONE = NamedFiles()


def _matches(root: Path, pattern: str) -> list[str]:
    return sorted(glob.glob(os.path.expanduser(pattern), root_dir=root, recursive=True))


def _iter_declared(node: Node, lacking_none: bool) -> Iterator[str]:
    """Yield the files and folders that `reads` names, and all below the folders."""
    root = node.place.roots[0]
    with unobserved():
        for read in node.traits.reads:
            for name in _matches(root, read) if glob.has_magic(read) else [read]:
                path = os.path.normpath(os.path.join(root, os.path.expanduser(name)))
                if state_of(path) is None and lacking_none:
                    raise _not_there(node, read, path)
                yield path
                for folder, folders, files in _walk(path):
                    yield from (os.path.join(folder, inner) for inner in (*folders, *files))


def _walk(path: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Go through a folder and those that links in it lead to, but in no circle."""
    seen: set[str] = set()
    for folder, folders, files in os.walk(path, followlinks=True):
        yield folder, [*folders], files
        seen.add(os.path.realpath(folder))
        folders[:] = [one for one in folders if os.path.realpath(os.path.join(folder, one)) not in seen]


def _paths_in(values: Iterable[object]) -> list[str]:
    """Return the paths in parameters, as texts."""
    found, todo = [], list(values)
    for value in todo:  # which grows
        if isinstance(value, Path):
            found.append(str(value))
        elif isinstance(value, tuple | list):
            todo += value
        elif isinstance(value, dict):
            todo += value.values()
        elif hasattr(value, "__dataclass_fields__"):
            todo += (getattr(value, name) for name in value.__dataclass_fields__)
    return found


def _not_there(node: Node, read: str, path: str) -> InputError:
    return InputError(
        f"{node.task_id}: there is no file {read}, which its reads names",
        kind="read-not-found",
        hint="put it there, or change reads; a pattern such as data/*.csv may fit nothing",
        task=node.task_id,
        path=path,
    )
