"""The source of what was typed into a notebook: IPython keeps the text of each cell where tracebacks look for it."""

from __future__ import annotations

import ast
import linecache
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import CodeType, FunctionType

from stook.pipeline.parsing import PARSING

__all__ = ["Cell", "Cells", "first_line", "is_kept", "notebook_name"]

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        lines: Its text as Python ran it.
        tree: The same, parsed.
    """

    lines: tuple[str, ...]
    tree: ast.Module

    def text_of(self, node: ast.stmt) -> str:
        """Return the text of a statement, its decorators included."""
        return "\n".join(self.lines[first_line(node) - 1 : node.end_lineno]) + "\n"


class Cells:
    """Finds source in the cells of a notebook. Make a new one for each run.

    Args:
        namespace: The notebook's names, with the history that IPython keeps in there.
    """

    def __init__(self, namespace: Mapping[str, object]) -> None:
        history = namespace.get("In")
        self._history = (
            [text for text in history if isinstance(text, str)] if isinstance(history, list) else []
        )
        self._parsed: dict[str, Cell | None] = {}

    def find_function(
        self, code: CodeType
    ) -> tuple[Cell, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda] | None:
        """Return the source that code was compiled from, and the cell that it is in; None where it is not kept."""
        cell = self._parse("".join(linecache.getlines(code.co_filename)) if is_kept(code) else "")
        if cell is None:
            return None
        kinds = ast.Lambda if code.co_name == "<lambda>" else (ast.FunctionDef, ast.AsyncFunctionDef)
        found = [node for node in ast.walk(cell.tree) if isinstance(node, kinds) and _begins(node, code)]
        return (cell, found[0]) if len(found) == 1 else None

    def find_text(self, name: str, value: object) -> tuple[int, str] | None:
        """Return the statement that a variable was bound by, and its line in its cell; None where none is kept.

        Args:
            name: The variable.
            value: What it is bound to; of what is no function, the last such statement is taken.
        """
        if isinstance(value, FunctionType):
            found = self.find_function(value.__code__)
            if found is not None and not isinstance(found[1], ast.Lambda):
                return first_line(found[1]), found[0].text_of(found[1])
        for text in reversed(self._history):
            cell = self._parse(text) if name in text else None
            for node in reversed(cell.tree.body) if cell else ():
                if cell and name in _bound(node):
                    return first_line(node), cell.text_of(node)
        return None

    def _parse(self, text: str) -> Cell | None:
        if text not in self._parsed:
            try:
                with PARSING:
                    tree = ast.parse(text)
                self._parsed[text] = Cell(tuple(text.splitlines()), tree) if text else None
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._parsed[text] = None
        return self._parsed[text]


def is_kept(code: CodeType) -> bool:
    """Tell whether Python keeps the text that code came from in memory, for it was typed and is in no file."""
    entry = linecache.cache.get(code.co_filename)
    return entry is not None and len(entry) == 4 and entry[1] is None


def notebook_name(namespace: Mapping[str, object]) -> str:
    """Return the file name of the notebook where whoever shows it says so; else `notebook`."""
    told = (
        namespace.get("__vsc_ipynb_file__")
        or namespace.get("__session__")
        or os.environ.get("JPY_SESSION_NAME")
    )
    name = PurePath(told).name if isinstance(told, str) else ""
    return name if name.endswith(".ipynb") else "notebook"


def first_line(node: ast.stmt) -> int:
    """Return the first line of a statement, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _begins(node: ast.AST, code: CodeType) -> bool:
    """Tell whether a function begins where code does: its first line is that of its first decorator."""
    if isinstance(node, ast.Lambda):
        return node.lineno == code.co_firstlineno
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name == code.co_name and first_line(node) == code.co_firstlineno
    return False


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds at top level."""
    if isinstance(node, _Definition):
        yield node.name
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, _Definition):
            yield part.name
