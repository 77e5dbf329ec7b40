"""What a task met while it ran, against the world now: files that it read, variables, tasks that it asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from stook.model.lineage import Asked, Lineage, Read
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.deciding.declared import digest_pattern
from stook.pipeline.deciding.named_files import is_pattern
from stook.pipeline.finding.specs import load_spec
from stook.pipeline.meeting.at_import import files_read_at_import
from stook.pipeline.meeting.counting import counted_at
from stook.pipeline.meeting.env import digest_current, read_at_import
from stook.pipeline.meeting.file_digests import FileDigests
from stook.pipeline.meeting.observation import CHANGED, WRITTEN

__all__ = ["differences", "load_asked"]


def differences(
    lineage: Lineage, root: Path, named: Collection[str] | None = None, digests: FileDigests | None = None
) -> tuple[str, ...]:
    """Return what of the files and variables that a task read is not as it was, one line each; files come first.

    Args:
        lineage: What it met; it may come from elsewhere, and name anything.
        root: The workspace.
        named: Files that there are now and that the task names, as `Read.path` has them; None where that is not known.
        digests: What is in files now.
    """
    world = _World(root, named, digests or FileDigests())
    lines = [line for read in lineage.reads if (line := world.difference(read))]
    known = {read.path for read in lineage.reads}
    lines += [f"{name}, which it names, is there now" for name in named or () if name not in known]
    lines += [
        f"{name}, which its modules read, is new"
        for name in files_read_at_import(lineage.code)
        if name not in known
    ]
    return (*lines, *_variables(lineage))


def load_asked(asked: Asked, roots: tuple[Path, ...]) -> Task:
    """Return a task that a task asked for.

    Raises:
        InputError: It is written down otherwise than Stook does, or its parameters do not fit any more.
        NotFoundError: There is no such task any more.
        TaskError: Its module raised when it was imported.
    """
    return load_spec(asked.spec, roots)


class _World:
    def __init__(self, root: Path, named: Collection[str] | None, digests: FileDigests) -> None:
        self._root = root
        self._named = named
        self._digests = digests
        self._counted = counted_at(root, ())

    def difference(self, read: Read) -> str:
        """Return how a file or folder differs from what was read; empty where it does not."""
        if read.digest == WRITTEN:
            return ""
        if read.digest == CHANGED:
            return f"{read.path}, which it read, changed while it ran"
        if not self._may_look_at(read):
            return f"{read.path}, which it read, does not count any more"
        now = self._digest(read)
        if now == read.digest:
            return ""
        if read.is_folder:
            return f"{read.path}, which it listed, has other names in it"
        if not read.digest:
            return f"{read.path}, which it looked for, is there now"
        return f"{read.path}, which it read, {'changed' if now else 'is gone'}"

    def _digest(self, read: Read) -> str:
        if is_pattern(read):
            return digest_pattern(self._root, read.path)
        return self._digests.of(self._counted.place_of(read.path))

    def _may_look_at(self, read: Read) -> bool:
        """Tell whether a file is one that could have been recorded: nobody else says what is read here."""
        if self._named is not None and (is_pattern(read) or read.path in self._named):
            return read.path in self._named
        return is_pattern(read) or self._counted.name_of(self._counted.place_of(read.path)) == read.path


def _variables(lineage: Lineage) -> Iterator[str]:
    at_import = read_at_import(lineage.code)
    for name in sorted(lineage.env.keys() | at_import.keys()):
        # What a module has read when it was imported is what its code has, whatever became of the variable since.
        if lineage.env.get(name) != at_import.get(name, digest_current(name)):
            yield f"environment variable {name} changed"
