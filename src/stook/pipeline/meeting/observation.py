"""What one task opens and lists while it runs: what it reads, and what it makes or changes itself."""

from __future__ import annotations

import os
import stat
from typing import Final

from stook.model.lineage import Read
from stook.pipeline.meeting.blocks import unobserved
from stook.pipeline.meeting.counting import Counted
from stook.pipeline.meeting.file_digests import FileDigests, State, is_young, state_of

__all__ = ["CHANGED", "WRITTEN", "Observation"]

CHANGED: Final = "changed"
"""In place of a digest: the file changed while the task ran, so what it read cannot be told; equal to no digest."""

WRITTEN: Final = "written"
"""In place of a digest: the task itself made the file, so what is in it does not matter."""

_MOST_READS: Final = 20_000
_ABSENT: Final = ""


class Observation:
    """What one task meets while it runs.

    Args:
        counted: Tells which files count.
        digests: Tells what is in them.

    Attributes:
        env: Variables that it asked for by `stook.env`, and digests of their values.
    """

    def __init__(self, counted: Counted, digests: FileDigests) -> None:
        self.env: dict[str, str] = {}
        self._counted = counted
        self._digests = digests
        self._seen: dict[str, tuple[str, State | None, str]] = {}
        self._made: dict[str, State | None] = {}
        self._altered: dict[str, State | None] = {}
        self._made_folders: tuple[str, ...] = ()
        self._expected: set[str] = set()

    def expect(self, path: str) -> None:
        """Take a file for one that the task may read unseen; where it changes meanwhile, the task has written it."""
        if path not in self._seen:
            self.note(path)
            self._expected.add(path)

    def note(self, path: str) -> None:
        """Take a file or folder for one that is read.

        Args:
            path: Absolute.
        """
        if path in self._seen:
            if path in self._expected and not self._is_made(path, state_of(path)):
                self._expected.discard(path)
            return
        state = state_of(path)
        if self._is_made(path, state):
            return
        name = self._counted.name_of(path)
        if name is None:
            return
        is_altered = path in self._altered and self._altered[path] != state
        self._seen[path] = name, state, CHANGED if is_altered else self._first_digest(path, state)

    def reads(self) -> tuple[Read, ...]:
        """Return what was read, sorted by name; what was changed since then has a digest that equals none."""
        if not self._seen:
            return ()
        with unobserved():
            if len(self._seen) > _MOST_READS:
                return (Read(f"more than {_MOST_READS:,} files", CHANGED),)
            found = [self._read(path) for path in self._seen if not self._is_own(path)]
            return tuple(sorted(found, key=lambda read: read.path))

    def _is_own(self, path: str) -> bool:
        """Tell whether a file that was only expected to be read was written instead."""
        return path in self._expected and state_of(path) != self._seen[path][1]

    def _read(self, path: str) -> Read:
        name, state, digest = self._seen[path]
        is_folder = state is not None and stat.S_ISDIR(state[0])
        if is_folder or state is None:
            return Read(name, digest, is_folder)
        if digest == CHANGED or state_of(path) != state:
            return Read(name, CHANGED)
        now = self._digests.of(path)
        return Read(name, now if digest in {_ABSENT, now} and state_of(path) == state else CHANGED)

    def _first_digest(self, path: str, state: State | None) -> str:
        """Return the digest of a folder, and of a file whose next change might not show in its times."""
        if state is None or not (stat.S_ISDIR(state[0]) or is_young(state)):
            return _ABSENT
        with unobserved():
            return self._digests.of(path)

    def _is_made(self, path: str, state: State | None) -> bool:
        if self._made_folders and f"{path}/".startswith(self._made_folders):
            return True
        return path in self._made and state is not None and self._made[path] != state

    def on_open(self, path: str, flags: int) -> None:
        """A file is about to be opened."""
        is_written = flags & os.O_ACCMODE != os.O_RDONLY
        state = state_of(path)
        if is_written and (state is None or flags & os.O_TRUNC):
            if not (state and stat.S_ISDIR(state[0])):
                self._made.setdefault(path, state)
            return
        if is_written:
            self.on_alter(path)
        if flags & os.O_ACCMODE == os.O_WRONLY or (state and not stat.S_ISREG(state[0])):
            return
        self.note(path)

    def on_alter(self, path: str) -> None:
        """A file is about to be changed, something of what it has being kept."""
        if path not in self._made:
            self._altered.setdefault(path, state_of(path))

    def on_make_folder(self, path: str) -> None:
        """A folder is about to be made; what is in it later on is the task's own."""
        if not os.path.lexists(path):
            self._made_folders += (f"{path}/",)

    def on_move(self, source: str, target: str) -> None:
        """Something gets another name."""
        if self._is_made(source, state_of(source)):
            self._made.setdefault(target, state_of(target))
        if f"{source}/" in self._made_folders:
            self._made_folders += (f"{target}/",)

    def on_connect(self, path: str) -> None:
        """A database in a file is about to be opened."""
        if os.path.exists(path):
            self.note(path)
            self.note(f"{path}-wal")  # where SQLite keeps what was written last
        else:
            self._made.setdefault(path, None)
