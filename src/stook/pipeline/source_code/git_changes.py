"""What Git says of files below a folder: which differ from the commit that is checked out, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stook.pipeline.source_code.asking_git import ask_git

__all__ = ["Change", "Changes"]


@dataclass(frozen=True, slots=True)
class Change:
    """How a file differs from the commit.

    Attributes:
        diff: What changed in it, with paths from the folder; empty where it is new.
        is_new: Whether the commit does not have it, or it is not known what Git has to say of it.
    """

    diff: str = ""
    is_new: bool = False


class Changes:
    """Asks Git for the state of all files of a kind at once, and for the differences of those that are wanted.

    Args:
        root: The folder.
        prefix: Where it is in its repository, with `/` at the end; empty where that begins there.
    """

    def __init__(self, root: Path, prefix: str) -> None:
        self._root = root
        self._prefix = prefix
        self._states: dict[str, dict[str, str] | None] = {}
        self._known: dict[str, Change | None] = {}

    def of(self, path: str) -> Change | None:
        """Return how a file differs from the commit that is checked out; None where it does not.

        Args:
            path: From the folder, with `/`.
        """
        if path not in self._known:
            self._known[path] = self._look(path)
        return self._known[path]

    def _look(self, path: str) -> Change | None:
        if PurePosixPath(path).is_absolute() or path.startswith("../"):
            return None
        states = self._of_kind(PurePosixPath(path).suffix)
        if states is None:
            return Change(is_new=True)
        state = states.get(path)
        if state is None:
            above = [folder for folder in PurePosixPath(path).parents if folder.name]
            is_new = any(
                f"{folder}/" in states or (self._root / folder / ".git").exists() for folder in above
            )
            return Change(is_new=True) if is_new else None
        if state in {"??", "!!"} or state.startswith("A"):
            return Change(is_new=True)
        diff = ask_git(
            self._root,
            *("diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--relative"),
            *("--src-prefix=a/", "--dst-prefix=b/", "--", f":(literal){path}"),
        )
        return Change(is_new=True) if diff is None else Change(diff=diff)

    def _of_kind(self, suffix: str) -> dict[str, str] | None:
        """Return the states of all files with a suffix that differ, by path; None where Git does not answer."""
        if suffix not in self._states:
            asked = ask_git(
                self._root,
                *("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"),
                *("--ignored=matching", "--ignore-submodules=dirty", "--", f"*{suffix}"),
            )
            self._states[suffix] = None if asked is None else _parse(asked, self._prefix)
        return self._states[suffix]


def _parse(output: str, prefix: str) -> dict[str, str]:
    lines = [line for line in output.split("\0") if len(line) > 3]
    return {line[3:].removeprefix(prefix): line[:2] for line in lines if line[3:].startswith(prefix)}
