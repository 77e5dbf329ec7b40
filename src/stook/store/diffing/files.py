"""Which files of two data trees differ: those of folders, and files that are items themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from stook.model.tree import Blob, File, Folder, Leaf
from stook.store.diffing.difference import FileChange, FileState
from stook.store.diffing.lines import MAX_TEXT_BYTES, diff_lines

__all__ = ["Budget", "Held", "diff_files", "held_files"]

Read = Callable[[Blob, Blob], tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Held:
    """A file where it is: the path of its item, its state, and its bytes; no bytes for an empty folder."""

    item: str
    state: FileState
    blob: Blob | None


@dataclass
class Budget:
    """How much text is still compared line by line, in files and bytes; all files beyond have sizes only."""

    files: int = 100
    bytes: int = 16 << 20

    def take(self, size: int) -> bool:
        """Tell whether there is enough left, and take it."""
        if size > self.bytes or not self.files:
            return False
        self.files, self.bytes = self.files - 1, self.bytes - size
        return True


def held_files(leaves: Iterable[tuple[str, Leaf]], sole_name: str = "") -> dict[str, Held]:
    """Return all files of some leaves by path: the item's and the file's within; empty folders end with a slash.

    A file that is the whole data has the path `sole_name`, or its own name.
    """
    found: dict[str, Held] = {}
    for path, leaf in leaves:
        if isinstance(leaf, File):
            found[path or sole_name or leaf.name] = _held(path, leaf.blob, executable=leaf.executable)
        elif isinstance(leaf, Folder):
            before = f"{path}/" if path else ""
            for file in leaf.files:
                found[before + file.path] = _held(path, file.blob, executable=file.executable)
            for empty in leaf.empty:
                found[f"{before}{empty}/"] = Held(path, FileState(0, ""), None)
    return found


def diff_files(
    old: Mapping[str, Held], new: Mapping[str, Held], read: Read, budget: Budget
) -> list[tuple[str, FileChange]]:
    """Return each file that differs with the path of its item, by path.

    A file that is gone, with one of its content at a new path, has moved: of several the one that kept its name, else
    the first.
    """
    origins = _find_moves(old, new)
    gone = set(origins.values())
    changes = []
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if path in origins:
            source = origins[path]
            change = FileChange(path, "moved", old[source].state, new[path].state, moved_from=source)
        elif before and after:
            if before.state == after.state:
                continue
            lines = _diff_text(before, after, read, budget)
            change = FileChange(path, "changed", before.state, after.state, lines=lines)
        elif after:
            change = FileChange(path, "added", new=after.state)
        elif before and path not in gone:
            change = FileChange(path, "removed", old=before.state)
        else:
            continue
        changes.append(((after or old[path]).item, change))
    return changes


def _held(item: str, blob: Blob, *, executable: bool) -> Held:
    return Held(item, FileState(blob.size, blob.digest, executable), blob)


def _find_moves(old: Mapping[str, Held], new: Mapping[str, Held]) -> dict[str, str]:
    """Return the old path of each file that moved, by its new path. Empty files must have kept their name."""
    moves: dict[str, str] = {}
    for keeps_name in (True, False):
        gone = sorted(old.keys() - new.keys() - set(moves.values()), reverse=True)
        sources: dict[tuple[str, str], list[str]] = {}
        for path in gone:
            sources.setdefault(_likeness(path, old[path], keeps_name=keeps_name), []).append(path)
        for path in sorted(new.keys() - old.keys() - moves.keys()):
            state = new[path].state
            waiting = sources.get(_likeness(path, new[path], keeps_name=keeps_name))
            if waiting and state.digest and (state.size or keeps_name):
                moves[path] = waiting.pop()
    return moves


def _likeness(path: str, held: Held, *, keeps_name: bool) -> tuple[str, str]:
    return held.state.digest, _name(path) if keeps_name else ""


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _diff_text(old: Held, new: Held, read: Read, budget: Budget) -> tuple[str, ...] | None:
    if old.blob is None or new.blob is None or old.state.digest == new.state.digest:
        return None
    largest = max(old.blob.size, new.blob.size)
    if largest > MAX_TEXT_BYTES or not budget.take(old.blob.size + new.blob.size):
        return None
    return diff_lines(*read(old.blob, new.blob))
