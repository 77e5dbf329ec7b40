"""Which files of two data trees differ: those of folders, and files that are items themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from stook.model.tree import Blob, File, Folder, Leaf
from stook.store.diffing.difference import FileChange, FileState
from stook.store.diffing.lines import MAX_TEXT_BYTES, diff_lines

__all__ = ["Budget", "Held", "diff_files", "find_moves", "held_files"]

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
    origins = _moves_of_files(old, new)
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


def find_moves(gone: Mapping[str, object], come: Mapping[str, object]) -> dict[str, str]:
    """Return by new path the old path of what is alike: of several each once, both in the order of their paths.

    Args:
        gone: What stands for the content of each thing that was, by path.
        come: The same of what is.
    """
    sources: dict[object, list[str]] = {}
    for path in sorted(gone, reverse=True):
        sources.setdefault(gone[path], []).append(path)
    return {path: sources[come[path]].pop() for path in sorted(come) if sources.get(come[path])}


def _held(item: str, blob: Blob, *, executable: bool) -> Held:
    return Held(item, FileState(blob.size, blob.digest, executable), blob)


def _moves_of_files(old: Mapping[str, Held], new: Mapping[str, Held]) -> dict[str, str]:
    """Return the old path of each file that moved, by its new path. Empty files must have kept their name."""
    gone = {path: held.state for path, held in old.items() if path not in new and held.blob}
    come = {path: held.state for path, held in new.items() if path not in old and held.blob}
    moves = find_moves(
        {path: (state.digest, path.rpartition("/")[2]) for path, state in gone.items()},
        {path: (state.digest, path.rpartition("/")[2]) for path, state in come.items()},
    )
    left = gone.keys() - moves.values()
    return moves | find_moves(
        {path: gone[path].digest for path in left},
        {path: state.digest for path, state in come.items() if state.size and path not in moves},
    )


def _diff_text(old: Held, new: Held, read: Read, budget: Budget) -> tuple[str, ...] | None:
    if old.blob is None or new.blob is None or old.state.digest == new.state.digest:
        return None
    largest = max(old.blob.size, new.blob.size)
    if largest > MAX_TEXT_BYTES or not budget.take(old.blob.size + new.blob.size):
        return None
    return diff_lines(*read(old.blob, new.blob))
