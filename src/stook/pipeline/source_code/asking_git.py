"""Git asked about a folder, so that nothing runs which the repository's own settings name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import subprocess

__all__ = ["ask_git"]

_SECONDS: Final = 5.0
_SETTINGS: Final[tuple[str, ...]] = (
    "core.quotePath=false",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "submodule.recurse=false",
)
_FILTER: Final = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
_OF_THE_USER: Final = {"system", "global", "command"}
# These open no file of the folder, so that no filter could run.
_OF_NAMES_ONLY: Final = {"check-ignore", "ls-files", "rev-parse"}
_LIST: Final = ("config", "--null", "--show-scope", "--name-only", "--get-regexp", r"^filter\.")
# Within a hook, Git says by these where it is itself.
_LEFT_OUT: Final = frozenset(
    """
GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_ATTR_SOURCE GIT_COMMON_DIR GIT_DIFF_OPTS GIT_DIR GIT_EXTERNAL_DIFF
GIT_GLOB_PATHSPECS GIT_GRAFT_FILE GIT_ICASE_PATHSPECS GIT_IMPLICIT_WORK_TREE GIT_INDEX_FILE GIT_INTERNAL_SUPER_PREFIX
GIT_LITERAL_PATHSPECS GIT_NAMESPACE GIT_NOGLOB_PATHSPECS GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_SHALLOW_FILE GIT_WORK_TREE
""".split()  # noqa: SIM905 - words are read more easily than their quotes
)


def ask_git(
    root: Path, *words: str, seconds: float = _SECONDS, given: str | None = None, may_run: bool = False
) -> str | None:
    """Return what Git prints of a folder; None where it says no, or does not answer in time.

    A folder may be someone else's: its hooks and its watcher of files never run.

    Args:
        root: The folder.
        words: The command and its arguments.
        seconds: How long it may take.
        given: What it reads from its standard input.
        may_run: Whether the repository's filters may run, and objects that are missing may be fetched.
    """
    settings = _SETTINGS
    if not may_run and words[0] not in _OF_NAMES_ONLY:
        filters = _run(root, settings, _LIST, seconds)
        if filters is None or filters.returncode > 1:  # 1 where there are none
            return None
        named = tuple(_without(os.fsdecode(filters.stdout)))
        if any(one.count("=") > 1 for one in named):  # it could not be told apart from its value
            return None
        settings = (*settings, *named)
    done = _run(root, settings, words, seconds, given, may_fetch=may_run)
    try:
        return None if done is None or done.returncode else done.stdout.decode()
    except UnicodeDecodeError:
        return None


def _run(
    root: Path,
    settings: Sequence[str],
    words: Sequence[str],
    seconds: float,
    given: str | None = None,
    *,
    may_fetch: bool = False,
) -> subprocess.CompletedProcess[bytes] | None:
    import subprocess

    kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    alone = {} if may_fetch else {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
    try:
        return subprocess.run(
            ["git", "-C", str(root), *(word for one in settings for word in ("-c", one)), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            input=given.encode() if given is not None else None,
            stdin=None if given is not None else subprocess.DEVNULL,
            timeout=seconds,
            check=False,
            env={**kept, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", **alone},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def _without(listed: str) -> Iterator[str]:
    """Yield the settings that take away the filters which a repository's settings name."""
    words = listed.split("\0")
    for scope, key in zip(words[::2], words[1::2], strict=False):
        if scope not in _OF_THE_USER:
            driver = key.rpartition(".")[0]
            yield from (f"{driver}.{name}={value}" for name, value in _FILTER)
