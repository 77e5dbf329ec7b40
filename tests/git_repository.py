"""Git, as tests use it on folders of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["commit_all", "git"]

_SETTINGS = ("user.name=tess", "user.email=tess@example.invalid", "protocol.file.allow=always")


def git(folder: Path, *words: str) -> str:
    """Run Git, and return what it prints."""
    settings = [word for one in _SETTINGS for word in ("-c", one)]
    done = subprocess.run(
        ["git", "-C", str(folder), *settings, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit_all(folder: Path) -> str:
    """Commit all that is in a folder, which becomes a repository where it is none; return the commit."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return git(folder, "rev-parse", "HEAD")
