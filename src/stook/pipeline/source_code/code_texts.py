"""The source text of a task, and what of it is in no commit, to be kept with what the task makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from stook.format import code_texts
from stook.model.code import CodeTexts, Definition
from stook.pipeline.source_code.git_changes import Checkout

__all__ = ["CodeReader", "Text"]

_MOST_TEXT: Final = 8 * 1024 * 1024
_MOST_MORE: Final = 1024 * 1024
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+([^#\n]*)|import[ \t]+([^#\n]*))", re.M
)
_NAME = re.compile(r"[\w.]+")


class Text(Protocol):
    """The text of one definition, as the closure of a task has it."""

    @property
    def key(self) -> str:
        """`module:name`."""
        ...

    @property
    def path(self) -> str:
        """Its file, from the workspace, with `/`."""
        ...

    @property
    def line(self) -> int:
        """Its first line, from 1."""
        ...

    @property
    def text(self) -> str:
        """Its source."""
        ...


class CodeReader:
    """Reads code as it is while a run goes on. One for each run and workspace.

    Args:
        checkout: The workspace, as Git has it.
    """

    def __init__(self, checkout: Checkout) -> None:
        self._root = checkout.root
        self._checkout = checkout

    def dump(self, texts: Iterable[Text]) -> bytes:
        """Return the code of a task as it is to be kept. The argument is that of `read`."""
        return code_texts.dump(self.read(texts))

    def read(self, texts: Iterable[Text]) -> CodeTexts:
        """Return the code of a task.

        Files of it that differ from the commit come as a diff, those that no commit has come whole, with the files
        that they import; 1 MiB in all, and the paths of the others.

        Args:
            texts: The definitions of its closure, the entry first.
        """
        definitions, cut = _bounded(texts)
        room = _Room(_MOST_MORE)
        diff, files = "", dict[str, str]()
        # A notebook's file has what its cells printed, too; its code is in the definitions.
        for path in dict.fromkeys(one.path for one in definitions if not one.path.endswith(".ipynb")):
            changed = self._checkout.change_of(path)
            if changed is None:
                continue
            if changed.is_new:
                files |= self._whole(path, files, room)
            elif room.takes(path, changed.diff):
                diff += changed.diff
        return CodeTexts(
            definitions,
            folder=self._checkout.folder,
            commit=self._checkout.commit if diff else "",
            diff=diff,
            files=files,
            cut=(*cut, *room.refused),
        )

    def _whole(self, path: str, known: dict[str, str], room: _Room) -> dict[str, str]:
        """Return a file that no commit has, and others such that it imports, which need not be in the closure."""
        found: dict[str, str] = {}
        todo = [path]
        while todo:
            current = todo.pop()
            if current in known or current in found or current in room.refused or not self._is_new(current):
                continue
            text = _read_text(self._root, current)
            if text is not None and room.takes(current, text):
                found[current] = text
                todo += _imported(self._root, current, text)
        return found

    def _is_new(self, path: str) -> bool:
        changed = self._checkout.change_of(path)
        return changed is not None and changed.is_new


class _Room:
    """How many bytes there are left, and what did not fit."""

    def __init__(self, size: int) -> None:
        self._left = size
        self.refused: dict[str, None] = {}

    def takes(self, path: str, text: str) -> bool:
        size = len(text.encode(errors="replace"))
        if size > self._left:
            self.refused[path] = None
            return False
        self._left -= size
        return True


def _bounded(texts: Iterable[Text]) -> tuple[tuple[Definition, ...], tuple[str, ...]]:
    room = _Room(_MOST_TEXT)
    kept = [
        Definition(one.key, one.path, one.line, one.text) for one in texts if room.takes(one.key, one.text)
    ]
    return tuple(kept), tuple(room.refused)


def _read_text(root: Path, path: str) -> str | None:
    """Return a file as text; None where it is none, or is not below the folder."""
    try:
        if PurePosixPath(path).is_absolute() or not (root / path).resolve().is_relative_to(root.resolve()):
            return None
        return (root / path).read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None


def _imported(root: Path, path: str, text: str) -> Iterator[str]:
    """Yield the files below a folder that a file of Python may import, itself and its packages' own among them."""
    if not path.endswith(".py"):
        return
    package = PurePosixPath(path).parent.parts
    for dots, module, names, plain in _IMPORT.findall(text):
        base = package[: len(package) - len(dots) + 1] if dots else ()
        wanted = [(*base, *module.split("."))] if module or dots else []
        wanted += [(*wanted[0], name) for name in _NAME.findall(names)] if wanted else []
        wanted += [tuple(name.split(".")) for name in _NAME.findall(plain)]
        for parts in wanted:
            yield from _files_of(root, tuple(part for part in parts if part))
    yield from _files_of(root, package)


def _files_of(root: Path, parts: tuple[str, ...]) -> Iterator[str]:
    """Yield the files that importing a module may run, those of the packages that it is in first."""
    for count in range(1, len(parts) + 1):
        place = "/".join(parts[:count])
        for file in (f"{place}.py", f"{place}/__init__.py"):
            if (root / file).is_file():
                yield file
