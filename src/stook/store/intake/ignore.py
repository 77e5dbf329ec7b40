"""What of a folder is left out: what its `.stookignore` names, and the note that a checkout leaves there."""

from __future__ import annotations

import os
from collections.abc import Callable

from stook.errors import InputError

__all__ = ["CHECKOUT_NOTE", "IGNORE_FILE", "Ignored", "is_always_ignored", "read_ignored"]

IGNORE_FILE = ".stookignore"
CHECKOUT_NOTE = ".stook-checkout.json"

Ignored = Callable[[str], bool]
"""Tells of a path relative to the folder, which ends with `/` where it is a folder, whether it is left out."""


def read_ignored(root: str) -> Ignored | None:
    """Return what says of a path below `root` whether it is left out; None where no `.stookignore` is there.

    The file is written as a `.gitignore` is; only the one at the root counts, and it is itself never left out. A folder
    that is left out need not be entered: nothing in it can be named back in.

    Raises:
        InputError: The file cannot be read or understood.
    """
    path = os.path.join(root, IGNORE_FILE)
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _refusal(path, error) from error
    import pathspec

    try:
        matches = pathspec.GitIgnoreSpec.from_lines(lines).match_file
    except ValueError as error:
        raise _refusal(path, error) from error
    return lambda relative: relative != IGNORE_FILE and matches(relative)


def is_always_ignored(relative: str) -> bool:
    """Tell whether a path is left out of every folder that is kept."""
    return relative == CHECKOUT_NOTE


def _refusal(path: str, error: Exception) -> InputError:
    return InputError(
        f"{path} cannot be read: {getattr(error, 'strerror', None) or error}",
        kind="bad-ignore-file",
        hint="write it in UTF-8, one pattern a line as in .gitignore, or remove it",
        path=path,
    )
