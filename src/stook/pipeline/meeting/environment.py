"""The circumstances of a run: asked for once, when the first task of it has to run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stook.model.lineage import Environment

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
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return "", None
    if _git(root, "check-ignore", "--quiet", ".") is not None:
        return "", None
    status = _git(root, "status", "--porcelain=v2", "--branch")
    return _parse_status(status) if status is not None else ("", None)


def _git(root: Path, *words: str) -> str | None:
    """Return what Git prints; None where it says no, or does not answer in time."""
    import subprocess

    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout


def _parse_status(output: str) -> tuple[str, bool | None]:
    prefix = "# branch.oid "
    commit, dirty = "", False
    for line in output.splitlines():
        if line.startswith(prefix):
            commit = line.removeprefix(prefix).replace("(initial)", "")
        dirty |= not line.startswith("#")
    return commit, dirty
