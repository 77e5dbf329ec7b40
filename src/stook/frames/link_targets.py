"""The files that the cells of a table name: found, checked, and given short names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from stook.errors import InputError
from stook.model.naming import free_names, short_names
from stook.storage.fetch import open_url
from stook.storage.urls import find_scheme, join_url, local_path, redact, url_parts
from stook.store.intake.content import Stream

__all__ = ["FOLDER", "NamedTargets", "Targets"]

FOLDER: Final = "files"
"""The folder of files beside a table, in a bundle and in a checkout of one."""
_SHOWN = 10
_FILE_ENDING = re.compile(r"[^/\s.]\.[A-Za-z]\w{0,7}$")
_Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NamedTargets:
    """Files that cells name.

    Attributes:
        names: The name of the file of each cell's text.
        files: What each name stands for.
    """

    names: dict[str, str]
    files: dict[str, Path | Stream]


class Targets:
    """Gathers what cells name.

    Args:
        base: The folder, or URL, that relative paths start from. What comes from a URL must not name files of this
            machine, which it could so draw into a bundle that others read.
    """

    def __init__(self, base: str) -> None:
        self._is_remote = bool(find_scheme(base)) and find_scheme(base) != "file"
        self._base = str(local_path(base)) if find_scheme(base) == "file" else base
        self._found: dict[str, Path | str] = {}
        self._problems: dict[str, str] = {}

    def is_there(self, cell: str) -> bool:
        """Tell whether a text is a URL, or the path of a file that is there.

        Nothing is asked for: beside a table from a URL, every text counts that ends as the names of files do.
        """
        try:
            found = self._locate(cell)
        except InputError:
            return False
        if isinstance(found, str):
            return bool(find_scheme(cell) or _FILE_ENDING.search(cell))
        return not _problem(found)

    def add(self, column: str, cells: Iterable[str | None]) -> None:
        """Take the cells of a column. What is wrong with them is said by `named`."""
        for row, cell in enumerate(cells, 1):
            if cell is None or cell in self._found or cell in self._problems:
                continue
            found = self._locate(cell)
            problem = _problem(found)
            if problem:
                self._problems[cell] = f"column {column!r}, row {row:,}: {redact(cell)!r:.200} {problem}"
            else:
                self._found[cell] = found

    def named(self) -> NamedTargets:
        """Return all files under short names that tell them apart; those of a checkout under the names that they had.

        Raises:
            InputError: Some are missing; the first ten are named.
        """
        if self._problems:
            raise self._missing()
        place_of = {cell: _place(found) for cell, found in self._found.items()}
        content = {place_of[cell]: found for cell, found in self._found.items()}
        name_of = self._kept_names(content)
        # By place, so that the order of the rows does not change the name of a file.
        places = sorted(content.keys() - name_of.keys())
        fresh = short_names([place[:-1] for place in places])
        name_of |= zip(places, free_names(fresh, name_of.values()), strict=True)
        return NamedTargets(
            {cell: name_of[place] for cell, place in place_of.items()},
            {name_of[place]: _content(found) for place, found in content.items()},
        )

    def _kept_names(self, places: Iterable[_Place]) -> dict[_Place, str]:
        """Return the names of the files in the folder beside the table where a checkout has them."""
        if self._is_remote:
            return {}
        folder = Path(self._base, FOLDER).resolve().parts[1:]
        return {
            place: "/".join(place[len(folder) : -1])
            for place in places
            if place[: len(folder)] == folder and len(place) > len(folder) + 1
        }

    def _locate(self, cell: str) -> Path | str:
        scheme = find_scheme(cell)
        if scheme and scheme != "file":
            return cell
        if self._is_remote:
            if scheme or cell.startswith("/"):
                raise InputError(
                    f"a table from {redact(self._base)} names {cell!r:.200}, a file of this machine",
                    kind="foreign-link",
                    hint="download the table and look at it; added from a file it may name local files",
                )
            return join_url(self._base, cell)
        return local_path(cell) if scheme else Path(self._base, cell)

    def _missing(self) -> InputError:
        count = len(self._problems)
        listed = list(self._problems.values())[:_SHOWN]
        more = [f"and {count - _SHOWN:,} more"] if count > _SHOWN else []
        return InputError(
            "\n  ".join(
                [f"{count:,} linked file{' is' if count == 1 else 's are'} not to be had:", *listed, *more]
            ),
            kind="missing-links",
            hint="mend the table; relative paths in it start from its own folder",
            count=count,
        )


def _problem(found: Path | str) -> str:
    """Return what is wrong with a target; of a URL only what can be seen without asking for it."""
    if isinstance(found, str):
        return "is a folder; links are to files" if found.endswith("/") else ""
    try:
        if not found.exists():
            return "does not exist"
        if not found.is_file():
            return "is no file"
        return "" if os.access(found, os.R_OK) else "may not be read"
    except (OSError, ValueError):
        return "is no path"


def _place(found: Path | str) -> tuple[str, ...]:
    """Return the parts of a target's path, and last what tells it from all others."""
    if isinstance(found, str):
        return (*url_parts(found), found)
    real = str(found.parent.resolve() / found.name)
    return (*Path(real).parts[1:], real)


def _content(found: Path | str) -> Path | Stream:
    if isinstance(found, Path):
        return found
    opener: Callable[..., object] = partial(open_url, found)
    return Stream(url_parts(found)[-1], opener)  # type: ignore[arg-type]
