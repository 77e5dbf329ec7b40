"""What was looked at on disk to find a closure, and whether all of it is still as it was."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from blake3 import blake3

__all__ = ["Sight", "Sights", "State"]

# A file changed so shortly before it was looked at may have changed again, unseen by the clock of the file system.
_YOUNG_NS: Final = 2_000_000_000


class Sight(NamedTuple):
    """Something that was looked at.

    Attributes:
        sort: `file`, `folder`, or the name of a question to something else.
        name: The path, or what was asked.
    """

    sort: str
    name: str


class State(msgspec.Struct, frozen=True, array_like=True):
    """How something was when it was looked at.

    Attributes:
        stamp: Size, times in nanoseconds and inode; empty where there was nothing.
        digest: Digest of a file's bytes, of a folder's names, or an answer; empty where there was nothing.
        is_settled: Whether an equal stamp will mean an equal digest.
    """

    stamp: tuple[int, ...]
    digest: str
    is_settled: bool


class Sights:
    """Looks at each thing once, and knows who looked at what. One for each run.

    Args:
        questions: By sort, what answers questions that files and folders do not.
        clock: Gives nanoseconds since the epoch, by the clock that file systems use.
    """

    def __init__(
        self, questions: Mapping[str, Callable[[str], str]], clock: Callable[[], int] = time.time_ns
    ) -> None:
        self._questions = questions
        self._clock = clock
        self._states: dict[Sight, State] = {}
        self._stamps: dict[str, tuple[int, ...]] = {}
        self._listings: dict[str, dict[str, bool]] = {}
        self._seen: set[Sight] = set()

    @contextmanager
    def noting(self) -> Iterator[set[Sight]]:
        """Collect what is looked at within the block."""
        before, self._seen = self._seen, set()
        try:
            yield self._seen
        finally:
            before |= self._seen
            self._seen = before

    def note(self, sights: frozenset[Sight]) -> None:
        """Count things looked at earlier as looked at now."""
        self._seen |= sights

    def state(self, sight: Sight) -> State:
        """Return the state that something was found in, looking at it now if nobody has."""
        self._seen.add(sight)
        state = self._states.get(sight)
        if state is None:
            if sight.sort == "file":
                self.read(Path(sight.name))
            elif sight.sort == "folder":
                self.listing(sight.name)
            else:
                self._states[sight] = State((), self._questions[sight.sort](sight.name), is_settled=False)
            state = self._states[sight]
        return state

    def read(self, path: Path) -> bytes | None:
        """Return a file's bytes; None where it cannot be read."""
        sight, now = Sight("file", str(path)), self._clock()
        self._seen.add(sight)
        try:
            with open(path, "rb") as file:
                stamp = _stamp(os.fstat(file.fileno()))
                data = file.read()
        except OSError:
            self._states[sight] = State((), "", is_settled=False)
            return None
        self._states[sight] = State(stamp, blake3(data).hexdigest(), _is_settled(stamp, now))
        return data

    def listing(self, folder: str) -> Mapping[str, bool]:
        """Return the names in a folder, and which of them are folders; empty where it cannot be read."""
        sight = Sight("folder", folder)
        self._seen.add(sight)
        names = self._listings.get(folder)
        if names is None:
            now = self._clock()
            stamp = self.stamp(folder)
            names = self._listings[folder] = _names_in(folder)
            text = "\0".join(f"{name}/{is_folder}" for name, is_folder in sorted(names.items()))
            digest = blake3(text.encode("utf-8", "surrogateescape")).hexdigest() if stamp else ""
            self._states[sight] = State(stamp, digest, _is_settled(stamp, now))
        return names

    def stamp(self, path: str) -> tuple[int, ...]:
        """Return size, times and inode; empty where there is nothing."""
        stamp = self._stamps.get(path)
        if stamp is None:
            try:
                stamp = _stamp(os.stat(path))
            except (OSError, ValueError):
                stamp = ()
            self._stamps[path] = stamp
        return stamp

    def is_same(self, sight: Sight, known: State) -> bool:
        """Tell whether something is as it was: by its stamp, or where that says too little, by its content."""
        self._seen.add(sight)
        if sight.sort in {"file", "folder"} and known.is_settled and self.stamp(sight.name) == known.stamp:
            self._states.setdefault(sight, known)
            return True
        return self.state(sight).digest == known.digest


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _is_settled(stamp: tuple[int, ...], now: int) -> bool:
    return bool(stamp) and max(stamp[1], stamp[2]) + _YOUNG_NS < now


def _names_in(folder: str) -> dict[str, bool]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.is_dir() for entry in entries}
    except OSError:
        return {}
