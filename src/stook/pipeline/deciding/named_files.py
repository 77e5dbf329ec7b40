"""Files that a task names: in `reads`, as a parameter, or as a text in its code.

Libraries that read files in C++, such as polars, DuckDB and Arrow, open them unseen. So a file counts also where it is
named and is there.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook.model.lineage import Read
from stook.pipeline.authoring.parameters import SIMPLE
from stook.pipeline.authoring.wanted import Requirement
from stook.pipeline.deciding.declared import digest_pattern, find_declared
from stook.pipeline.meeting.counting import counted_at
from stook.pipeline.meeting.file_names import FileNames, find_files
from stook.pipeline.meeting.observation import CHANGED, WRITTEN, Observation

if TYPE_CHECKING:
    from stook.pipeline.graph import Node

__all__ = ["NamedFiles", "find_named", "is_pattern", "reads_of"]


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
        InputError: A file of `reads` is not there, and has to be; or it names too much.
    """
    root, reads = node.place.roots[0], node.traits.reads
    paths = names.find()
    given = _paths_in(node.task.__dict__.values())
    if given:
        paths += find_files(given, (str(root),))[0]
    if not reads and not paths:
        return _NONE
    counted = counted_at(root, ())
    found = {name: path for path in paths if (name := counted.name_of(path))}
    if not reads:
        return NamedFiles(found=found)
    declared = {
        counted.name_of(path) or path: path for path in find_declared(node, lacking_none=lacking_none)
    }
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
    if before == after == _NONE:
        return seen
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


_NONE = NamedFiles()


def _paths_in(values: Iterable[object]) -> list[str]:
    """Return the paths in parameters, as texts."""
    found, todo = [], list(values)
    for value in todo:  # which grows
        if type(value) in SIMPLE or isinstance(value, Requirement):
            continue
        if isinstance(value, Path):
            found.append(str(value))
        elif isinstance(value, tuple | list):
            todo += value
        elif isinstance(value, dict):
            todo += value.values()
        elif hasattr(value, "__dataclass_fields__"):
            todo += (getattr(value, name) for name in value.__dataclass_fields__)
    return found
