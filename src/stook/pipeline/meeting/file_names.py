"""Which files there are that texts in code, or parameters, name."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

import msgspec

from stook.pipeline.meeting.blocks import unobserved
from stook.pipeline.meeting.file_digests import State, is_young, state_of

__all__ = ["FileNames", "find_files", "is_too_wide"]

_MOST_FILES: Final = 20_000
_MOST_FOLDERS: Final = 16
_OF_TABLES: Final = (".arrow", ".feather", ".ipc", ".orc", ".parquet")


class FileNames(msgspec.Struct):
    """Texts that may name files, and the files that they name now.

    Attributes:
        texts: The texts.
        folders: Where relative ones start.
    """

    texts: tuple[str, ...]
    folders: tuple[str, ...]
    _found: tuple[str, ...] = ()
    _looked_in: dict[str, State | None] = {}

    def find(self) -> tuple[str, ...]:
        """Return the files, as absolute paths; looked for again when a folder that they may be in has changed."""
        if not self.texts:
            return ()
        if not self._looked_in or any(state_of(path) != state for path, state in self._looked_in.items()):
            self._found, looked_in = find_files(self.texts, self.folders)
            is_settled = not any(state and is_young(state) for state in looked_in.values())
            self._looked_in = looked_in if is_settled else {}
        return self._found


def find_files(
    texts: Iterable[str], folders: Iterable[str]
) -> tuple[tuple[str, ...], dict[str, State | None]]:
    """Return the files that texts name, and in which folders they were looked for, as those were before.

    A text may also name a folder that another one goes on from, as in `Path("data") / "rates.csv"`.
    """
    wanted = tuple(dict.fromkeys(texts))
    todo = list(folders)
    limit = len(todo) + _MOST_FOLDERS
    found: dict[str, None] = {}
    looked_in: dict[str, State | None] = {}
    with unobserved():
        for folder in todo:  # which grows
            for text in wanted:
                path = os.path.normpath(os.path.join(folder, os.path.expanduser(text)))
                _note(path, looked_in)
                if glob.has_magic(text):
                    if is_too_wide(folder, text):
                        continue
                    _note_below(path, looked_in)
                    found.update(dict.fromkeys(_matching(path, _MOST_FILES - len(found))))
                elif os.path.isdir(path):
                    if path not in todo and len(todo) < limit:
                        todo.append(path)
                        found.update(dict.fromkeys(_iter_parts(path, looked_in, _MOST_FILES - len(found))))
                elif os.path.isfile(path):
                    found[path] = None
    return tuple(found), looked_in


def is_too_wide(root: str | os.PathLike[str], named: str) -> bool:
    """Tell whether all of the disk or of the home folder is named, and is not the workspace; or what is no path.

    Args:
        root: The workspace.
        named: A path or a pattern, from there.
    """
    if "\0" in named:
        return True
    parts = os.path.expanduser(named).split("/")
    fixed = next((at for at, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    if "**" not in parts and not {"*", ""}.issuperset(parts[fixed:]):
        return False
    start = os.path.realpath(os.path.join(root, "/".join(parts[:fixed]) or ("/" if not parts[0] else "")))
    return start in {"/", os.path.realpath(os.path.expanduser("~"))} and start != os.path.realpath(root)


def _matching(pattern: str, most: int) -> list[str]:
    matching = (path for path in glob.iglob(pattern, recursive=True) if os.path.isfile(path))
    return [path for path, _ in zip(matching, range(most), strict=False)]


def _iter_parts(folder: str, looked_in: dict[str, State | None], most: int) -> Iterator[str]:
    """Yield the files of a table that is kept as a folder, which only libraries in C++ read."""
    todo = [folder]
    for place in todo:  # which grows
        _note(os.path.join(place, "*"), looked_in)
        with suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if entry.name.endswith(_OF_TABLES):
                    most -= 1
                    yield entry.path
                elif "=" in entry.name and entry.is_dir():
                    todo.append(entry.path)
                if most < 1:
                    return


def _note(path: str, looked_in: dict[str, State | None]) -> None:
    """Note the folder whose change would show that a path has come or gone."""
    folder = os.path.dirname(path)
    while folder not in looked_in:
        looked_in[folder] = state_of(folder)
        if looked_in[folder] is not None or folder == os.path.dirname(folder):
            return
        folder = os.path.dirname(folder)


def _note_below(pattern: str, looked_in: dict[str, State | None]) -> None:
    """Note the folders that a pattern goes through, as far as it names them by a pattern."""
    folder = os.path.dirname(pattern)
    if glob.has_magic(folder):
        for path in islice(glob.iglob(folder, recursive=True), _MOST_FILES):
            _note(os.path.join(path, "*"), looked_in)
