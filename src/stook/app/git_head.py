"""The Git commit that is checked out, without asking Git, which takes longer than many a run."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["find_head"]

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = "ref: "
_MOST_BYTES = 1 << 20


def find_head(folder: Path) -> str:
    """Return the commit that is checked out in a folder or the nearest one above; empty where that cannot be told."""
    for above in (folder, *folder.parents):
        if (above / ".git").exists():
            try:
                return _read_head(_git_folder(above / ".git"))
            except (OSError, UnicodeDecodeError):
                return ""
    return ""


def _git_folder(place: Path) -> Path:
    """Return the folder of a repository, given `.git`: of a worktree that is a file which names it."""
    if place.is_dir():
        return place
    return place.parent / _read(place).removeprefix("gitdir: ")


def _read_head(git: Path) -> str:
    head = _read(git / "HEAD")
    if head.startswith(_REF):
        shared = git / "commondir"
        common = git / _read(shared) if shared.exists() else git
        head = _read_ref(common, head.removeprefix(_REF))
    return head if _COMMIT.fullmatch(head) else ""


def _read_ref(git: Path, name: str) -> str:
    if ".." in name or name.startswith("/"):
        return ""
    if (git / name).exists():
        return _read(git / name)
    packed = git / "packed-refs"
    lines = _read(packed).splitlines() if packed.exists() else []
    return next((line.split(" ")[0] for line in lines if line.endswith(f" {name}")), "")


def _read(file: Path) -> str:
    with open(file, encoding="utf-8") as opened:
        return opened.read(_MOST_BYTES).strip()
