"""What Git says of a folder: the commit that is checked out, which files differ from it, and how."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from stook.pipeline.source_code.asking_git import ask_git

__all__ = ["Change", "Checkout"]

_SECONDS: Final = 2.0
_COMMIT: Final = "# branch.oid "
# How many words there are before the path: of what changed, and of what was not merged.
_WORDS: Final = {"1": 8, "u": 10}


class Change(msgspec.Struct, frozen=True):
    """How a file differs from the commit.

    Attributes:
        diff: What changed in it, with paths from the folder; empty where it is new.
        is_new: Whether the commit does not have it, or it is not known what Git has to say of it.
    """

    diff: str = ""
    is_new: bool = False


class Checkout:
    """A folder as Git has it. Git is asked for the state of all files at once, and for such differences as are wanted.

    Args:
        root: The folder. One that the repository around it ignores is in none of its commits, and so has none.

    Attributes:
        root: The folder.
        folder: Where it is in its repository, with `/`; empty where that begins there, or there is no commit.
        commit: The commit that is checked out; empty where there is none, or Git does not answer in 2 seconds.
        is_dirty: Whether any file of the repository differs from it (new files count); None where that is not known.
    """

    def __init__(self, root: Path) -> None:
        top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
        status = _ask_status(root, is_top=root == top) if top else None
        lines = status.split("\0") if status else []
        commit = next((line.removeprefix(_COMMIT) for line in lines if line.startswith(_COMMIT)), "")
        self.root = root
        self.commit = "" if commit == "(initial)" else commit
        self.folder = root.relative_to(top).as_posix() if self.commit and top and top != root else ""
        self.is_dirty = None if status is None else any(line and line[0] != "#" for line in lines)
        self._states = dict(_states(lines, f"{self.folder}/" if self.folder else ""))
        self._tracked: dict[str, frozenset[str]] = {}
        self._known: dict[str, Change | None] = {}

    def change_of(self, path: str) -> Change | None:
        """Return how a file differs from the commit that is checked out; None where it does not, or is elsewhere.

        Args:
            path: From the folder, with `/`.
        """
        if path not in self._known:
            self._known[path] = self._look(path)
        return self._known[path]

    def _look(self, path: str) -> Change | None:
        if PurePosixPath(path).is_absolute() or path.startswith("../"):
            return None
        state = self._states.get(path, "")
        if not self.commit or state.startswith("A") or path not in self._tracked_like(path):
            return Change(is_new=True)
        if not state:
            return None
        diff = ask_git(
            self.root,
            *("diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--relative"),
            *("--src-prefix=a/", "--dst-prefix=b/", "--", f":(literal){path}"),
        )
        return Change(is_new=True) if diff is None else Change(diff=diff)

    def _tracked_like(self, path: str) -> frozenset[str]:
        """Return the files with the suffix of a path that Git knows; none where it does not answer."""
        suffix = PurePosixPath(path).suffix
        if suffix not in self._tracked:
            listed = ask_git(self.root, "ls-files", "-z", "--", f"*{suffix}")
            self._tracked[suffix] = frozenset((listed or "").split("\0"))
        return self._tracked[suffix]


def _ask_status(root: Path, *, is_top: bool) -> str | None:
    if not is_top and ask_git(root, "check-ignore", "--quiet", ".", seconds=_SECONDS) is not None:
        return None
    return ask_git(
        root,
        *("status", "--porcelain=v2", "--branch", "-z"),
        *("--no-ahead-behind", "--no-renames", "--ignore-submodules=dirty"),
        seconds=_SECONDS,
    )


def _states(lines: list[str], prefix: str) -> Iterator[tuple[str, str]]:
    """Yield path and state of each file below the folder that Git knows and that differs from the commit."""
    for line in lines:
        words = line.split(" ", _WORDS.get(line[:1], 0))
        if len(words) > 1 and words[-1].startswith(prefix):
            yield words[-1].removeprefix(prefix), words[1]
