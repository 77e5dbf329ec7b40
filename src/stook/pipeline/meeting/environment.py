"""The circumstances of a run: asked for once, when the first task of it has to run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stook.model.lineage import Environment
from stook.pipeline.source_code.asking_git import ask_git

__all__ = ["read_environment"]

_GIT_SECONDS = 2.0


def read_environment(root: Path, user: str) -> Environment:
    """Return where and with what code in a folder runs; Git's part is empty where Git does not answer in 2 seconds."""
    import platform

    commit, dirty = _git_state(root)
    system = os.uname()
    return Environment(
        python=platform.python_version(),
        platform=f"{sys.platform}-{system.machine}",
        host=system.nodename,
        user=user,
        git_commit=commit,
        git_dirty=dirty,
    )


def _git_state(root: Path) -> tuple[str, bool | None]:
    """Return the commit checked out, and whether files differ from it (new files count).

    A folder that the repository around it ignores is in none of its commits, and so has none.
    """
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if top is None:
        return "", None
    if top != root and ask_git(root, "check-ignore", "--quiet", ".", seconds=_GIT_SECONDS) is not None:
        return "", None
    words = ("status", "--porcelain=v2", "--branch", "--ignore-submodules=dirty")
    status = ask_git(root, *words, seconds=_GIT_SECONDS)
    return _parse_status(status) if status is not None else ("", None)


def _parse_status(output: str) -> tuple[str, bool | None]:
    prefix = "# branch.oid "
    commit, dirty = "", False
    for line in output.splitlines():
        if line.startswith(prefix):
            commit = line.removeprefix(prefix).replace("(initial)", "")
        dirty |= not line.startswith("#")
    return commit, dirty
