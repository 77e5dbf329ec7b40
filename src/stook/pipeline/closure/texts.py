"""The source text of a closure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from stook.pipeline.closure.closing import Closure
from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.taking_apart.facts import WHOLE

__all__ = ["CodeText", "read_texts"]


class CodeText(msgspec.Struct, frozen=True):
    """The text of one definition.

    Attributes:
        key: `module:name`, as in `Closure.code`; `path:*` for a whole file.
        path: Its file, from the workspace, with `/`; absolute where it is elsewhere.
        line: Its first line, from 1.
        text: Its source; the parts of a definition in several places come one after the other.
    """

    key: str
    path: str
    line: int
    text: str


def read_texts(closure: Closure, codebase: Codebase) -> tuple[CodeText, ...]:
    """Return the text of all code of the project in a closure: the entry first, then by path and line.

    Packages have none, nor has what is no text, such as an extension module.

    Args:
        closure: The closure.
        codebase: Where it was found.
    """
    live = {one.key for one in closure.texts}
    found = (*closure.texts, *(one for one in _Reader(codebase).read(closure) if one.key not in live))
    first = {key: number for number, key in enumerate(closure.entries)}
    return tuple(sorted(found, key=lambda one: (first.get(one.key, len(first)), one.path, one.line, one.key)))


class _Reader:
    def __init__(self, codebase: Codebase) -> None:
        self._codebase = codebase
        self._lines: dict[Path, list[str]] = {}

    def read(self, closure: Closure) -> Iterator[CodeText]:
        """Yield the texts, in no order."""
        for key in closure.code:
            place, _, name = key.rpartition(":")
            found = self._codebase.find(place) if "/" not in place else None
            file = self._codebase.roots[0] / place
            if found is not None and found.kind is Kind.CODE and found.path:
                yield from self._of_module(key, place, name, found.path)
            elif name == WHOLE and file.is_file():
                yield from self._cut(key, file, [])

    def _of_module(self, key: str, place: str, name: str, path: Path) -> Iterator[CodeText]:
        if name == WHOLE:
            yield from self._cut(key, path, [])
            return
        module = self._codebase.module(place)
        name = name if name in module.definitions else name.partition(".")[0]
        if name in module.definitions or name.startswith("("):
            yield from self._cut(key, path, [(one.line, one.end) for one in module.statements(name)])

    def _cut(self, key: str, path: Path, ranges: list[tuple[int, int]]) -> Iterator[CodeText]:
        lines = self._read(path)
        if lines:
            ranges = ranges or [(1, len(lines))]
            text = "".join("".join(lines[first - 1 : last]) for first, last in ranges)
            yield CodeText(key, self._name(path), ranges[0][0], text)

    def _read(self, path: Path) -> list[str]:
        if path not in self._lines:
            data = self._codebase.sights.read(path) or b""
            try:
                self._lines[path] = _split(data.decode("utf-8-sig"))
            except UnicodeDecodeError:
                self._lines[path] = []
        return self._lines[path]

    def _name(self, path: Path) -> str:
        root = self._codebase.roots[0]
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _split(text: str) -> list[str]:
    """Split into lines as Python counts them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
